"""Which nicks and rooms may exist, and the nearest nick to what a person typed.

Owns the rules for the spelling of names, not who has them. Pure; any thread.
"""

import re
import unicodedata
from typing import Final

from gateway.wire.visible import all_can_be_seen

NICKLEN: Final = 30
CHANNELLEN: Final = 64

# RFC 2812 2.3.1 "nickname". ASCII only: look-alike letters would let one user pass for another.
_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*")
_NOT_IN_NICK = re.compile(r"[^A-Za-z0-9\[\]\\`_^{|}-]+")


def valid_nick(nick: str) -> bool:
    """Tell whether a client may take this nick."""
    return len(nick) <= NICKLEN and _NICK.fullmatch(nick) is not None


def valid_room(room: str) -> bool:
    """Tell whether a room may be called so: "#", then 1 to 63 visible characters without space or comma.

    Stricter than RFC 2812 2.3.1: what cannot be seen would make different rooms look the same.
    """
    return 2 <= len(room) <= CHANNELLEN and room[0] == "#" and not {" ", ","} & set(room) and all_can_be_seen(room)


def suggest_nick(text: str, suffix: str = "") -> str:
    """Make a valid nick that resembles the text and ends in `suffix` (a few characters valid in nicks)."""
    plain = _NOT_IN_NICK.sub("", unicodedata.normalize("NFKD", text)) or "guest"
    if plain[0] in "-0123456789":
        plain = "_" + plain
    return plain[: NICKLEN - len(suffix)] + suffix
