"""What is on its way into one log: events that wait, the entry in flight, entries that must go again.

Pure data; `appends` decides over it. Belongs to one lane.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from gateway.broker.keys import Keys
from gateway.chat.events import encode, origin_of
from gateway.logs.replica import Replica

ENTRY_LIMIT_BYTES = 64 * 1024


class PendingEvent:
    """An event on its way into a log, and who waits for what becomes of it."""

    __slots__ = ("label", "line", "sid", "wait")

    def __init__(self, sid: str, line: str, label: str = "", wait: Any = None) -> None:
        """``label``, ``wait``: the lane's own notes (a labeled echo, a handler)."""
        self.sid = sid
        self.line = line
        self.label = label
        self.wait = wait

    @property
    def size_bytes(self) -> int:
        """What it takes of an entry's payload."""
        line = self.line
        return len(self.sid) + len(" \r\n") + (len(line) if line.isascii() else len(line.encode()))


class InFlight:
    """The entry in flight: its bytes, kept for sending the same ones again.

    ``place``: its id, its predecessor's and the epoch, where it is not published yet.
    ``answered``: its reply came, or never will; what became of it, its log tells. ``pendings``: none when it is
    put back.
    """

    __slots__ = ("answered", "origin", "payload", "pendings", "place")

    def __init__(self, origin: str, payload: bytes, pendings: Sequence[PendingEvent] = ()) -> None:
        self.origin = origin
        self.payload = payload
        self.pendings = pendings
        self.answered = False
        self.place: list[bytes] | None = None

    @property
    def count(self) -> int:
        return origin_of(self.origin)[1]


class Writer:
    """One log's queue and flight; ``replica`` is None for another lane's inbox.

    ``memory``: own entries that the log has, or had; ``returning``: those to put back before anything new;
    ``when_whole``: called between the two.
    """

    __slots__ = (
        "after_recovery",
        "flight",
        "keys",
        "live",
        "log",
        "memory",
        "name",
        "queue",
        "rejected",
        "replica",
        "returning",
    )

    def __init__(self, name: str, keys: Keys, replica: Replica | None) -> None:
        self.name = name
        self.log, self.live, self.rejected = keys.log(name), keys.live(name), keys.rejected(name)
        self.keys = (self.log, keys.head(name))
        self.replica = replica
        self.queue: deque[PendingEvent] = deque()
        self.flight: InFlight | None = None
        self.memory: deque[InFlight] = deque()
        self.returning: deque[InFlight] = deque()
        self.after_recovery: Callable[[], None] | None = None

    @property
    def has_more(self) -> bool:
        """Whether anything waits behind what is in flight."""
        return bool(self.queue or self.returning or self.after_recovery is not None)

    def take(self, origin: str) -> InFlight:
        """As many queued events as one entry may hold, at least one."""
        queue = self.queue
        taken = [queue.popleft()]
        if queue:
            room = ENTRY_LIMIT_BYTES - taken[0].size_bytes
            while queue and (room := room - queue[0].size_bytes) >= 0:
                taken.append(queue.popleft())
        return InFlight(origin, encode([(pending.sid, pending.line) for pending in taken]), taken)
