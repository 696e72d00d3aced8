"""Message tags that this client reads and writes: ids, times, replies and reactions (IRCv3 message-tags).

Pure; any thread.
"""

from datetime import UTC, datetime
from typing import Final

from gateway.wire.message import Message

ID_TAG: Final = "+hubbub/id"
"""The client msgid. It stays the same when a message is sent again, and every gateway accepts it once."""
REPLY_TAGS: Final = ("+reply", "+draft/reply")
"""The ratified name and the draft's name. Many clients read only the draft's, so both are sent and either is read."""
REACTION_TAGS: Final = {"+draft/react": False, "+draft/unreact": True, "+react": False, "+unreact": True}
"""Tag -> whether it removes a reaction: the draft's names, and those that are expected after it (IRCv3 react)."""

_LATEST_S: Final = 250_000_000_000.0  # in the year 9892: a valid date in every time zone


def reply_to(message: Message) -> str:
    """Return the msgid of the message that this one answers or annotates, "" for none (IRCv3 reply)."""
    return next((message.tags[tag] for tag in REPLY_TAGS if message.tags.get(tag)), "")


def timestamp(at: float) -> str:
    """Format a time as a parameter of CHATHISTORY and MARKREAD (IRCv3 server-time)."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"timestamp={moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def server_time(message: Message) -> float | None:
    """Return the time of a message (IRCv3 server-time) in seconds since the epoch, None if it is absent or invalid."""
    return parse_time(message.tags.get("time", ""))


def parse_time(text: str) -> float | None:
    """Parse an ISO 8601 time into seconds since the epoch; None if it is invalid."""
    try:
        at = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return at if 0 < at < _LATEST_S else None
