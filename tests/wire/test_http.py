"""What a browser on the port is told (RFC 9110, RFC 9112)."""

import pytest

from gateway.wire.http import answer


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET / HTTP/1.1\r\n", b"200 OK"),
        (b"GET /?x=1 HTTP/1.1\r\n", b"200 OK"),
        (b"GET /nothing HTTP/1.1\r\n", b"404 Not Found"),
        (b"POST / HTTP/1.1\r\n", b"405 Method Not Allowed"),
        (b"PRI * HTTP/2.0\r\n", b"405 Method Not Allowed"),
        (b"GET", b"404 Not Found"),
    ],
)
def test_answers_by_method_and_path(request_line: bytes, status: bytes) -> None:
    head, _, body = answer(request_line).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert b"Content-Length: %d\r\n" % len(body) in head
    assert b"Connection: close\r\n" in head


def test_head_has_the_length_but_no_body() -> None:
    """RFC 9110 9.3.2."""
    assert answer(b"HEAD / HTTP/1.1\r\n") == answer(b"GET / HTTP/1.1\r\n").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def test_405_names_what_is_allowed() -> None:
    """RFC 9110 15.5.6."""
    assert b"\r\nAllow: GET, HEAD\r\n" in answer(b"DELETE / HTTP/1.1\r\n")
