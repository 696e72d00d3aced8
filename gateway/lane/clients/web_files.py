"""The files of the web page, read once for all lanes. On the thread that builds the lanes."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from gateway.wire import http

_DOC_COMMENT: Final = re.compile(rb"^[ \t]*/\*\*.*?\*/", re.MULTILINE | re.DOTALL)


@cache
def pages() -> http.Pages:
    """What gateway/web holds, ready to be served."""
    return http.pages(dict(_walk(files("gateway").joinpath("web"))))


def _walk(directory: Traversable, path: str = "") -> Iterator[tuple[str, bytes]]:
    """Files by their path from the directory."""
    for file in directory.iterdir():
        if file.is_dir():
            yield from _walk(file, f"{path}{file.name}/")
        else:
            content = file.read_bytes()
            yield f"{path}{file.name}", _without_comments(content) if file.name.endswith(".js") else content


def _without_comments(script: bytes) -> bytes:
    """Remove the documentation comments, a third of a first visit's bytes. Lines keep their numbers."""
    return _DOC_COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), script)
