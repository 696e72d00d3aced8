"""What a client's bytes mean in each dialect, and what a line of IRC is in it."""

import pytest

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
