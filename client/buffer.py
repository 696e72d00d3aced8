"""One conversation as a person sees it: its lines, its members, what is unread.

Owns the values that a user interface reads; client.buffers alone changes them. Pure; on the thread of the interface.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

LINES_LIMIT: Final = 5_000  # of a buffer; the oldest are dropped, and loaded again when they are scrolled to
SCROLLED_LIMIT: Final = 20_000  # while the person reads far above
TYPING_ACTIVE_S: Final = 6.0  # IRCv3 typing
TYPING_PAUSED_S: Final = 30.0


class BufferKind(Enum):
    SERVER = "server"
    ROOM = "room"
    PERSON = "person"


class LineKind(Enum):
    MESSAGE = "message"
    NOTICE = "notice"
    ACTION = "action"  # /me
    EVENT = "event"  # who came, went, changed something: `text` is a whole sentence
    STATUS = "status"  # the client about itself, and answers to commands
    ERROR = "error"


class Delivery(Enum):
    """The fate of a line that was typed here; lines of others are SENT."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Line:
    """One entry of a buffer. `text` is without controls, fit to be shown, and may have several lines ("\\n")."""

    number: int  # its name in its buffer: never used twice, and the same while the line changes; no order
    at: float
    kind: LineKind
    nick: str
    text: str
    msgid: str = ""
    pending_id: str = ""
    delivery: Delivery = Delivery.SENT
    problem: str = ""  # why it FAILED
    is_own: bool = False
    is_mention: bool = False
    reply_to: str = ""  # a msgid
    reactions: dict[str, list[str]] = field(default_factory=dict)  # what -> nicks
    redacted_by: str = ""  # then `text` is still what was said
    redaction_reason: str = ""

    @property
    def is_redacted(self) -> bool:
        return bool(self.redacted_by)

    @property
    def is_message(self) -> bool:
        return self.kind in (LineKind.MESSAGE, LineKind.NOTICE, LineKind.ACTION)


@dataclass(slots=True)
class Member:
    """Someone in a room."""

    nick: str
    prefix: str = ""  # "@", "+", "@+", the highest first
    is_away: bool = False
    account: str = ""


@dataclass(slots=True)
class Typing:
    """Someone writes, as far as is known until `until`."""

    nick: str
    until: float


@dataclass(slots=True, eq=False)
class Buffer:
    """A room, a person, or the server. To be read only; `version` grows with each change of anything in it."""

    name: str
    kind: BufferKind
    topic: str = ""
    topic_by: str = ""
    is_joined: bool = False  # a room: on this connection; a person: there, as far as is known (MONITOR)
    is_away: bool = False  # a person
    lines: deque[Line] = field(default_factory=deque)  # oldest first
    members: dict[str, Member] = field(default_factory=dict)  # by folded nick
    typing: dict[str, Typing] = field(default_factory=dict)  # by folded nick; see `typing_nicks`
    unread: int = 0  # messages after `read_until`
    mentions: int = 0  # of them, those that name me, or all where it is a person
    read_until: float = 0.0  # the read marker: the time of the last message that was seen
    has_more_above: bool = True  # as far as is known: load_older will tell
    is_loading: bool = False
    version: int = 0

    def typing_nicks(self, now: float) -> list[str]:
        """Name those who are writing; ask again at least once a second while there are any."""
        return [typing.nick for typing in self.typing.values() if typing.until > now]

    def sorted_members(self) -> list[Member]:
        """Give those with the highest rank first, then by name."""
        ranks = {"~": 0, "&": 1, "@": 2, "%": 3, "+": 4}
        return sorted(self.members.values(), key=lambda member: (ranks.get(member.prefix[:1], 5), member.nick.lower()))

    @property
    def first(self) -> Line | None:
        """The oldest message that the network knows: what is loaded next stands before it."""
        return next((line for line in self.lines if line.is_message and line.msgid), None)

    @property
    def last(self) -> Line | None:
        """The newest message that the network knows."""
        return next((line for line in reversed(self.lines) if line.is_message and line.msgid), None)
