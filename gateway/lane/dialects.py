"""How connections speak on this lane: IRC, or plain text for a person with netcat (docs/protocol.md).

Both sides of the translation meet the same commands: plain text is turned into IRC lines on the way in and
made readable on the way out. Runs on the lane's thread.
"""

from collections.abc import Mapping

from gateway.chat.commands import COMMANDS, Command, plaintext
from gateway.lane.client import TEXT, Client
from gateway.wire.framing import LINE_LIMIT_BYTES, cut
from gateway.wire.message import parse
from gateway.wire.text import render, to_message, to_name


class Irc:
    """RFC 1459 lines, cut to 512 bytes without their tags."""

    name = "irc"
    variant = 0
    commands: Mapping[str, Command] = COMMANDS

    def encode(self, line: str, client: Client) -> bytes:
        if len(line) > (LINE_LIMIT_BYTES - 2) // 4:
            tags, space, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
            line = tags + space + cut(rest, LINE_LIMIT_BYTES - 2)
        return f"{line}\r\n".encode()

    def translate(self, line: str, client: Client) -> str | None:
        return line


class PlainText:
    """``name: message``, and a few commands that begin with a slash."""

    name = "text"
    variant = TEXT
    commands: Mapping[str, Command] = COMMANDS | plaintext.COMMANDS

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


def _room(client: Client) -> str:
    """The name of the room where what is typed goes; "" for none."""
    room = client.session.rooms.get(client.room_in_view)
    return room.name if room is not None else ""


IRC = Irc()
PLAIN_TEXT = PlainText()
