"""The files of the web page, read once for all lanes. On the thread that builds the lanes."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from gateway.wire import http


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
            yield f"{path}{file.name}", file.read_bytes()
