"""One conversation as a person sees it: its lines, its members, what is unread.

Owns the order of the lines: as the network has it, with what is not confirmed yet at the end. A user interface reads
all of it; client.buffers alone changes it. Pure; on the thread of the interface.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice
from typing import Final

from client.conversation import Position
from client.member_changes import MembershipChange, summarise

ENTRIES_LIMIT: Final = 5_000  # of a buffer; the oldest are dropped, and loaded again when they are scrolled to
SCROLLED_LIMIT: Final = 20_000  # while the person reads far above
ABSORBED_LIMIT: Final = 500  # changes of members in one line
ABSORBED_WITHIN_S: Final = 1800.0  # from one of them to the next


class BufferKind(Enum):
    SERVER = "server"
    ROOM = "room"
    PERSON = "person"


class EntryKind(Enum):
    MESSAGE = "message"
    NOTICE = "notice"
    ACTION = "action"  # /me
    EVENT = "event"  # who came, went, changed something: `text` is a whole sentence
    STATUS = "status"  # the client about itself, and answers to commands
    ERROR = "error"


class SendResult(Enum):
    """The fate of a line that was typed here; lines of others are SENT."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Entry:
    """One entry of a buffer.

    `text` is without controls, fit to be shown, and may have several lines ("\\n"). `raw_text` is what was said as it
    came, with IRC's formatting codes: for client.markup alone.
    """

    number: int  # its name: never used twice, and the same while the line changes; says nothing of the order
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
    reactions: dict[str, list[str]] = field(default_factory=dict)  # what -> nicks
    redacted_by: str = ""  # then `text` and `raw_text` are ""
    redaction_reason: str = ""
    invites_to: str = ""  # a room into which we are invited
    change: MembershipChange | None = None  # of a member who is not us
    absorbed: list["Entry"] = field(default_factory=list)  # the changes that `text` sums up, this one included

    @property
    def is_redacted(self) -> bool:
        return bool(self.redacted_by)

    @property
    def is_message(self) -> bool:
        return self.kind in (EntryKind.MESSAGE, EntryKind.NOTICE, EntryKind.ACTION)

    def absorb(self, other: "Entry") -> bool:
        """Sum up a later change of members in this line; False where each is a line of its own."""
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
    entries: deque[Entry] = field(default_factory=deque)  # oldest first
    waiting: int = 0  # how many lines, all at the end, wait to be confirmed
    by_msgid: dict[str, Entry] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)  # by absorbed nick
    has_all_members: bool = False  # the list that comes with joining is complete
    typing: dict[str, Typing] = field(default_factory=dict)  # by absorbed nick; see `typing_nicks`
    unread: int = 0  # messages after `read_until`
    mentions: int = 0  # of them, those that name me, or all where it is a person
    read_until: float = 0.0  # the read marker: the time of the last message that was seen
    oldest: Position | None = None  # for Session.load_older: what is loaded next stands before it
    has_more_above: bool = True  # as far as is known: loading will tell
    is_loading: bool = False
    is_followed: bool = True  # its end is in view when it has the focus
    version: int = 0

    def typing_nicks(self, now: float) -> list[str]:
        """Name those who are writing; ask again at least once a second while there are any."""
        return [typing.nick for typing in self.typing.values() if typing.until > now]

    def sorted_members(self) -> list[Member]:
        """Give those with the highest rank first, then by name."""
        ranks = {"~": 0, "&": 1, "@": 2, "%": 3, "+": 4}
        return sorted(self.members.values(), key=lambda member: (ranks.get(member.prefix[:1], 5), member.nick.lower()))

    def last_message(self, *, is_own: bool) -> Entry | None:
        """Find the newest message of others, or of our own, that the network knows."""
        entries = (
            entry for entry in reversed(self.entries) if entry.is_message and entry.msgid and not entry.is_redacted
        )
        return next((entry for entry in entries if entry.is_own == is_own), None)

    # --- for the fold ---------------------------------------------------------------------------------------

    def insert(self, entry: Entry, *, is_history: bool = False) -> bool:
        """Put a line where it belongs: after all that is confirmed; True if that is the end of all.

        What was said before it could be heard comes before the events that it is older than.
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
        """Sum up a change of members in the last confirmed line, and give that; None where it is a line of its own."""
        last = self.entries[-1 - self.waiting] if len(self.entries) > self.waiting else None
        return last if last is not None and last.absorb(entry) else None

    def set_result(self, entry: Entry, result: SendResult) -> bool:
        """Note the fate of a line that waits; True if it stays where it is, else it now stands before all that wait."""
        entry.send_result = result
        stays = self.entries[-self.waiting] is entry
        self.waiting -= 1
        if not stays:
            self.entries.remove(entry)
            self.entries.insert(len(self.entries) - self.waiting, entry)
        self.index(entry)
        return stays

    def withdraw(self, entry: Entry) -> None:
        """Take a line that waits away: others say it instead."""
        self.entries.remove(entry)
        self.waiting -= 1

    def prepend(self, entries: Iterable[Entry]) -> None:
        """Put older lines, oldest first, above all others."""
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
        """Drop the oldest lines over the limit, and give them."""
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
        """Count anew what stands after the read marker."""
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
