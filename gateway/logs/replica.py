"""Following a log: where a replica stands in it, and how a gap is noticed and mended.

Pure: what arrives is given to it, what it needs it asks for through its :class:`Follower`. A position is
(epoch, stream id); an entry folds only onto its predecessor. While a page is awaited (loading, mending)
live entries wait in a bounded queue; when that overflows it is emptied, and another page fetches what was
dropped.
"""

from collections import deque
from enum import Enum
from typing import Any, Protocol

from gateway.chat.events import EPHEMERAL, Entry, decode, id_key

NOWHERE = "0-0"
PAGE_ENTRIES = 500
WAITING_LIMIT = 4096

Raw = tuple[str, str, str, str, bytes]  # id, predecessor's id, epoch, origin, payload


class ReplicaState(Enum):
    LOADING = "loading"  # nothing shown yet, or the base is read again
    LIVE = "live"
    MENDING = "mending"  # a gap: a range from the own position on is awaited


class Follower(Protocol):
    """Who holds the state that a replica keeps up to date."""

    def restore(self) -> bool:
        """The log is gone, or another one is in its place: write the state back, if there is any; whether it was sent.

        What Redis has then is read again, whosesoever it is.
        """

    def begin(self, base: str | None) -> bool:
        """Start a new state: from a snapshot's text (after its head line), or from nothing; False: it is unreadable."""

    def apply(self, entry: Entry) -> None:
        """The next entry, in the log's order."""

    def ephemeral(self, payload: bytes) -> None:
        """Events that are published on the log's channel and not stored."""

    def settled(self) -> None:
        """The replica is live: all that was in the log has been folded."""


class LogReader(Protocol):
    """The reader of a log for its replica."""

    def ask(self, replica: "Replica", from_id: str) -> None:
        """Read a page (range.lua), which comes back by :meth:`Replica.page`."""

    def fault(self, replica: "Replica", error: Exception) -> None:
        """A published entry could not be applied."""


