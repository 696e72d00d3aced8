"""Effects: what folding an event changed, for those who show it to clients.

Owns the vocabulary between the fold and delivery. Pure data.
"""

from dataclasses import dataclass
from enum import IntEnum

from gateway.chat.member import Member


class Kind(IntEnum):
    SAID = 0
    JOINED = 1
    LEFT = 2
    RENAMED = 3
    CHANGED = 4
    """Room modes."""
    TOPIC = 5
    INVITED = 6
    AWAY = 7
    REJECTED = 8
    """Nothing happened, for the reason given."""
    SETNAME = 9
    ACCOUNT = 10
    CHGHOST = 11
    LINES = 12
    """SAID, of several lines."""
    REDACTED = 13
    BOT = 14
    """Whether the session is a bot (IRCv3 bot-mode): shown by the tag of its lines."""


class Rejection(IntEnum):
    """Why an event has no effect; NO_CHANGE is no error (what was asked is so already)."""

    NO_CHANGE = 0
    MALFORMED = 1
    NOT_MEMBER = 2
    MUTED = 3
    BANNED = 4
    NOT_OPERATOR = 5
    INVITE_ONLY = 6
    BAD_KEY = 7
    FULL = 8
    STALE_JOIN = 9
    """The JOIN was decided against bans, key, limit or flags that changed since: its lane tries again."""
    ALREADY_MEMBER = 10
    NO_SUCH_MEMBER = 11
    GATEWAY_DEAD = 12
    """The session's gateway is gone."""
    DUPLICATE = 13
    """It is in the log already: its lane, or its client, could not know and sent it again."""
    TRIMMED = 14
    """Every replica had a reason, but the log was trimmed past it before its own lane read it."""
    ID_IN_USE = 15
    """Another message, by its sender or its text, had the id first that its client gave it."""


@dataclass(slots=True)
class Effect:
    """One change, in the order in which clients must see it.

    `index` is the event's place in its entry, `sid` who acted. `line` is for members' clients: no CRLF, no
    tags (of a REJECTED: what was tried, for nobody but the one who tried); the text of a LINES has its separators
    (gateway.chat.multiline). `tags` are the client's own
    ("+typing=active"). `member` is who joined (as it came), left, was renamed or went away: of a KICK the one kicked.
    `old` is the nick before a RENAMED; of a JOINED the nick asked for, where it was lost to a newer claim; of what
    is told of a session (AWAY ... BOT) its revision; of a message that is rejected as DUPLICATE the place of the
    first one, "stream-id.index"; of a REDACTED the place of the message. A CHANGED with a `member` gives back
    to one who returns what he had.
    """

    kind: Kind
    index: int
    sid: str
    line: str
    tags: str = ""
    member: Member | None = None
    old: str = ""
    reason: Rejection | None = None


class Effects(list[Effect]):
    """An entry's effects; `plain` when all are messages that the entry's `body` holds exactly as shown."""

    plain = True
