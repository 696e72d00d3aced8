"""The position of a replica in its log: how entries follow each other, and how a gap is noticed and repaired.

Pure: what arrives is passed in, and pages are requested from a :class:`LogReader`. A position is (epoch, stream id). An
entry is applied only after its predecessor. While a page is awaited (loading, repairing) live entries wait in a bounded
queue. When that overflows it is emptied, and one more page brings what was dropped.
"""

from collections import deque
from enum import Enum
from typing import Any, Protocol

from gateway.chat.events import EPHEMERAL, Entry, decode, id_key

START_ID = "0-0"
"""The position before the first entry."""
PAGE_ENTRIES = 500
WAITING_LIMIT = 4096

PublishedEntry = tuple[str, str, str, str, bytes]
"""Id, predecessor's id, epoch, origin, payload."""
StreamEntry = tuple[str, str, bytes]
"""Id, origin, payload."""


class ReplicaState(Enum):
    LOADING = "loading"  # from the base: nothing was applied yet, or a repair could not help
    LIVE = "live"
    REPAIRING = "repairing"  # the entries after the own position are awaited


class Follower(Protocol):
    """The holder of the state that a replica keeps current."""

    def seed(self) -> bool:
        """Write the state back, if there is any, because the log is gone or another is in its place.

        Return whether it was sent. What Redis has then is loaded, whichever lane wrote it.
        """

    def begin(self, base: str | None) -> bool:
        """Start a new state, from a snapshot's text without its first line, or empty. Return False if unreadable."""

    def apply(self, entry: Entry) -> None:
        """Apply the next entry, in the log's order."""

    def ephemeral(self, payload: bytes) -> None:
        """Take events that are published on the log's channel and not stored."""

    def caught_up(self) -> None:
        """The replica is live: all that was in the log has been applied."""


class LogReader(Protocol):
    """The reader of a log for its replica."""

    def request_page(self, replica: "Replica", from_id: str) -> None:
        """Read a page (range.lua), which comes back by :meth:`Replica.receive_page`."""

    def fault(self, replica: "Replica", error: Exception) -> None:
        """Report that a published entry could not be applied."""


