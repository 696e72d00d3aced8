"""Masks over nick!user@host, as in bans (RFC 2812 2.5).

Owns the form of masks and their matching. Pure; any thread.

The time of a match is proportional to the mask's length, for any mask and source. There is no cache: clients choose
the masks, so they could overflow it, and every lookup would cost as much as a new mask.
"""

import re
from collections.abc import Iterable

from gateway.wire.casefold import casefold


def matches(mask: str, source: str) -> bool:
    """Return whether a mask with "*" and "?" matches the whole source, without regard to ASCII case."""
    return _Source(source).is_matched(mask)


def any_matches(masks: Iterable[str], source: str) -> bool:
    """Return whether one of the masks matches the source."""
    subject = _Source(source)
    return any(map(subject.is_matched, masks))


def normalize(mask: str) -> str:
    """Complete a mask: "bob" is bob!*@*, "user@host" is *!user@host, "bob!user" is bob!user@*."""
    rest, at, host = mask.rpartition("@") if "@" in mask else (mask, "", "")
    nick, bang, user = rest.partition("!")
    if at and not bang:
        nick, user = "", nick
    return re.sub(r"\*{2,}", "*", f"{nick or '*'}!{user or '*'}@{host or '*'}")


class _Source:
    """A source that masks are compared with."""

    __slots__ = ("_positions", "_text")

    def __init__(self, text: str) -> None:
        self._text = casefold(text)
        self._positions: dict[str, int] = {}  # character -> a bit for each position where it occurs

    def is_matched(self, mask: str) -> bool:
        """Search the pieces between the stars in order. The first position of a piece is as good as a later one."""
        first, *others = casefold(mask).split("*")
        if not others:
            return len(first) == len(self._text) and self._find(first, 0, len(first)) == 0
        last = others.pop()
        at, end = len(first), len(self._text) - len(last)
        if at > end or self._find(first, 0, at) != 0 or self._find(last, end, len(self._text)) != end:
            return False
        for piece in others:
            found = self._find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    def _find(self, piece: str, start: int, end: int) -> int:
        """Return the first position from `start` at which the piece fits and ends before `end`; -1 for none."""
        if "?" not in piece:
            return self._text.find(piece, start, end)
        last_start = end - len(piece)
        if last_start < start:
            return -1
        if not self._positions:
            for at, character in enumerate(self._text):
                self._positions[character] = self._positions.get(character, 0) | 1 << at
        fitting = (1 << last_start + 1) - (1 << start)
        for offset, character in enumerate(piece):
            if character != "?":
                fitting &= self._positions.get(character, 0) >> offset
                if not fitting:
                    return -1
        return (fitting & -fitting).bit_length() - 1
