"""The IRCv3 capabilities on offer, as bits of a session's ``caps`` (IRCv3 capability-negotiation)."""

from collections.abc import Mapping
from typing import Final

MESSAGE_TAGS: Final = 1
SERVER_TIME: Final = 2
ECHO_MESSAGE: Final = 4
BATCH: Final = 8
LABELED_RESPONSE: Final = 16
MULTI_PREFIX: Final = 32
CAP_NOTIFY: Final = 64
CHATHISTORY: Final = 128
STANDARD_REPLIES: Final = 256
AWAY_NOTIFY: Final = 1 << 9
EXTENDED_JOIN: Final = 1 << 10
ACCOUNT_TAG: Final = 1 << 11
ACCOUNT_NOTIFY: Final = 1 << 12
SETNAME: Final = 1 << 13
CHGHOST: Final = 1 << 14
INVITE_NOTIFY: Final = 1 << 15
USERHOST_IN_NAMES: Final = 1 << 17
EXTENDED_MONITOR: Final = 1 << 18
EVENT_PLAYBACK: Final = 1 << 19
READ_MARKER: Final = 1 << 20
MESSAGE_REDACTION: Final = 1 << 21
MULTILINE: Final = 1 << 22
NO_IMPLICIT_NAMES: Final = 1 << 25
PRE_AWAY: Final = 1 << 26
ZNC_PLAYBACK: Final = 1 << 23
EXTENDED_ISUPPORT: Final = 1 << 24

VERSION_302: Final = 1 << 16
"""Not a capability: the client has sent CAP LS 302, so it has cap-notify for the whole connection."""

TEXT: Final = 1 << 30
"""Variants of readers: plain text. Others are capabilities, or those of a WebSocket."""
ELSEWHERE: Final = 1 << 29
"""Added to TEXT for rooms other than the reader's active room. Their lines name the room."""
WS_TEXT: Final = 1 << 28
WS_BINARY: Final = 1 << 27
WEBSOCKET: Final = WS_TEXT | WS_BINARY
"""Added for readers over a WebSocket, with text or binary messages."""
VARIANT_CAPS: Final = ACCOUNT_TAG | MESSAGE_TAGS | SERVER_TIME
"""The capabilities that make a variant."""

BY_NAME: Final = {
    "account-notify": ACCOUNT_NOTIFY,
    "account-tag": ACCOUNT_TAG,
    "away-notify": AWAY_NOTIFY,
    "batch": BATCH,
    "cap-notify": CAP_NOTIFY,
    "chghost": CHGHOST,
    "draft/chathistory": CHATHISTORY,
    "draft/event-playback": EVENT_PLAYBACK,
    "draft/extended-isupport": EXTENDED_ISUPPORT,
    "draft/message-redaction": MESSAGE_REDACTION,
    "draft/multiline": MULTILINE,
    "draft/no-implicit-names": NO_IMPLICIT_NAMES,
    "draft/pre-away": PRE_AWAY,
    "draft/read-marker": READ_MARKER,
    "echo-message": ECHO_MESSAGE,
    "extended-join": EXTENDED_JOIN,
    "extended-monitor": EXTENDED_MONITOR,
    "invite-notify": INVITE_NOTIFY,
    "labeled-response": LABELED_RESPONSE,
    "message-tags": MESSAGE_TAGS,
    "multi-prefix": MULTI_PREFIX,
    "no-implicit-names": NO_IMPLICIT_NAMES,
    "server-time": SERVER_TIME,
    "setname": SETNAME,
    "soju.im/no-implicit-names": NO_IMPLICIT_NAMES,
    "standard-replies": STANDARD_REPLIES,
    "userhost-in-names": USERHOST_IN_NAMES,
    "znc.in/playback": ZNC_PLAYBACK,
}
"""In alphabetical order. Clients still request ratified capabilities by the name of a draft or a vendor."""

_ONE_LINE: Final = {bit: name for name, bit in reversed(BY_NAME.items()) if "/" in name} | {
    bit: name for name, bit in BY_NAME.items() if "/" not in name
}
"""Capability -> the name that is offered to a client that accepts one line only."""


def offer(values: Mapping[str, str]) -> list[str]:
    """Return the words of CAP LS for version 302: all names, with these values."""
    return [f"{name}={values[name]}" if name in values else name for name in BY_NAME]


def short_offer() -> list[str]:
    """Return the words of CAP LS for older clients, which accept one line: one name for each capability, no values."""
    return [name for name, bit in BY_NAME.items() if _ONE_LINE[bit] == name]


def names(caps: int) -> list[str]:
    """Return the names of a set of capabilities, in alphabetical order."""
    return [name for name, bit in BY_NAME.items() if caps & bit]


def change(caps: int, request: str) -> int | None:
    """Return a session's capabilities after CAP REQ with this text, or None if a part of it is invalid."""
    for word in request.split():
        bit = BY_NAME.get(word.removeprefix("-"))
        if bit is None or (word == "-cap-notify" and caps & VERSION_302):
            return None
        caps = caps & ~bit if word.startswith("-") else caps | bit
    return caps
