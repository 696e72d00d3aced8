"""Effects: what the events of an entry changed, as typed values for those who show it to clients.

Owns the vocabulary between `Room.apply` and the fan-out. An effect holds what happened; its line is made by `render`.
Pure data.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from gateway.chat.events import EventId
from gateway.chat.member import Member
from gateway.chat.modes import Change
from gateway.chat.profile_updates import ProfileUpdate
from gateway.wire.message import Message


class Reason(IntEnum):
    """Why an event is rejected. NO_CHANGE is no error: the state is already as requested."""

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
    """The JOIN was checked before bans, key, limit or flags changed. Its lane checks it again."""
    ALREADY_MEMBER = 10
    NO_SUCH_MEMBER = 11
    GATEWAY_DEAD = 12
    """The session's gateway was declared gone."""
    DUPLICATE = 13
    """The event is in the log already. Its lane, or its client, did not know that and sent it again."""
    TRIMMED = 14
    """The event was rejected, but the log was trimmed past it before its own lane applied it."""
    ID_IN_USE = 15
    """Another message, by another sender or with another text, had the same client message id first."""


@dataclass(slots=True)
class Effect:
    """One change, in the order in which clients must see it.

    `index` is the event's place in its entry. `sid` is the session that acted, "" if no session did.
    """

    index: int
    sid: str


@dataclass(slots=True)
class MessageSent(Effect):
    """A PRIVMSG, NOTICE or TAGMSG of one line.

    `line` is what a client without capabilities is sent, without CRLF: the payload's own line wherever that is valid as
    it stands. `tags` are client tags as they stand in a line ("+a=b;+c").
    """

    line: str
    tags: str = ""
    is_tagmsg: bool = False


@dataclass(slots=True)
class MultilineSent(Effect):
    """A PRIVMSG or NOTICE of several lines: `text` has all of them with their separators (gateway.chat.multiline)."""

    source: str
    verb: str
    room: str
    text: str
    tags: str = ""


@dataclass(slots=True)
class Joined(Effect):
    """`member` is a copy from the moment of the JOIN; `lost_nick` is the nick that it claimed, if a newer claim has it.

    Then the member's nick is its session id.
    """

    room: str
    member: Member
    lost_nick: str = ""


class Departure(Enum):
    """How a member left."""

    PART = "PART"
    QUIT = "QUIT"
    KICK = "KICK"


@dataclass(slots=True)
class Left(Effect):
    """`source` is whoever caused it: the member, or the operator of a KICK. `nick` is the member's nick as shown."""

    room: str
    member: Member
    how: Departure
    source: str
    nick: str
    text: str


@dataclass(slots=True)
class Renamed(Effect):
    """`member` is the room's own. A later event of the entry may have renamed it once more."""

    member: Member
    old_nick: str
    nick: str


@dataclass(slots=True)
class ModesSet(Effect):
    """Modes of the room. `restored`: the changes give this member back the ranks that it had before a rekey."""

    room: str
    source: str
    changes: list[Change]
    restored: Member | None = None


@dataclass(slots=True)
class TopicSet(Effect):
    room: str
    source: str
    topic: str


@dataclass(slots=True)
class Invited(Effect):
    room: str
    source: str
    nick: str


@dataclass(slots=True)
class ProfileChanged(Effect):
    """`member` is the room's own. `revision` is the session's own count of its profile changes."""

    member: Member
    update: ProfileUpdate
    revision: int


@dataclass(slots=True)
class Redacted(Effect):
    """`message` is the deleted message, and `msgid` its id as clients know it."""

    room: str
    source: str
    message: EventId
    msgid: str
    text: str


@dataclass(slots=True)
class Rejection(Effect):
    """The event changes nothing. `event` is what was tried, with its facts and tags; its sender must be answered.

    `first`: of a message that is a DUPLICATE by its client message id, the message that had the id first.
    """

    reason: Reason
    event: Message
    tags: str = ""
    first: EventId | None = None


def reason_of(effect: Effect) -> Reason | None:
    """Why an event was rejected; None if it was not."""
    return effect.reason if isinstance(effect, Rejection) else None


@dataclass(slots=True)
class Accepted(Effect):
    """The event is in the log and was not rejected. The lane did not see its effect: it has reloaded the room since."""


Outcome = Effect | EventId | None
"""What becomes of an event that a lane appends: its effect, or the last one of several in an entry.

An EventId: the event is in a log that the lane does not apply, such as another lane's inbox. None: it is in no log.
"""


class Effects(list[Effect]):
    """The effects of an entry. `plain`: all are messages, and the entry's `body` holds exactly what is shown."""

    plain = True