class Replica:
    """One log's position, and whether it is live."""

    __slots__ = (
        "_follower",
        "_has_seeded",
        "_last_origin",
        "_overflowed",
        "_reader",
        "_waiting",
        "epoch",
        "last",
        "name",
        "pages_requested",
        "state",
        "was_reloaded",
    )

    def __init__(self, name: str, follower: Follower, reader: LogReader) -> None:
        self.name = name
        self.epoch = ""
        self.last = START_ID
        self.state = ReplicaState.LOADING
        self.was_reloaded = False
        """In :meth:`Follower.caught_up`: it was loaded from the base, so that entries in between were not applied."""
        self.pages_requested = 0
        """Only the answer to the last request counts."""
        self._follower = follower
        self._reader = reader
        self._waiting: deque[PublishedEntry] = deque()
        self._overflowed = False
        self._has_seeded = False  # since the last beginning: it is tried once
        self._last_origin = ""  # of the entry at `last`: after a clock was set back another may have the same id

    # -- requests -------------------------------------------------------------------------------------

    def load(self) -> None:
        """Request the base and what follows it: for a new replica, and where a repair cannot help."""
        self.state = ReplicaState.LOADING
        self._request("")

    def repair(self) -> None:
        """Request what follows the own position."""
        if self.state is ReplicaState.LOADING or not self.epoch:
            self.load()
        else:
            self.state = ReplicaState.REPAIRING
            self._request(self.last)

    def _request(self, from_id: str) -> None:
        self.pages_requested += 1
        self._reader.request_page(self, from_id)

    def interrupt(self) -> None:
        """The subscription is lost: the replica is not live until :meth:`repair` has been answered."""
        if self.state is ReplicaState.LIVE:
            self.state = ReplicaState.REPAIRING
        self._waiting.clear()  # the page brings those of them that the server still has
        self._overflowed = self._has_seeded = False

    def suspend(self) -> None:
        """The log cannot be read: nothing counts until :meth:`load` is called again."""
        self.state = ReplicaState.LOADING
        self.pages_requested += 1  # the awaited page does not count any more
        self._waiting.clear()
        self._overflowed = False

    # -- what is published ----------------------------------------------------------------------------

    def receive(self, payload: bytes) -> None:
        """Take a message from the log's live channel: "id predecessor epoch origin", a line feed, and the events."""
        head, _, body = payload.partition(b"\n")
        words = head.decode("utf-8", "replace").split(" ")
        try:
            if len(words) == 4:
                entry_id, before, epoch, origin = words
                self.receive_entry((entry_id, before, epoch, origin, body))
            elif words == [EPHEMERAL]:
                self._follower.ephemeral(body)
            else:
                self.repair()  # not an entry: what the log has counts
        except Exception as error:
            self._reader.fault(self, error)
            self.load()  # the state may be half changed

    def receive_entry(self, entry: PublishedEntry) -> None:
        """Apply a published entry if it follows the position. Otherwise queue it, and repair."""
        entry_id, before, epoch, origin, payload = entry
        if self.state is ReplicaState.LIVE:
            if before == self.last and (epoch == self.epoch or not self.epoch):
                self.epoch = epoch
                self.last, self._last_origin = entry_id, origin
                self._follower.apply(decode(entry_id, origin, payload))
                return
            if epoch == self.epoch and id_key(entry_id) <= id_key(self.last):
                return
            self.repair()
        if len(self._waiting) < WAITING_LIMIT:
            self._waiting.append(entry)
        else:
            self._waiting.clear()
            self._overflowed = True

    # -- heads ----------------------------------------------------------------------------------------

    def has_reached(self, epoch: str, last: str) -> bool:
        """Whether all up to a head that was read from Redis has been applied. If the head shows a gap, repair it."""
        if self.state is not ReplicaState.LIVE:
            return False
        if epoch == self.epoch and id_key(last) <= id_key(self.last):
            return True
        self.repair()
        return False

    def compare_head(self, epoch: str, last: str) -> None:
        """Compare with a head that was read just now: if it is behind, the log has lost the last applied entry."""
        is_ahead = self.state is ReplicaState.LIVE and epoch == self.epoch and id_key(last) < id_key(self.last)
        if is_ahead:
            self.load()
        else:
            self.has_reached(epoch, last)

    # -- pages ----------------------------------------------------------------------------------------

    def receive_page(self, from_id: str, epoch: str, base: str, entries: list[StreamEntry], *, has_more: bool) -> None:
        """Apply the answer to the last request; ``base`` is as snapshot.lua wrote it."""
        if not from_id:
            if self.epoch and epoch != self.epoch and not self._has_seeded and self._follower.seed():
                self._has_seeded = True
                self.load()
                return
            if not self._begin(epoch, base):
                return
        elif epoch != self.epoch or (self.last != START_ID and not self._continues(entries)):
            self.load()  # another log, or one that was trimmed past the position, or that has lost its tail
            return
        for entry_id, origin, payload in entries:
            if id_key(entry_id) > id_key(self.last):
                self.last, self._last_origin = entry_id, origin
                self._follower.apply(decode(entry_id, origin, payload))
        if has_more or self._overflowed:
            self._overflowed = False
            self._request(self.last)
        else:
            self._catch_up()

    def _continues(self, entries: list[StreamEntry]) -> bool:
        """Whether a page begins with the entry at the own position."""
        return bool(entries) and entries[0][0] == self.last and self._last_origin in ("", entries[0][1])

    def _begin(self, epoch: str, base: str) -> bool:
        head, _, text = base.partition("\n")
        if not self._follower.begin(text if base else None):
            return False
        self.epoch, self.last, self._last_origin = epoch, head.split(" ")[2] if base else START_ID, ""
        self.was_reloaded, self._has_seeded = True, False
        return True

    def _catch_up(self) -> None:
        """Apply what was published while the page was awaited."""
        waiting, self._waiting = self._waiting, deque()
        self.state = ReplicaState.LIVE
        for entry in waiting:
            if entry[2] == self.epoch:  # the page was read after all these: another epoch is over
                self.receive_entry(entry)  # a further gap starts a repair and queues the rest
        if self.state is ReplicaState.LIVE:
            self._follower.caught_up()
            self.was_reloaded = False


def stream_entry(reply: Any) -> StreamEntry:
    """An entry in a reply to XRANGE; one that no gateway wrote has an empty payload."""
    entry_id, fields = reply
    if len(fields) != len(("o", "origin", "e", "payload")):
        return entry_id.decode(), "", b""
    return entry_id.decode(), fields[1].decode("utf-8", "replace"), fields[3]
