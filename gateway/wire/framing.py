"""Split a byte stream into lines of limited size (Modern IRC "Message Format", IRCv3 message-tags "Size limit").

Owns the incomplete line at the end of the input. Does not parse lines. Pure; runs on its owner's thread.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

LINE_LIMIT_BYTES: Final = 512  # with CRLF, without tags
LINE_CONTENT_BYTES: Final = LINE_LIMIT_BYTES - len("\r\n")  # without both
TAGS_LIMIT_BYTES: Final = 8191  # from a server, with "@" and the space
CLIENT_TAGS_LIMIT_BYTES: Final = 4096  # from a client: 4094 bytes of data, with "@" and the space

_LF: Final = ord("\n")


class TooLong(Enum):
    """Marks the place of a line that exceeds the limits."""

    TOO_LONG = "too long"


TOO_LONG: Final = TooLong.TOO_LONG


class LineBuffer:
    """Splits a stream into lines. Buffers at most one line that is within the limits."""

    __slots__ = ("_line_limit", "_partial", "_tags_limit")

    def __init__(self, limit_bytes: int = LINE_LIMIT_BYTES, tags_limit_bytes: int = TAGS_LIMIT_BYTES) -> None:
        self._line_limit = limit_bytes - len(b"\r\n")
        self._tags_limit = tags_limit_bytes
        self._partial: bytes | None = b""  # the incomplete line; None if it is too long

    def feed(self, data: bytes) -> Sequence[str | TooLong]:
        """Take received bytes; return the lines that are complete now.

        Lines end in LF or CRLF, are decoded as UTF-8 (invalid bytes become U+FFFD), and are never empty.
        NUL and other CRs are removed. At the end of input, feed b"\\n" for a last line without an end.
        """
        # Removed before anything else, so that the result does not depend on the chunks.
        data = data.replace(b"\r", b"").replace(b"\0", b"")
        if self._partial != b"" or not 0 < len(data) <= self._line_limit or data[-1] != _LF:
            return self._feed_parts(data)
        lines = data.decode("utf-8", "replace").split("\n")
        lines.pop()
        return [line for line in lines if line] if "" in lines else lines

    def _feed_parts(self, data: bytes) -> list[str | TooLong]:
        if self._partial is None:
            _, line_end, data = data.partition(b"\n")
            if not line_end:
                return []
            self._partial = b""
        *lines, partial = (self._partial + data).split(b"\n")
        found: list[str | TooLong] = [
            line.decode("utf-8", "replace") if self._fits(line) else TOO_LONG for line in lines if line
        ]
        if self._fits(partial):
            self._partial = partial
        else:  # more input cannot make it fit
            self._partial = None
            found.append(TOO_LONG)
        return found

    def _fits(self, line: bytes) -> bool:
        if not line.startswith(b"@"):
            return len(line) <= self._line_limit
        tags, _, rest = line.partition(b" ")
        return len(tags) + len(b" ") <= self._tags_limit and len(rest) <= self._line_limit


def cut(line: str, limit_bytes: int) -> str:
    """Shorten a line to at most `limit_bytes` of UTF-8, without splitting a character."""
    if len(line) * 4 <= limit_bytes:
        return line
    encoded = line.encode()
    return line if len(encoded) <= limit_bytes else encoded[:limit_bytes].decode("utf-8", "ignore")
