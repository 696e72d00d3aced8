"""Bytes of a stream to lines, within bounds (Modern IRC "Message Format", IRCv3 message-tags "Size limit").

Owns what of a line has come so far. Knows nothing of what a line means. Pure; on its owner's thread.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

LINE_LIMIT_BYTES: Final = 512  # with CRLF, without tags
TAGS_LIMIT_BYTES: Final = 8191  # from a server, with "@" and the space
CLIENT_TAGS_LIMIT_BYTES: Final = 4096  # from a client: 4094 bytes of data, with "@" and the space

_LF: Final = ord("\n")


class TooLong(Enum):
    """Stands for a line over the limits, in its place among the lines."""

    TOO_LONG = "too long"


TOO_LONG: Final = TooLong.TOO_LONG


class LineBuffer:
    """Cuts a stream into lines; holds at most one line that is within the limits."""

    __slots__ = ("_line_limit", "_partial", "_tags_limit")

    def __init__(self, limit_bytes: int = LINE_LIMIT_BYTES, tags_limit_bytes: int = TAGS_LIMIT_BYTES) -> None:
        self._line_limit = limit_bytes - len(b"\r\n")
        self._tags_limit = tags_limit_bytes
        self._partial: bytes | None = b""  # of a line without its end yet; None: of one that is too long

    def feed(self, data: bytes) -> Sequence[str | TooLong]:
        """Take bytes as they came; give the lines that are complete now.

        Lines end in LF or CRLF, are decoded as UTF-8 (what is broken becomes U+FFFD), and are never empty;
        NUL and other CRs are removed. At the end of input, feed b"\\n" for a last line without an end.
        """
        # Removed before anything is decided or decoded, so that chunking never shows.
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
        else:  # it fits no better when more has come
            self._partial = None
            found.append(TOO_LONG)
        return found

    def _fits(self, line: bytes) -> bool:
        if not line.startswith(b"@"):
            return len(line) <= self._line_limit
        tags, _, rest = line.partition(b" ")
        return len(tags) + len(b" ") <= self._tags_limit and len(rest) <= self._line_limit


def cut(line: str, limit_bytes: int) -> str:
    """Shorten a line to at most `limit_bytes` of UTF-8, splitting no character."""
    if len(line) * 4 <= limit_bytes:
        return line
    encoded = line.encode()
    return line if len(encoded) <= limit_bytes else encoded[:limit_bytes].decode("utf-8", "ignore")
