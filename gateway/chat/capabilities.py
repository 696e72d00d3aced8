"""The IRCv3 capabilities on offer, as bits of a session's ``caps`` (IRCv3 capability-negotiation)."""

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
EVENT_PLAYBACK: Final = 1 << 19
READ_MARKER: Final = 1 << 20

VERSION_302: Final = 1 << 16
"""No capability, but what a client announces by CAP LS 302: it keeps cap-notify for good."""

BY_NAME: Final = {
    "batch": BATCH,
    "cap-notify": CAP_NOTIFY,
    "draft/chathistory": CHATHISTORY,
    "draft/event-playback": EVENT_PLAYBACK,
    "draft/read-marker": READ_MARKER,
    "echo-message": ECHO_MESSAGE,
    "labeled-response": LABELED_RESPONSE,
    "message-tags": MESSAGE_TAGS,
    "multi-prefix": MULTI_PREFIX,
    "server-time": SERVER_TIME,
    "standard-replies": STANDARD_REPLIES,
}


def names(caps: int) -> list[str]:
    """The names of a set of capabilities, in alphabetical order."""
    return [name for name, bit in BY_NAME.items() if caps & bit]


def change(caps: int, request: str) -> int | None:
    """A session's capabilities after CAP REQ with this text; None when any of it cannot be (then nothing changes)."""
    for word in request.split():
        bit = BY_NAME.get(word.removeprefix("-"))
        if bit is None or (word == "-cap-notify" and caps & VERSION_302):
            return None
        caps = caps & ~bit if word.startswith("-") else caps | bit
    return caps
