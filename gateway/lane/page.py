"""The files of the web page, read once for all lanes. On the thread that builds the lanes."""

from functools import cache
from importlib.resources import files

from gateway.wire import http


@cache
def pages() -> http.Pages:
    """What gateway/web holds, ready to be served."""
    return http.pages({file.name: file.read_bytes() for file in files("gateway").joinpath("web").iterdir()})
