"""The dialects of connections: IRC, directly or over WebSocket, and plain text for users with netcat.

All use the same commands: plain text is translated to IRC lines on input, and from IRC lines on output
(docs/protocol.md). Runs on the lane's thread.
"""

from collections.abc import Iterable, Mapping
from functools import partial

from gateway.chat.capabilities import TEXT, WS_BINARY, WS_TEXT
from gateway.chat.commands import COMMANDS, Command, plaintext
from gateway.lane.clients.client import Client, Read
from gateway.wire.dialect import strip_telnet
from gateway.wire.framing import LINE_CONTENT_BYTES, TooLong, cut
from gateway.wire.message import parse
from gateway.wire.text import render, to_message, to_name
from gateway.wire.websocket import WebSocket, frame


class Irc:
    """RFC 1459 lines, cut to 512 bytes without their tags."""

    name = "irc"
    variant = 0
    commands: Mapping[str, Command] = COMMANDS
    over = ""

    def reader(self, client: Client) -> Read:
        return client.buffer.feed

    def encode(self, line: str, client: Client) -> bytes:
        return f"{self._cut(line)}\r\n".encode()

    @staticmethod
    def _cut(line: str) -> str:
        if len(line) > LINE_CONTENT_BYTES // 4:
            tags, space, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
            line = tags + space + cut(rest, LINE_CONTENT_BYTES)
        return line

    def translate(self, line: str, client: Client) -> str | None:
        return line

    def last_words(self) -> bytes:
        return b""


class OverWebSocket(Irc):
    """The same lines, one for each WebSocket message (IRCv3 websocket). Each connection has its own object."""

    name = "websocket"

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self.variant = WS_BINARY if websocket.is_binary else WS_TEXT

    def reader(self, client: Client) -> Read:
        return partial(self._read, client)

    def _read(self, client: Client, data: bytes) -> Iterable[str | TooLong]:
        messages = self._websocket.feed(data)
        self.over = self._websocket.over
        output = self._websocket.take_output()
        if output and not client.connection.is_closing:
            client.connection.write(output)
        for message in messages:
            yield from client.buffer.feed(message + b"\n") or ("",)

    def encode(self, line: str, client: Client) -> bytes:
        return frame(self._cut(line).encode(), is_binary=self._websocket.is_binary)

    def last_words(self) -> bytes:
        return self._websocket.close()


class PlainText:
    """Plain text: ``name: message``, and some commands that begin with a slash."""

    name = "text"
    variant = TEXT
    commands: Mapping[str, Command] = COMMANDS | plaintext.COMMANDS
    over = ""

    def reader(self, client: Client) -> Read:
        return lambda data: client.buffer.feed(strip_telnet(data))

    def encode(self, line: str, client: Client) -> bytes:
        message = parse(line)
        text = render(message, client.session.nick, _room(client)) if message is not None else None
        return b"" if text is None else f"{text}\n".encode()

    def translate(self, line: str, client: Client) -> str | None:
        meant = to_message(line, _room(client)) if client.session.is_registered else to_name(line)
        if isinstance(meant, str):
            client.connection.write("".join(f"* {text}\n" for text in meant.split("\n")).encode())
            return None
        return None if meant is None else meant.line()

    def last_words(self) -> bytes:
        return b""


def _room(client: Client) -> str:
    """Return the name of the active room, or ""."""
    room = client.session.rooms.get(client.active_room)
    return room.name if room is not None else ""


IRC = Irc()
PLAIN_TEXT = PlainText()
