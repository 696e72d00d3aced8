"""One conversation on the screen: its entries, its members, what is unread.

Owns the order of the entries: that of the network, with unconfirmed messages at the end. User interfaces only read it;
client.buffers and client.buffer_list change it. Pure; on the thread of the interface.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice
from typing import Final

from client.conversation import Position
from client.member_changes import MembershipChange, summarise

ENTRIES_LIMIT: Final = 5_000  # of a buffer; the oldest are dropped, and loaded again when the user scrolls to them
SCROLLED_LIMIT: Final = 20_000  # while the user reads far above the end
ABSORBED_LIMIT: Final = 500  # changes of members in one entry
ABSORBED_WITHIN_S: Final = 1800.0  # from one of them to the next


class BufferKind(Enum):
    SERVER = "server"
    ROOM = "room"
    PERSON = "person"


class EntryKind(Enum):
    MESSAGE = "message"
    NOTICE = "notice"
    ACTION = "action"  # /me
    EVENT = "event"  # somebody joined, left or changed something: `text` is a sentence
    STATUS = "status"  # a notice of the client, or an answer to a command
    ERROR = "error"


class SendResult(Enum):
    """The result of sending a message of ours; messages of others are SENT."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Entry:
    """One entry of a buffer.

    `text` has no control characters but "\\n". `raw_text` is the text as it came, with IRC's formatting codes; only
    client.markup reads it.
    """

    number: int  # unique, and the same while the entry changes; it says nothing about the order
    at: float
    kind: EntryKind
    nick: str
    text: str
    raw_text: str = ""
    msgid: str = ""
    client_msgid: str = ""
    send_result: SendResult = SendResult.SENT
    problem: str = ""  # why it FAILED
    is_own: bool = False
    is_mention: bool = False
    reply_to: str = ""  # a msgid
    reactions: dict[str, list[str]] = field(default_factory=dict)  # reaction -> nicks
    redacted_by: str = ""  # then `text` and `raw_text` are ""
    redaction_reason: str = ""
    invites_to: str = ""  # a room into which we are invited
    change: MembershipChange | None = None  # of another member
    absorbed: list["Entry"] = field(default_factory=list)  # the changes that `text` sums up, this one included

    @property
    def is_redacted(self) -> bool:
        return bool(self.redacted_by)

    @property
    def is_message(self) -> bool:
        return self.kind in (EntryKind.MESSAGE, EntryKind.NOTICE, EntryKind.ACTION)

    def absorb(self, other: "Entry") -> bool:
        """Merge a later change of members into this entry; False if it needs an entry of its own."""
        if self.change is None or other.change is None or len(self.absorbed) >= ABSORBED_LIMIT:
            return False
        if not 0 <= other.at - self.at <= ABSORBED_WITHIN_S:
            return False
        if not self.absorbed:
            self.absorbed = [replace(self)]
        self.absorbed.append(other)
        self.text = summarise(entry.change for entry in self.absorbed if entry.change is not None)
        self.at = other.at
        return True


@dataclass(slots=True)
class Member:
    """A member of a room."""

    nick: str
    prefix: str = ""  # "@", "+", "@+", the highest first
    is_away: bool = False
    account: str = ""


@dataclass(slots=True)
class Typing:
    """A user types, at most until `until`."""

    nick: str
    until: float


