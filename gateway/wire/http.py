"""What a browser that opens the port is told.

Owns the answer to one HTTP request; the connection is closed after it. Pure; any thread.
"""

from typing import Final

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hubbub</title>
<h1>This is a Hubbub gateway</h1>
<p>It speaks IRC and plain text on this very port:</p>
<ul>
<li>any IRC client: connect to this host and port, then join <code>#lobby</code>;</li>
<li>the terminal client: <code>hubbub HOST:PORT</code>;</li>
<li>netcat: <code>nc HOST PORT</code>, type a name, then talk.</li>
</ul>
"""


def answer(request: bytes) -> bytes:
    """Give the whole response to a request, of which the first line is enough (RFC 9112 3)."""
    method, _, rest = request.partition(b" ")
    path = rest.split(b" ", 1)[0].split(b"?", 1)[0]
    if method not in (b"GET", b"HEAD"):
        return _response("405 Method Not Allowed", "Only GET here.\n", "text/plain", "Allow: GET, HEAD\r\n")
    status, body, kind = (
        ("200 OK", _PAGE, "text/html") if path == b"/" else ("404 Not Found", "Nothing here.\n", "text/plain")
    )
    return _response(status, body, kind, with_body=method == b"GET")


def _response(status: str, body: str, kind: str, more: str = "", *, with_body: bool = True) -> bytes:
    content = body.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(content)}\r\n"
        f"{more}Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode() + (content if with_body else b"")
