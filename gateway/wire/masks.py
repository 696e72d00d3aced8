"""Masks over nick!user@host, as in bans (RFC 2812 2.5).

Owns how they are written and what they cover. Pure; any thread.

Matching takes time in proportion to the mask's length, whatever mask and source are, and keeps nothing between
two calls: clients choose the masks, and a cache that they can overflow makes each look as dear as a new mask.
"""

import re
from collections.abc import Iterable

from gateway.wire.casefold import casefold


def matches(mask: str, source: str) -> bool:
    """Tell whether a mask with "*" and "?" covers the whole source, in any case of ASCII letters."""
    return _Source(source).is_covered(mask)


def any_matches(masks: Iterable[str], source: str) -> bool:
    """Tell whether one of the masks covers the source."""
    subject = _Source(source)
    return any(map(subject.is_covered, masks))


def normalize(mask: str) -> str:
    """Complete a mask: "bob" is bob!*@*, "user@host" is *!user@host, "bob!user" is bob!user@*."""
    rest, at, host = mask.rpartition("@") if "@" in mask else (mask, "", "")
    nick, bang, user = rest.partition("!")
    if at and not bang:
        nick, user = "", nick
    return re.sub(r"\*{2,}", "*", f"{nick or '*'}!{user or '*'}@{host or '*'}")


class _Source:
    """What masks are compared with."""

    __slots__ = ("_places", "_text")

    def __init__(self, text: str) -> None:
        self._text = casefold(text)
        self._places: dict[str, int] = {}  # character -> a bit for each place where it stands

    def is_covered(self, mask: str) -> bool:
        """Look for the pieces between the stars: the first place where one fits is as good as any later one."""
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
        """The first place from `start` on where a piece fits that ends before `end`; -1 for none."""
        if "?" not in piece:
            return self._text.find(piece, start, end)
        last_start = end - len(piece)
        if last_start < start:
            return -1
        if not self._places:
            for at, character in enumerate(self._text):
                self._places[character] = self._places.get(character, 0) | 1 << at
        fitting = (1 << last_start + 1) - (1 << start)
        for offset, character in enumerate(piece):
            if character != "?":
                fitting &= self._places.get(character, 0) >> offset
                if not fitting:
                    return -1
        return (fitting & -fitting).bit_length() - 1
