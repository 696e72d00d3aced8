"""Events of a history, the names and the order of their places, and the access to them.

Owns the access to history: `readable` alone decides what a session may read of a room's log. Pure. gateway.logs reads
the log itself.
"""

from dataclasses import dataclass, replace
from typing import Final

from gateway.chat.deduplication import ID_TAG
from gateway.chat.events import MORE, OF_BOT, Entry, id_key, number
from gateway.chat.lives import Range
from gateway.chat.state import State
from gateway.wire.tags import parse_tags

Place = tuple[int, int, int, str]
"""An event's place in the order of a history: the entry's stream id (ms, n), the index in the entry, the log's mark.

The mark orders events of two logs at the same moment (direct messages are in the inboxes of both sides). A place with
the mark "" is before all events of its index.
"""

ID_LIMIT: Final = 2**64 - 1
FIRST: Final[Place] = (0, 0, -1, "")
LAST: Final[Place] = (ID_LIMIT, ID_LIMIT, ID_LIMIT, "")
"""The places before and after all events."""

MESSAGES: Final = frozenset(("PRIVMSG", "NOTICE"))
PLAYED: Final = MESSAGES | {"TAGMSG", "JOIN", "PART", "QUIT", "KICK", "NICK", "MODE", "TOPIC"}
"""The verbs that members are shown. GONE is not one of them: the log alone does not say which members it removed."""


_TYPING: Final = "+typing"


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event: its place, its tags as in the log, and the line without them.

    The text of a message may be of several lines (gateway.chat.multiline).
    """

    stream_id: str
    index: int
    mark: str
    tags: str
    line: str

    @property
    def place(self) -> Place:
        return place_of(self.stream_id, self.index, self.mark)

    @property
    def verb(self) -> str:
        return self.line.split(" ", 2)[1]

    @property
    def client_tags(self) -> str:
        """The client's own tags, unchanged."""
        return ";".join([tag for tag in self.tags.split(";") if tag.startswith("+")])

    def is_of_bot(self, room: State | None) -> bool:
        """Whether a bot sent it: a fact says so, or the sender is still a bot in the room."""
        if OF_BOT in self.tags.split(";"):
            return True
        source = self.line[1:].partition(" ")[0]
        member = room.member_named(source.partition("!")[0]) if room is not None else None
        return member is not None and member.is_bot and member.source == source


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Events of a history in order, and the place up to which it was read.

    ``reached``: events after this place, in the direction of reading, were not read. None: all were read.
    """

    events: list[PastEvent]
    reached: Place | None


@dataclass(frozen=True, slots=True)
class Span:
    """A request to a history: events of these verbs between two places, both excluded.

    If there are more than ``limit``: the newest or the oldest.
    """

    after: Place
    before: Place
    limit: int
    newest: bool
    verbs: frozenset[str] = MESSAGES


@dataclass(frozen=True, slots=True)
class HistoryAccess:
    """The readable part of a room's log: all but the hidden ranges. Made by `readable`."""

    room: str
    hidden: tuple[Range, ...] = ()

    def __contains__(self, place: Place) -> bool:
        return not any(begin <= place[:3] < end for begin, end in self.hidden)

    def parts(self, span: Span) -> list[Span]:
        """Return the readable parts of a span, in the order of reading."""
        found, after = [], span.after
        for begin, end in self.hidden:
            found.append(replace(span, after=after, before=min(span.before, (*begin, ""))))
            after = max(after, (*end, ""))
        found.append(replace(span, after=after))
        found = [part for part in found if part.after < part.before]
        return found[::-1] if span.newest else found


def readable(reader: str, room: State, *, as_member: bool = False) -> HistoryAccess | None:
    """Return what a session (by its id) may read of a room's log; None: nothing.

    Members read their own life of the room, and all earlier lives that did not end protected. ``as_member``: the same
    for a session that is about to join, or that acts as an operator without being a member.
    """
    if reader not in room.members and not as_member:
        return None
    hidden = tuple(room.hidden)
    if not room.members and room.is_protected:  # the room waits only for members whose gateway has ended
        hidden = (*hidden, (room.life_began, (ID_LIMIT, ID_LIMIT, ID_LIMIT)))
    return HistoryAccess(room.name, hidden)


def place(msgid: str) -> Place:
    """Return the place that a msgid names, or FIRST for an unknown form."""
    words = msgid.split("-")
    ms, n, index = map(number, words[:3]) if len(words) == 4 else (0, 0, 0)
    return (min(ms, ID_LIMIT), min(n, ID_LIMIT), index, words[3]) if ms else FIRST


def place_of(stream_id: str, index: int, mark: str = "") -> Place:
    """Return the place of an event. The index ``ID_LIMIT`` is after all events of the entry."""
    return (*id_key(stream_id), index, mark)


def events(entry: Entry, mark: str, verbs: frozenset[str]) -> list[PastEvent]:
    """Return the events of an entry with these verbs, in order. ``mark``: the log's."""
    found = []
    for index, raw in enumerate(entry.lines):
        tags, more, line = "", "", raw
        if raw.startswith("@"):
            tags, _, line = raw[1:].partition(" ")
            more = parse_tags(tags).get(MORE, "") if MORE in tags else ""
        words = line.split(" ", 2)
        if len(words) == 3 and words[1] in verbs and not (words[1] == "TAGMSG" and is_typing(tags)):
            found.append(PastEvent(entry.id, index, mark, tags, line + more))
    return found


def is_typing(tags: str) -> bool:
    """Whether these tags of a TAGMSG are a typing notice and nothing else (IRCv3 typing).

    A typing notice is not stored (decision 21), and is in no history. An id that the client gave it changes nothing.
    """
    own = {tag.partition("=")[0] for tag in tags.split(";") if tag.startswith("+")}
    return _TYPING in own and own <= {_TYPING, ID_TAG}
