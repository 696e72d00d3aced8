"""What the server promises in RPL_ISUPPORT, and the limits behind it (Modern IRC "RPL_ISUPPORT Parameters").

Owns the limits that commands keep; those of names and lists are their modules' own. Pure.
"""

from collections.abc import Iterable
from typing import Final

from gateway.chat.modes import FLAGS, KEY, LIMIT, LISTS
from gateway.chat.state import LIST_LIMIT
from gateway.chat.user_modes import BOT_MODE
from gateway.wire.names import CHANNELLEN, NICKLEN

AWAYLEN: Final = 200
"""This and all lengths: characters; what a client sends beyond is cut off."""
HOSTLEN: Final = 64
KEYLEN: Final = 32
KICKLEN: Final = 200
NAMELEN: Final = 150
TOPICLEN: Final = 300
USERLEN: Final = 10

MAX_ROOMS: Final = 100
"""Rooms that a session may be in."""
MAX_TARGETS: Final = 4
"""Names that a message may be sent to at once."""
MAX_MONITORED: Final = 100
"""Nicks that a session may watch (IRCv3 monitor)."""
MAX_MODES: Final = 6
"""Changes with a parameter in one MODE."""
HISTORY_LIMIT: Final = 1000
"""Messages in an answer to CHATHISTORY (IRCv3 chathistory)."""

_TARGETS: Final = {
    "JOIN": "",
    "KICK": 4,
    "LIST": "",
    "NAMES": MAX_TARGETS,
    "NOTICE": MAX_TARGETS,
    "PART": "",
    "PRIVMSG": MAX_TARGETS,
    "TAGMSG": MAX_TARGETS,
    "WHOIS": 1,
    "WHOWAS": 1,
}
"""Names in one command; "" has no limit but the line's length."""

TOKENS_A_LINE: Final = 13
"""RFC 2812 2.3: at most 15 parameters, with the nick and the text."""
LINE_BYTES: Final = 360
"""Of tokens and the spaces between them: what a line of 512 bytes holds with the longest server name and nick."""

_ESCAPED = str.maketrans({character: f"\\x{ord(character):02X}" for character in " =\\"})


def isupport_tokens(network: str, lobby: str, icon: str | None = None) -> list[str]:
    """The tokens, sorted by name; `network`, `lobby` and `icon` are the settings of these names."""
    values: dict[str, str | int] = {
        "AWAYLEN": AWAYLEN,
        "BOT": BOT_MODE.letter,
        "CASEMAPPING": "ascii",
        "CHANLIMIT": f"#:{MAX_ROOMS}",
        "CHANMODES": f"{LISTS},{KEY},{LIMIT},{FLAGS}",
        "CHANNELLEN": CHANNELLEN,
        "CHANTYPES": "#",
        "CHATHISTORY": HISTORY_LIMIT,
        "ELIST": "MNU",
        "EXCEPTS": "e",
        "HOSTLEN": HOSTLEN,
        "INVEX": "I",
        "KEYLEN": KEYLEN,
        "KICKLEN": KICKLEN,
        "MAXLIST": ",".join(f"{letter}:{LIST_LIMIT}" for letter in LISTS),
        "MAXTARGETS": MAX_TARGETS,
        "MODES": MAX_MODES,
        "MONITOR": MAX_MONITORED,
        "MSGREFTYPES": "msgid,timestamp",
        "NAMELEN": NAMELEN,
        "NETWORK": network.translate(_ESCAPED),
        "NICKLEN": NICKLEN,
        "PREFIX": "(ov)@+",
        "SAFELIST": "",
        "SAFERATE": "",
        "TARGMAX": ",".join(f"{verb}:{limit}" for verb, limit in _TARGETS.items()),
        "TOPICLEN": TOPICLEN,
        "USERLEN": USERLEN,
        "UTF8ONLY": "",
        "WHOX": "",
        **({"draft/ICON": icon.translate(_ESCAPED)} if icon else {}),
        "hubbub/LOBBY": lobby.translate(_ESCAPED),
    }
    return [f"{name}={value}" if value else name for name, value in values.items()]


def isupport_lines(tokens: Iterable[str]) -> tuple[str, ...]:
    """The tokens as they are shared out to lines of RPL_ISUPPORT, in their order, separated by spaces."""
    lines: list[list[str]] = [[]]
    for token in tokens:
        if len(lines[-1]) == TOKENS_A_LINE or len(" ".join([*lines[-1], token]).encode()) > LINE_BYTES:
            lines.append([])
        lines[-1].append(token)
    return tuple(map(" ".join, lines))
