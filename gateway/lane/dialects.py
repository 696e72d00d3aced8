"""How connections speak on this lane: IRC, or plain text for a person with netcat (docs/protocol.md).

Both sides of the translation meet the same commands: plain text is turned into IRC lines on the way in and
made readable on the way out. Runs on the lane's thread.
"""

from gateway.lane.client import TEXT, Client
from gateway.wire.framing import LINE_LIMIT_BYTES, cut
from gateway.wire.message import parse
from gateway.wire.text import render, to_message


class Irc:
    """RFC 1459 lines, cut to 512 bytes without their tags."""

    variant = 0

    def encode(self, line: str, client: Client) -> bytes:
        if len(line) > (LINE_LIMIT_BYTES - 2) // 4 and not line.startswith("@"):
            line = cut(line, LINE_LIMIT_BYTES - 2)
        return f"{line}\r\n".encode()

    def translate(self, line: str, client: Client) -> str | None:
        return line


class PlainText:
    """``name: message``, and a few commands that begin with a slash."""

    variant = TEXT

    def encode(self, line: str, client: Client) -> bytes:
        message = parse(line)
        text = render(message, client.session.nick, client.room_in_view) if message is not None else None
        return b"" if text is None else f"{text}\n".encode()

    def translate(self, line: str, client: Client) -> str | None:
        if not client.session.is_registered:
            return f"NICK {line.strip().split(' ')[0]}"
        meant = to_message(line, client.room_in_view)
        if isinstance(meant, str):
            client.connection.write("".join(f"* {text}\n" for text in meant.split("\n")).encode())
            return None
        return None if meant is None else meant.line()


IRC = Irc()
PLAIN_TEXT = PlainText()
