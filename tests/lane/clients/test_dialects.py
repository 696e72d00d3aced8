"""What a client's bytes mean in each dialect, and what a line of IRC is in it."""

import pytest

from gateway.chat.capabilities import WS_BINARY, WS_TEXT
from gateway.chat.room import Room
from gateway.lane.clients.client import Clients, Dialect
from gateway.lane.clients.dialects import IRC, PLAIN_TEXT, OverWebSocket
from gateway.wire.websocket import WebSocket
from tests.stage.parts import Context, make_client


def lines(dialect: Dialect, *chunks: bytes) -> list[object]:
    client, _ = make_client(Context(), Clients(), "ann", dialect=dialect)
    return [line for chunk in chunks for line in client.read(chunk)]


def test_irc_is_lines_however_they_are_cut() -> None:
    assert lines(IRC, b"PRIVMSG #a :h", b"i\r\nPING x\r", b"\n") == ["PRIVMSG #a :hi", "PING x"]


def test_a_line_to_an_irc_client_has_at_most_512_bytes_without_its_tags() -> None:
    client, _ = make_client(Context(), Clients(), "ann")
    data = IRC.encode("@time=1 :a PRIVMSG #a :" + "x" * 600, client)
    assert len(data.removeprefix(b"@time=1 ")) == 512
    assert data.endswith(b"x\r\n")


def test_each_message_of_a_websocket_is_a_line() -> None:
    # RFC 6455 5.2: FIN and text, masked with zeros
    frame = bytes([0x81, 0x80 | 6, 0, 0, 0, 0]) + b"PING x"
    assert lines(OverWebSocket(WebSocket(b"", is_binary=False)), frame[:3], frame[3:]) == ["PING x"]


@pytest.mark.parametrize(("typed", "meant"), [("hello", "PRIVMSG #a hello"), ("/join #b", "JOIN #b")])
def test_a_person_types_words_and_a_few_commands(typed: str, meant: str) -> None:
    client, _ = make_client(Context(), Clients(), "ann", dialect=PLAIN_TEXT)
    client.session.rooms["#a"] = Room("#a")
    client.active_room = "#a"
    line = PLAIN_TEXT.translate(typed, client)
    assert line is not None
    assert line.replace(" :", " ") == meant


def test_a_person_reads_no_protocol() -> None:
    client, connection = make_client(Context(), Clients(), "ann", dialect=PLAIN_TEXT)
    client.session.rooms["#a"] = Room("#a")
    client.active_room = "#a"
    client.send(":bob!u@h PRIVMSG #a :hello")
    client.send(":irc.test 005 ann X :are supported")
    assert connection.lines == ["bob: hello"]


def test_a_line_is_cut_between_characters() -> None:
    client, _ = make_client(Context(), Clients(), "ann")
    data = IRC.encode(f"PRIVMSG #a :{'ä' * 400}", client)
    assert 511 <= len(data) <= 512
    assert data.decode().endswith("ä\r\n")


def masked(data: bytes, opcode: int) -> bytes:
    """A client's frame. Its mask changes nothing."""
    return bytes((0x80 | opcode, 0x80 | len(data), 0, 0, 0, 0)) + data


@pytest.mark.parametrize("is_binary", [False, True])
def test_a_line_is_one_message_of_the_kind_that_was_negotiated(is_binary: bool) -> None:
    """IRCv3 websocket: without CRLF. Clients of one kind are sent the same bytes."""
    dialect = OverWebSocket(WebSocket(b"", is_binary=is_binary))
    client, _ = make_client(Context(), Clients(), "ann", dialect=dialect)
    assert dialect.encode("PONG x", client) == bytes((0x82 if is_binary else 0x81, 6)) + b"PONG x"
    assert dialect.variant == (WS_BINARY if is_binary else WS_TEXT)


def test_a_websocket_ping_is_answered_and_a_close_ends_the_input() -> None:
    """RFC 6455 5.5.1, 5.5.2. A frame without a line costs one all the same: it means nothing and counts."""
    dialect = OverWebSocket(WebSocket(b"", is_binary=False))
    client, connection = make_client(Context(), Clients(), "ann", dialect=dialect)
    assert list(client.read(masked(b"hi", 9))) == [""]
    assert connection.written == b"\x8a\x02hi"
    assert list(client.read(masked(b"", 1))) == [""]
    assert not dialect.over
    list(client.read(masked(b"\x03\xe8", 8)))
    assert dialect.over


def test_telnet_negotiation_is_no_text() -> None:
    """RFC 854."""
    assert lines(PLAIN_TEXT, b"\xff\xfb\x01hello\r\n") == ["hello"]


def test_the_first_words_of_a_person_are_the_name() -> None:
    client, _ = make_client(Context(), Clients(), "", dialect=PLAIN_TEXT)
    client.session.is_registered = False
    assert PLAIN_TEXT.translate("bob", client) == "NICK bob"


def test_what_a_person_types_without_meaning_is_answered_at_once() -> None:
    client, connection = make_client(Context(), Clients(), "ann", dialect=PLAIN_TEXT)
    assert PLAIN_TEXT.translate("hello, is this a room?", client) is None
    assert all(line.startswith("* ") for line in connection.lines or [""])
