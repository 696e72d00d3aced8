"""Masks over nick!user@host, as in bans (RFC 2812 2.5).

Owns how they are written and what they cover. Pure; any thread.
"""

import re
from functools import lru_cache

from gateway.wire.casefold import fold


def matches(mask: str, source: str) -> bool:
    """Tell whether a mask with "*" and "?" covers the whole source, in any case of ASCII letters."""
    return _compile(fold(mask)).fullmatch(fold(source)) is not None


@lru_cache(maxsize=4096)  # a lane asks with the same few masks at every join
def _compile(mask: str) -> re.Pattern[str]:
    first, *others = (re.escape(piece).replace(r"\?", ".") for piece in mask.split("*"))
    if not others:
        return re.compile(first, re.DOTALL)
    *middles, last = others
    # The first place where a middle piece fits is as good as any later one: the atomic groups keep the
    # engine from trying those, which for a hostile mask would take exponential time.
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in middles if piece) + ".*" + last, re.DOTALL)


def normalize(mask: str) -> str:
    """Complete a mask: "bob" is bob!*@*, "user@host" is *!user@host, "bob!user" is bob!user@*."""
    rest, at, host = mask.rpartition("@") if "@" in mask else (mask, "", "")
    nick, bang, user = rest.partition("!")
    if at and not bang:
        nick, user = "", nick
    return re.sub(r"\*{2,}", "*", f"{nick or '*'}!{user or '*'}@{host or '*'}")
