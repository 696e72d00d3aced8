"""IRC over WebSocket without sockets (IRCv3 websocket, RFC 6455); the peer is the library's own client core."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import CloseCode, Frame, Opcode

from gateway.wire.http import Request
from gateway.wire.websocket import MESSAGE_LIMIT_BYTES, WebSocket, accept, frame, may_open, payload

KEY = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
HANDSHAKE = [
    ("host", "chat.example.org"),
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    KEY,
]


def handshake(*more: tuple[str, str]) -> Request:
    return Request("GET", "/", "HTTP/1.1", [*HANDSHAKE, *more])


def opened(*more: tuple[str, str]) -> WebSocket:
    websocket = accept(handshake(*more), ())
    assert isinstance(websocket, WebSocket)
    websocket.take_output()
    return websocket


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    """A frame as a client sends it."""
    return Frame(opcode, data, fin).serialize(mask=True)


def close_frame(code: int, reason: bytes = b"") -> bytes:
    data = struct.pack("!H", code) + reason
    return bytes((0x88, len(data))) + data


# --- the handshake ---------------------------------------------------------------------------------------


def test_the_handshake_is_answered_as_in_the_rfc_s_example() -> None:
    """RFC 6455 1.3; nothing is compressed, so that all readers of a room can be sent the same bytes."""
    websocket = accept(handshake(("sec-websocket-extensions", "permessage-deflate")), ())
    assert isinstance(websocket, WebSocket)
    response = websocket.take_output()
    assert response.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in response
    assert b"Sec-WebSocket-Extensions" not in response
    assert websocket.take_output() == b""


@pytest.mark.parametrize(
    ("offered", "chosen", "is_binary"),
    [
        ("text.ircv3.net", b"text.ircv3.net", False),
        ("binary.ircv3.net", b"binary.ircv3.net", True),
        ("binary.ircv3.net, text.ircv3.net", b"binary.ircv3.net", True),
        ("text.ircv3.net, binary.ircv3.net", b"text.ircv3.net", False),
        ("chat, binary.ircv3.net", b"binary.ircv3.net", True),
        ("chat", None, False),
        (None, None, False),
    ],
)
def test_the_client_s_order_of_subprotocols_counts(offered: str | None, chosen: bytes | None, is_binary: bool) -> None:
    """IRCv3 websocket: "respecting the client's order of preference"; without one the connection goes on."""
    websocket = accept(handshake(*([("sec-websocket-protocol", offered)] if offered else [])), ())
    assert isinstance(websocket, WebSocket)
    told = [line for line in websocket.take_output().split(b"\r\n") if line.startswith(b"Sec-WebSocket-Protocol: ")]
    assert told == ([b"Sec-WebSocket-Protocol: " + chosen] if chosen else [])
    assert websocket.is_binary == is_binary


@pytest.mark.parametrize(
    ("without", "instead", "status"),
    [
        ("sec-websocket-key", [], b"400"),
        ("sec-websocket-key", [("sec-websocket-key", "short")], b"400"),
        ("sec-websocket-key", [KEY, KEY], b"400"),
        ("sec-websocket-version", [("sec-websocket-version", "8")], b"400"),
        ("connection", [], b"426"),
    ],
)
def test_a_broken_handshake_is_refused(without: str, instead: list[tuple[str, str]], status: bytes) -> None:
    """RFC 6455 4.2.2; 4.4: the version that is understood is named."""
    headers = [(name, value) for name, value in HANDSHAKE if name != without] + instead
    refused = accept(Request("GET", "/", "HTTP/1.1", headers), ())
    assert isinstance(refused, bytes)
    assert refused.startswith(b"HTTP/1.1 " + status)
    assert b"\r\nSec-WebSocket-Version: 13\r\n" in refused


@pytest.mark.parametrize(
    ("origin", "origins", "may"),
    [
        (None, (), True),  # no browser
        (None, ("https://a.example",), True),
        ("http://chat.example.org", (), True),
        ("https://CHAT.example.org", (), True),  # TLS ended before the gateway
        ("https://chat.example.org:8443", (), False),
        ("https://evil.example", (), False),
        ("https://evil.example/chat.example.org", (), False),
        ("null", (), False),  # RFC 6454 7.1: an opaque origin, as of a sandboxed frame
        ("https://a.example", ("https://a.example", "https://b.example"), True),
        ("https://B.example", ("https://a.example", "https://b.example"), True),
        ("http://a.example", ("https://a.example",), False),
        ("https://chat.example.org", ("https://a.example",), False),  # a list says all that may
        ("https://evil.example", ("*",), True),
    ],
)
def test_only_pages_of_known_origins_may_connect(origin: str | None, origins: tuple[str, ...], may: bool) -> None:
    """RFC 6455 10.2."""
    request = handshake(*([("origin", origin)] if origin else []))
    assert may_open(request, origins) is may
    accepted = accept(request, origins)
    if may:
        assert isinstance(accepted, WebSocket)
    else:
        assert isinstance(accepted, bytes)
        assert accepted.startswith(b"HTTP/1.1 403 ")


# --- messages in -----------------------------------------------------------------------------------------


def test_messages_are_taken_out_of_their_frames() -> None:
    websocket = opened()
    stream = masked(Opcode.TEXT, "NICK grüße".encode()) + masked(Opcode.BINARY, b"PING \xff")
    assert websocket.feed(stream) == ["NICK grüße".encode(), b"PING \xff"]
    assert websocket.over == ""


def test_a_message_in_fragments_is_one_with_control_frames_between() -> None:
    """RFC 6455 5.4; each frame that completes nothing shows as b""."""
    websocket = opened()
    first, last = "ü".encode()[:1], "ü".encode()[1:]
    stream = masked(Opcode.TEXT, b"PING " + first, fin=False) + masked(Opcode.PING, b"x") + masked(Opcode.CONT, last)
    assert websocket.feed(stream) == [b"", b"", "PING ü".encode()]
    assert websocket.take_output() == b"\x8a\x01x"  # 5.5.3: the pong


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (masked(Opcode.TEXT, b"\xff"), CloseCode.INVALID_DATA),  # RFC 6455 8.1
        (masked(Opcode.TEXT, b"\xc3", fin=False) + masked(Opcode.CONT, b"\xc3"), CloseCode.INVALID_DATA),
        (masked(Opcode.BINARY, b"a" * (MESSAGE_LIMIT_BYTES + 1)), CloseCode.MESSAGE_TOO_BIG),  # 7.4.1
        (
            masked(Opcode.TEXT, b"a" * MESSAGE_LIMIT_BYTES, fin=False) + masked(Opcode.CONT, b"a"),
            CloseCode.MESSAGE_TOO_BIG,
        ),
        (masked(Opcode.CONT, b"a"), CloseCode.PROTOCOL_ERROR),  # 5.4
        (frame(b"PING x", is_binary=False), CloseCode.PROTOCOL_ERROR),  # 5.1: a client's frames bear a mask
        (b"\xc1\x80\0\0\0\0", CloseCode.PROTOCOL_ERROR),  # 5.2: compressed, which was not negotiated
        (b"GET / HTTP/1.1\r\n\r\n", CloseCode.PROTOCOL_ERROR),
    ],
    ids=(
        *("no UTF-8", "no UTF-8, in fragments", "too long", "too long in all"),
        *("a fragment of nothing", "no mask", "compressed", "no frame"),
    ),
)
def test_what_breaks_the_protocol_ends_it_with_a_code(stream: bytes, code: CloseCode) -> None:
    websocket = opened()
    websocket.feed(stream + masked(Opcode.TEXT, b"PING later"))
    assert websocket.over == f"WebSocket error {code:d}"
    assert websocket.feed(masked(Opcode.TEXT, b"PING later")) == []
    assert websocket.take_output() == b""
    assert websocket.close()[2:4] == struct.pack("!H", code)


def test_a_close_is_answered_by_the_same_code_behind_all_else() -> None:
    """RFC 6455 5.5.1: not before our last message, behind which nothing more may be sent."""
    websocket = opened()
    stream = masked(Opcode.TEXT, b"QUIT") + masked(Opcode.CLOSE, struct.pack("!H", 1001) + b"bye")
    assert websocket.feed(stream) == [b"QUIT", b""]
    assert websocket.take_output() == b""
    assert websocket.over == "Connection closed"
    assert websocket.close() == close_frame(1001, b"bye")


def test_our_close_comes_once_and_the_answer_to_it_is_nothing_new() -> None:
    websocket = opened()
    assert websocket.close() == close_frame(1000)
    websocket.feed(masked(Opcode.CLOSE, struct.pack("!H", 1000)))
    assert websocket.take_output() == b""
    assert websocket.close() == close_frame(1000)


FRAMES = st.builds(
    lambda opcode, data, fin: masked(opcode, data, fin=fin or opcode > Opcode.BINARY),
    st.sampled_from(Opcode),
    st.binary(max_size=130),
    st.booleans(),
)


@given(st.lists(st.one_of(FRAMES, st.binary(max_size=20)), max_size=6).map(b"".join), st.data())
def test_any_chunking_gives_the_same_and_any_bytes_are_borne(stream: bytes, data: st.DataObject) -> None:
    whole, parts = opened(), opened()
    expected = (whole.feed(stream), whole.take_output(), whole.over, whole.close())
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    messages, output = list[bytes](), b""
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        messages += parts.feed(stream[start:end])
        output += parts.take_output()
    assert (messages, output, parts.over, parts.close()) == expected


# --- frames out ------------------------------------------------------------------------------------------


@given(st.binary(max_size=600), st.booleans())
def test_frames_are_the_library_s(data: bytes, is_binary: bool) -> None:
    opcode = Opcode.BINARY if is_binary else Opcode.TEXT
    assert frame(data, is_binary=is_binary) == Frame(opcode, data).serialize(mask=False)
    assert payload(frame(data, is_binary=is_binary)) == data


@pytest.mark.parametrize("length", [0, 125, 126, 65535])
def test_the_lengths_at_which_a_head_changes(length: int) -> None:
    """RFC 6455 5.2."""
    assert frame(b"a" * length, is_binary=False) == Frame(Opcode.TEXT, b"a" * length).serialize(mask=False)