@dataclass(slots=True, eq=False)
class Buffer:
    """A room, a person, or the server. `version` grows with each change."""

    name: str
    kind: BufferKind
    topic: str = ""
    topic_by: str = ""
    is_joined: bool = False  # a room: on this connection; a person: online, as far as is known (MONITOR)
    is_away: bool = False  # a person
    entries: deque[Entry] = field(default_factory=deque)  # oldest first
    waiting: int = 0  # how many entries at the end are unconfirmed
    by_msgid: dict[str, Entry] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)  # by folded nick
    has_all_members: bool = False  # the list that comes with joining is complete
    typing: dict[str, Typing] = field(default_factory=dict)  # by folded nick; see `typing_nicks`
    unread: int = 0  # messages after `read_until`
    mentions: int = 0  # of them, those that mention the user; with a person, all
    read_until: float = 0.0  # the read marker: the time of the last message that was read
    oldest: Position | None = None  # for Session.load_older: the next page ends before it
    has_more_above: bool = True  # as far as is known
    is_loading: bool = False
    is_followed: bool = True  # when it has the focus, its end is in view
    version: int = 0

    def typing_nicks(self, now: float) -> list[str]:
        """Return who is typing; call it again at least once a second while there is anyone."""
        return [typing.nick for typing in self.typing.values() if typing.until > now]

    def sorted_members(self) -> list[Member]:
        """Return the members with the highest rank first, then by name."""
        ranks = {"~": 0, "&": 1, "@": 2, "%": 3, "+": 4}
        return sorted(self.members.values(), key=lambda member: (ranks.get(member.prefix[:1], 5), member.nick.lower()))

    def last_message(self, *, is_own: bool) -> Entry | None:
        """Return the newest confirmed message, of ours or of others."""
        entries = (
            entry for entry in reversed(self.entries) if entry.is_message and entry.msgid and not entry.is_redacted
        )
        return next((entry for entry in entries if entry.is_own == is_own), None)

    # --- for client.buffers and client.buffer_list ----------------------------------------------------------

    def insert(self, entry: Entry, *, is_history: bool = False) -> bool:
        """Insert an entry after all confirmed ones; return whether that is the end.

        A message of the history is inserted before the events that are newer than it.
        """
        behind = 0 if entry.send_result is SendResult.WAITING else self.waiting
        if is_history:
            for other in islice(reversed(self.entries), behind, None):
                if other.is_message or other.at <= entry.at:
                    break
                behind += 1
        self.entries.insert(len(self.entries) - behind, entry)
        self.waiting += entry.send_result is SendResult.WAITING
        self.index(entry)
        return behind == 0

    def absorb(self, entry: Entry) -> Entry | None:
        """Merge a change of members into the last confirmed entry and return that; None if it needs its own entry."""
        last = self.entries[-1 - self.waiting] if len(self.entries) > self.waiting else None
        return last if last is not None and last.absorb(entry) else None

    def set_result(self, entry: Entry, result: SendResult) -> bool:
        """Set the result of an unconfirmed entry; False if it was moved in front of the other unconfirmed ones."""
        entry.send_result = result
        stays = self.entries[-self.waiting] is entry
        self.waiting -= 1
        if not stays:
            self.entries.remove(entry)
            self.entries.insert(len(self.entries) - self.waiting, entry)
        self.index(entry)
        return stays

    def withdraw(self, entry: Entry) -> None:
        """Remove an unconfirmed entry: others replace it."""
        self.entries.remove(entry)
        self.waiting -= 1

    def prepend(self, entries: Iterable[Entry]) -> None:
        """Insert older entries, oldest first, above all others."""
        older = list(entries)
        self.entries.extendleft(reversed(older))
        for entry in older:
            self.index(entry)

    def index(self, entry: Entry) -> None:
        if entry.msgid:
            self.by_msgid[entry.msgid] = entry
            if self.oldest is None:
                self.oldest = Position(entry.msgid, entry.at)

    def trim(self) -> tuple[Entry, ...]:
        """Remove and return the oldest entries over the limit."""
        excess = len(self.entries) - max(self.waiting, ENTRIES_LIMIT if self.is_followed else SCROLLED_LIMIT)
        dropped = tuple(self.entries.popleft() for _ in range(excess))
        for entry in dropped:
            self.by_msgid.pop(entry.msgid, None)
        if dropped:
            first = next((entry for entry in self.entries if entry.msgid), None)
            self.oldest = Position(first.msgid, first.at) if first else None
            self.has_more_above = True
        return dropped

    def count_unread(self) -> None:
        """Count again what is after the read marker."""
        self.unread = self.mentions = 0
        for entry in reversed(self.entries):
            if entry.is_message and entry.at <= self.read_until:
                break
            self.count(entry)

    def count(self, entry: Entry) -> None:
        if entry.is_message and not entry.is_own and entry.at > self.read_until:
            self.unread += 1
            self.mentions += entry.is_mention or self.kind is BufferKind.PERSON

    def read_all(self) -> None:
        self.unread = self.mentions = 0
        last = next((entry for entry in reversed(self.entries) if entry.is_message and entry.msgid), None)
        if last is not None:
            self.read_until = max(self.read_until, last.at)