class Replica:
    """One log's position and state of repair."""

    __slots__ = (
        "_follower",
        "_last_origin",
        "_overflowed",
        "_reader",
        "_restored",
        "_waiting",
        "asked",
        "epoch",
        "last",
        "name",
        "standing",
        "was_reread",
    )

    def __init__(self, name: str, follower: Follower, reader: LogReader) -> None:
        self.name = name
        self.epoch = ""
        self.last = NOWHERE
        self.standing = ReplicaState.LOADING
        self.was_reread = False
        """While settling: not mended but loaded from its base, so that entries in between were not folded."""
        self.asked = 0
        """Pages asked for so far: only the answer to the last of them counts."""
        self._follower = follower
        self._reader = reader
        self._waiting: deque[Raw] = deque()
        self._overflowed = False
        self._restored = False  # since the last beginning: it is tried once
        self._last_origin = ""  # of the entry at `last`: a clock that was set back may give its id again

    def load(self) -> None:
        """Asks for the base and what follows it; for a new replica, and where mending cannot help."""
        self.standing = ReplicaState.LOADING
        self._request("")

    def mend(self) -> None:
        """Asks for what follows the own position."""
        if self.standing is ReplicaState.LOADING or not self.epoch:
            self.load()
        else:
            self.standing = ReplicaState.MENDING
            self._request(self.last)

    def _request(self, from_id: str) -> None:
        self.asked += 1
        self._reader.ask(self, from_id)

    def interrupt(self) -> None:
        """The subscription is lost: nothing counts as live until :meth:`mend` has been answered."""
        if self.standing is ReplicaState.LIVE:
            self.standing = ReplicaState.MENDING
        self._waiting.clear()  # what of it the server still has, it will tell
        self._overflowed = self._restored = False

    def set_aside(self) -> None:
        """The log cannot be read: nothing counts until :meth:`load` is called again."""
        self.standing = ReplicaState.LOADING
        self.asked += 1  # what is awaited counts no more
        self._waiting.clear()
        self._overflowed = False

    def receive(self, payload: bytes) -> None:
        """Take a message from the log's live channel: "id predecessor epoch origin", a line feed, and the events."""
        head, _, body = payload.partition(b"\n")
        words = head.decode("utf-8", "replace").split(" ")
        try:
            if len(words) == 4:
                entry_id, before, epoch, origin = words
                self.live((entry_id, before, epoch, origin, body))
            elif words == [EPHEMERAL]:
                self._follower.ephemeral(body)
            else:
                self.mend()  # not an entry: what the log holds counts
        except Exception as error:
            self._reader.fault(self, error)
            self.load()  # whatever was published, and whatever became of it

    def live(self, raw: Raw) -> None:
        """A published entry."""
        entry_id, before, epoch, origin, payload = raw
        if self.standing is ReplicaState.LIVE:
            if before == self.last and (epoch == self.epoch or not self.epoch):
                self.epoch = epoch
                self.last, self._last_origin = entry_id, origin
                self._follower.apply(decode(entry_id, origin, payload))
                return
            if epoch == self.epoch and id_key(entry_id) <= id_key(self.last):
                return
            self.mend()
        if len(self._waiting) < WAITING_LIMIT:
            self._waiting.append(raw)
        else:
            self._waiting.clear()
            self._overflowed = True

    def reached(self, epoch: str, last: str) -> bool:
        """Whether a head that was read from Redis has been folded; if it shows a gap, mends it."""
        if self.standing is not ReplicaState.LIVE:
            return False
        if epoch == self.epoch and id_key(last) <= id_key(self.last):
            return True
        self.mend()
        return False

    def compare(self, epoch: str, last: str) -> None:
        """A head that was read just now: where it is behind, what was folded last is not in the log."""
        is_ahead = self.standing is ReplicaState.LIVE and epoch == self.epoch and id_key(last) < id_key(self.last)
        if is_ahead:
            self.load()
        else:
            self.reached(epoch, last)

    def page(
        self, from_id: str, epoch: str, base: str, entries: list[tuple[str, str, bytes]], *, has_more: bool
    ) -> None:
        """The answer to the last ``ask``: ``base`` as snapshot.lua wrote it, entries as (id, origin, payload)."""
        if not from_id:
            if self.epoch and epoch != self.epoch and not self._restored and self._follower.restore():
                self._restored = True
                self.load()
                return
            if not self._restart(epoch, base):
                return
        elif epoch != self.epoch or (self.last != NOWHERE and not self._begins_here(entries)):
            self.load()  # another log, or one that was trimmed past us, or that has lost its tail
            return
        for entry_id, origin, payload in entries:
            if id_key(entry_id) > id_key(self.last):
                self.last, self._last_origin = entry_id, origin
                self._follower.apply(decode(entry_id, origin, payload))
        if has_more or self._overflowed:
            self._overflowed = False
            self._request(self.last)
        else:
            self._settle()

    def _begins_here(self, entries: list[tuple[str, str, bytes]]) -> bool:
        return bool(entries) and entries[0][0] == self.last and self._last_origin in ("", entries[0][1])

    def _restart(self, epoch: str, base: str) -> bool:
        head, _, text = base.partition("\n")
        if not self._follower.begin(text if base else None):
            return False
        self.epoch, self.last, self._last_origin = epoch, head.split(" ")[2] if base else NOWHERE, ""
        self.was_reread, self._restored = True, False
        return True

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        self.standing = ReplicaState.LIVE
        for raw in waiting:
            if raw[2] == self.epoch:  # the page was read after all these: another epoch is over
                self.live(raw)  # a further gap asks again and queues the rest
        if self.standing is ReplicaState.LIVE:
            self._follower.settled()
            self.was_reread = False


def raw(entry: Any) -> tuple[str, str, bytes]:
    """A stream entry of XRANGE as (id, origin, payload); one that is none of ours as an entry without events."""
    entry_id, fields = entry
    if len(fields) != len(("o", "origin", "e", "payload")):
        return entry_id.decode(), "", b""
    return entry_id.decode(), fields[1].decode("utf-8", "replace"), fields[3]
