"""Answers to a browser on the port (RFC 9110, RFC 9112)."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.http import HEAD, Request, answer, pages, parse

INDEX = b"<!doctype html>" + b"hello " * 100
TABLE = pages({"index.html": INDEX, "app.js": b"1", "style.css": b"a{}", "icon.svg": b"<svg/>"})


def ask(method: str = "GET", path: str = "/", **headers: str) -> tuple[str, dict[str, str], bytes]:
    """Status, headers (names in lower case) and body of an answer."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    response = answer(Request(method, path, "HTTP/1.1", named), TABLE)
    head, _, body = response.data.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return status, {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in lines}, body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", "200 OK"),
        ("GET", "/index.html", "200 OK"),
        ("GET", "/nothing", "404 Not Found"),
        ("GET", "/../pyproject.toml", "404 Not Found"),
        ("POST", "/", "405 Method Not Allowed"),
    ],
)
def test_answers_by_method_and_path(method: str, path: str, status: str) -> None:
    line, headers, body = ask(method, path)
    assert line == f"HTTP/1.1 {status}"
    assert headers["content-length"] == str(len(body))
    assert headers.get("connection") == (None if status == "200 OK" else "close")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/none", "text/plain; charset=utf-8"),
    ],
)
def test_every_document_names_its_type_and_binds_the_browser(path: str, kind: str) -> None:
    _, headers, _ = ask(path=path)
    assert headers["content-type"] == kind
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/app.js", "text/javascript; charset=utf-8"), ("/style.css", "text/css; charset=utf-8")],
)
def test_scripts_and_styles_are_nothing_else(path: str, kind: str) -> None:
    """The policy of the document that loads them binds them."""
    _, headers, _ = ask(path=path)
    assert (headers["content-type"], headers["x-content-type-options"]) == (kind, "nosniff")
    assert "content-security-policy" not in headers


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("gzip;q=0", False),
        ("gzip ; q=0.000, br", False),
        ("identity", False),
        ("", False),
    ],
)
def test_who_takes_gzip_is_sent_it(accepted: str, is_packed: bool) -> None:
    """RFC 9110 12.5.3."""
    _, headers, body = ask(accept_encoding=accepted)
    assert headers.get("content-encoding") == ("gzip" if is_packed else None)
    assert (gzip.decompress(body) if is_packed else body) == INDEX
    assert headers["vary"] == "Accept-Encoding"


def test_what_gzip_makes_longer_is_sent_plain() -> None:
    _, headers, body = ask(path="/app.js", accept_encoding="gzip")
    assert "content-encoding" not in headers
    assert body == b"1"


def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    """RFC 9110 13.1.2, 15.4.5."""
    _, headers, _ = ask()
    assert headers["cache-control"] == "no-cache"
    for known in (headers["etag"], f'"other", {headers["etag"]}', "*"):
        status, again, body = ask(if_none_match=known)
        assert (status, body) == ("HTTP/1.1 304 Not Modified", b"")
        assert again["etag"] == headers["etag"]
    assert ask(if_none_match='"other"')[0] == "HTTP/1.1 200 OK"


def test_head_has_the_length_but_no_body() -> None:
    """RFC 9110 9.3.2."""
    for path in ("/", "/nothing"):
        assert ask("HEAD", path)[:2] == ask("GET", path)[:2]
        assert ask("HEAD", path)[2] == b""


@pytest.mark.parametrize(
    ("version", "headers", "is_last"),
    [
        ("HTTP/1.1", [], False),
        ("HTTP/1.1", [("connection", "Keep-Alive, X")], False),
        ("HTTP/1.1", [("connection", "x, Close")], True),
        ("HTTP/1.1", [("content-length", "0")], False),
        ("HTTP/1.1", [("content-length", "5")], True),
        ("HTTP/1.1", [("transfer-encoding", "chunked")], True),
        ("HTTP/1.0", [("connection", "keep-alive")], True),
    ],
)
def test_which_answer_is_the_last(version: str, headers: list[tuple[str, str]], is_last: bool) -> None:
    """RFC 9112 9.3; a body would be taken for the next request."""
    response = answer(Request("GET", "/", version, headers), TABLE)
    assert response.is_last == is_last == (b"\r\nConnection: close\r\n" in response.data)


def test_405_names_what_is_allowed() -> None:
    """RFC 9110 15.5.6."""
    assert ask("DELETE")[1]["allow"] == "GET, HEAD"


# --- requests --------------------------------------------------------------------------------------------


def test_a_request_s_head_is_read() -> None:
    request = parse(b"GET /a?x=1 HTTP/1.1\r\nHost: h:1\r\nACCEPT:  one \r\nAccept:two")
    assert request is not None
    assert (request.method, request.path, request.version) == ("GET", "/a", "HTTP/1.1")
    assert request.header("host") == "h:1"
    assert request.header("accept") == "one, two"
    assert request.header("upgrade") == ""


@pytest.mark.parametrize("target", [b"http://h:1/a", b"HTTP://h/a?x", b"/a"])
def test_an_absolute_target_is_understood(target: bytes) -> None:
    """RFC 9112 3.2.2."""
    request = parse(b"GET " + target + b" HTTP/1.1\r\nHost: h")
    assert request is not None
    assert request.path == "/a"


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1",  # RFC 9112 3.2: no host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b",
        b"GET / HTTP/2.0\r\nHost: a",
        b"GET / HTTP/1.1\r\nHost: a\r\nno colon",
        b"GET / HTTP/1.1\r\nHost: a\r\nbad name: b",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded",  # 5.2
        b"GET / HTTP/1.1\r\nHost : a",  # 5.1
        b"GET / HTTP/1.1\r\nHost: a\rb",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \x01",  # RFC 9110 5.5
        b"GET /\0 HTTP/1.1\r\nHost: a",
        b"",
    ],
)
def test_what_is_no_request_is_told_so(head: bytes) -> None:
    assert parse(head) is None
    assert answer(None, TABLE).data.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("begun", [b"", b"\r\n", b"\n\n"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_where_a_head_ends(begun: bytes, end: bytes) -> None:
    """RFC 9112 2.2: empty lines before are ignored, LF alone will do."""
    head = HEAD.match(begun + end.join((b"GET / HTTP/1.1", b"Host: h", b"", b"rest")))
    assert head is not None
    assert head.string[head.end() :] == b"rest"
    assert parse(head[1]) == Request("GET", "/", "HTTP/1.1", [("host", "h")])
    assert HEAD.match(begun + b"GET / HTTP/1.1" + end) is None


def test_http_1_0_needs_no_host() -> None:
    assert parse(b"GET / HTTP/1.0") is not None


@given(st.binary(max_size=200))
def test_any_head_is_borne(head: bytes) -> None:
    response = answer(parse(head), TABLE)
    assert response.data.startswith(b"HTTP/1.1 ")
    assert response.is_last == (b"\r\nConnection: close\r\n" in response.data)


@pytest.mark.parametrize(
    ("method", "upgrade", "is_one"),
    [("GET", "websocket", True), ("GET", "WebSocket", True), ("GET", "h2c", False), ("POST", "websocket", False)],
)
def test_an_upgrade_is_to_a_websocket(method: str, upgrade: str, is_one: bool) -> None:
    assert Request(method, "/", "HTTP/1.1", [("upgrade", upgrade)]).is_upgrade is is_one
