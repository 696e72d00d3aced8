"""The tokens of RPL_ISUPPORT and their limits (Modern IRC "RPL_ISUPPORT Parameters").

Owns the limits of commands. Those of names and lists are in their modules. Pure.
"""

from collections.abc import Iterable
from typing import Final

from gateway.chat.modes import FLAGS, KEY, LIMIT, LISTS
from gateway.chat.state import LIST_LIMIT
from gateway.chat.user_modes import BOT_MODE
from gateway.wire.names import CHANNELLEN, NICKLEN

AWAYLEN: Final = 200
"""All lengths are in characters. Longer values are cut off."""
HOSTLEN: Final = 64
KEYLEN: Final = 32
KICKLEN: Final = 200
NAMELEN: Final = 150
TOPICLEN: Final = 300
USERLEN: Final = 10

MAX_ROOMS: Final = 100
"""The maximum number of rooms of a session."""
MAX_TARGETS: Final = 4
"""The maximum number of targets of a message."""
MAX_MONITORED: Final = 100
"""The maximum number of nicks that a session watches (IRCv3 monitor)."""
MAX_MODES: Final = 6
"""The maximum number of changes with a parameter in one MODE."""
HISTORY_LIMIT: Final = 1000
"""The maximum number of messages in an answer to CHATHISTORY (IRCv3 chathistory)."""

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
"""The maximum number of names in one command. "": limited only by the length of the line."""

TOKENS_A_LINE: Final = 13
"""RFC 2812 2.3: at most 15 parameters, with the nick and the text."""
LINE_BYTES: Final = 360
"""The maximum length of tokens and spaces in a line of 512 bytes with the longest server name and nick."""

_ESCAPED = str.maketrans({character: f"\\x{ord(character):02X}" for character in " =\\"})


def isupport_tokens(network: str, lobby: str, icon: str | None = None) -> list[str]:
    """Return the tokens, sorted by name. `network`, `lobby` and `icon` are the settings of these names."""
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
    """Return the tokens for each line of RPL_ISUPPORT, in order, separated by spaces."""
    lines: list[list[str]] = [[]]
    for token in tokens:
        if len(lines[-1]) == TOKENS_A_LINE or len(" ".join([*lines[-1], token]).encode()) > LINE_BYTES:
            lines.append([])
        lines[-1].append(token)
    return tuple(map(" ".join, lines))
