"""Validate names of users and rooms, and suggest a valid nick for any text.

Owns the syntax of names, not their ownership. Pure; any thread.
"""

import re
import unicodedata
from typing import Final

from gateway.wire.visible import is_visible

NICKLEN: Final = 30
CHANNELLEN: Final = 64

# RFC 2812 2.3.1 "nickname". ASCII only: look-alike letters would let one user pass for another.
_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*")
_NOT_IN_NICK = re.compile(r"[^A-Za-z0-9\[\]\\`_^{|}-]+")


def valid_nick(nick: str) -> bool:
    """Return whether this is a valid nick."""
    return len(nick) <= NICKLEN and _NICK.fullmatch(nick) is not None


def valid_room(room: str) -> bool:
    """Return whether this is a valid room name: "#", then 1 to 63 visible characters without space or comma.

    Stricter than RFC 2812 2.3.1: with invisible characters different rooms would look the same.
    """
    return 2 <= len(room) <= CHANNELLEN and room[0] == "#" and not {" ", ","} & set(room) and is_visible(room)


def suggest_nick(text: str, suffix: str = "") -> str:
    """Make a valid nick that resembles the text and ends in `suffix` (a few characters valid in nicks)."""
    plain = _NOT_IN_NICK.sub("", unicodedata.normalize("NFKD", text)) or "guest"
    if plain[0] in "-0123456789":
        plain = "_" + plain
    return plain[: NICKLEN - len(suffix)] + suffix
