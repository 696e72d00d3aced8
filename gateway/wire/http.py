"""HTTP for browsers: serve the page's files from a table that is made once.

Owns the parser of request heads and every response except the upgrade to a WebSocket. Decides whether another request
may follow. Pure; any thread.
"""

import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

HEAD_LIMIT_BYTES: Final = 8192
HEAD: Final = re.compile(rb"[\r\n]*([^\r\n].*?)\r?\n\r?\n", re.DOTALL)
"""A request's head as group 1 (RFC 9112 2.2: after empty lines; LF alone is accepted)."""

_REQUEST_LINE = re.compile(r"([A-Z]+) ([!-~]+) (HTTP/1\.[01])")  # RFC 9112 3
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0-\x08\n-\x1f\x7f]*?)[ \t]*")  # RFC 9110 5.1, 5.5
_AUTHORITY = re.compile(r"http://[^/?#]*", re.IGNORECASE)  # RFC 9112 3.2.2: the absolute form is accepted, too
_NO_GZIP = re.compile(r"\s*;\s*q=0(\.0*)?\s*", re.IGNORECASE)
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
_STRICT: Final = (
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n"
)
_NOSNIFF: Final = "X-Content-Type-Options: nosniff\r\n"
_PARTS: Final = ("js", "css")
"""Types to which the document's policy applies: to repeat it would cost 10 KB at every first visit."""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request; ``headers`` in the order received, the names in lower case."""

    method: str
    path: str
    version: str
    headers: Sequence[tuple[str, str]]

    def header(self, name: str) -> str:
        """Return the value of a header (name in lower case); several are joined (RFC 9110 5.2); "" if it is absent."""
        return ", ".join(value for key, value in self.headers if key == name)

    @property
    def is_last(self) -> bool:
        """Whether the connection ends after the response (RFC 9112 9.3), also if a body follows, which is not read."""
        options = {option.strip().lower() for option in self.header("connection").split(",")}
        has_body = self.header("transfer-encoding") or self.header("content-length") not in ("", "0")
        return self.version != "HTTP/1.1" or "close" in options or bool(has_body)

    @property
    def is_upgrade(self) -> bool:
        """Whether it is a WebSocket handshake (RFC 6455 4.1)."""
        return self.method == "GET" and self.header("upgrade").lower() == "websocket"


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file with its response headers."""

    etag: str
    fields: str
    """The headers that a 304 response has, too."""
    plain: bytes
    packed: bytes
    kind: str
    policy: str
    """The headers that restrict the browser (Content-Security-Policy and the like)."""


Pages = Mapping[str, WebFile]
"""Path -> file."""


def pages(files: Mapping[str, bytes]) -> Pages:
    """Make the table of served files from their names and contents; "/" is index.html."""
    table = {f"/{name}": _page(name, content) for name, content in sorted(files.items())}
    return table | {"/": table["/index.html"]}


def _page(name: str, content: bytes) -> WebFile:
    # A weak tag, since it is the same for both codings (RFC 9110 8.8.1). "no-cache": names contain no version.
    etag = f'W/"{sha256(content).hexdigest()[:24]}"'
    fields = f"Cache-Control: no-cache\r\nETag: {etag}\r\nVary: Accept-Encoding\r\n"
    extension = name.rpartition(".")[2]
    kind = _TYPES.get(extension, "application/octet-stream")
    policy = _NOSNIFF if extension in _PARTS else _STRICT + _NOSNIFF
    return WebFile(etag, fields, content, gzip.compress(content, mtime=0), kind, policy)


def parse(head: bytes) -> Request | None:
    """Parse a request's head, without the empty line; None if it is malformed (RFC 9112 2.2 to 5)."""
    first, *lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    request_line = _REQUEST_LINE.fullmatch(first)
    found = [_HEADER.fullmatch(line) for line in lines]
    if request_line is None or None in found:
        return None
    method, target, version = request_line.groups()
    headers = [(header[1].lower(), header[2]) for header in found if header is not None]
    hosts = sum(name == "host" for name, _ in headers)
    if hosts > 1 or (version == "HTTP/1.1" and not hosts):  # RFC 9112 3.2
        return None
    return Request(method, _AUTHORITY.sub("", target, count=1).partition("?")[0] or "/", version, headers)


class Response(NamedTuple):
    """A complete response, and whether the connection ends after it."""

    data: bytes
    is_last: bool


def answer(request: Request | None, table: Pages) -> Response:
    """Return the response to a request (None: a malformed one). The connection ends after an error."""
    if request is None:
        return Response(refusal("400 Bad Request", "The request is malformed."), True)
    if request.method not in ("GET", "HEAD"):
        return Response(refusal("405 Method Not Allowed", "Use GET or HEAD.", "Allow: GET, HEAD\r\n"), True)
    page = table.get(request.path)
    if page is None:
        return Response(refusal("404 Not Found", "Not found.", with_body=request.method == "GET"), True)
    return Response(_file(page, request), request.is_last)


def _file(page: WebFile, request: Request) -> bytes:
    known = (tag.strip() for tag in request.header("if-none-match").split(","))
    if any(tag in (page.etag, "*") for tag in known):  # RFC 9110 13.1.2
        fields = page.fields + page.policy
        return _response("304 Not Modified", fields, b"", with_length=False, is_last=request.is_last)
    body, fields = page.plain, f"Content-Type: {page.kind}\r\n{page.fields}{page.policy}"
    if len(page.packed) < len(page.plain) and _takes_gzip(request.header("accept-encoding")):
        body, fields = page.packed, f"{fields}Content-Encoding: gzip\r\n"
    return _response("200 OK", fields, body, with_body=request.method == "GET", is_last=request.is_last)


def _takes_gzip(accepted: str) -> bool:
    """Return whether gzip is accepted (RFC 9110 12.5.3); a client that sends only "*" gets the plain file."""
    codings = (coding.strip() for coding in accepted.split(","))
    return any(coding[:4].lower() == "gzip" and not _NO_GZIP.fullmatch(coding[4:]) for coding in codings)


def refusal(status: str, reason: str, fields: str = "", *, with_body: bool = True) -> bytes:
    """Return an error response with the reason as plain text; ``status`` is code and phrase."""
    fields = f"Content-Type: text/plain; charset=utf-8\r\n{fields}{_STRICT}{_NOSNIFF}"
    return _response(status, fields, f"{reason}\n".encode(), with_body=with_body)


def _response(
    status: str, fields: str, body: bytes, *, with_body: bool = True, with_length: bool = True, is_last: bool = True
) -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if with_length else ""
    end = "Connection: close\r\n" if is_last else ""
    head = f"HTTP/1.1 {status}\r\n{fields}{length}{end}\r\n"
    return head.encode() + (body if with_body else b"")
