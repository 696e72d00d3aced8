"""The events of a lane on their way into one log. Plain data, changed by :class:`gateway.logs.log_writer.LogWriter`."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from gateway.broker.keys import Keys
from gateway.chat.events import origin_of
from gateway.logs.replica import Replica

ENTRY_LIMIT_BYTES = 64 * 1024


class PendingEvent:
    """An event on its way into a log."""

    __slots__ = ("label", "line", "sid", "wait")

    def __init__(self, sid: str, line: str, label: str = "", wait: Any = None) -> None:
        """``label`` and ``wait`` are the lane's: the label of an echo, and what a handler awaits."""
        self.sid = sid
        self.line = line
        self.label = label
        self.wait = wait

    @property
    def size_bytes(self) -> int:
        """Its share of an entry's payload."""
        line = self.line
        return len(self.sid) + len(" \r\n") + (len(line) if line.isascii() else len(line.encode()))


class InFlight:
    """An entry that was sent to Redis. Its bytes are kept, so that the same ones can be sent again."""

    __slots__ = ("appended", "events", "is_answered", "origin", "payload")

    def __init__(self, origin: str, payload: bytes, events: Sequence[PendingEvent] = ()) -> None:
        """``events``: empty if their outcome is known already, for an entry that is restored."""
        self.origin = origin
        self.payload = payload
        self.events = events
        self.is_answered = False
        """The answer came, or will never come. The outcome is in the log."""
        self.appended: list[bytes] | None = None
        """Its id, its predecessor's id and the epoch, if it is in the log and not published yet."""

    @property
    def count(self) -> int:
        """The number in the origin. It rises with each entry of a lane."""
        return origin_of(self.origin)[1]


class LogQueue:
    """The events and entries under way to one log. They are sent in this order: ``to_restore``, then ``events``."""

    __slots__ = (
        "after_recovery",
        "events",
        "in_flight",
        "keys",
        "live",
        "log",
        "name",
        "recent",
        "rejected",
        "replica",
        "to_restore",
    )

    def __init__(self, name: str, keys: Keys, replica: Replica | None) -> None:
        """``replica``: None for another lane's inbox, which this lane does not follow."""
        self.name = name
        self.log, self.live, self.rejected = keys.log(name), keys.live(name), keys.rejected(name)
        self.keys = (self.log, keys.head(name))
        self.replica = replica
        self.events: deque[PendingEvent] = deque()
        self.in_flight: InFlight | None = None
        self.recent: deque[InFlight] = deque()
        """Entries of this lane that are, or were, in the log."""
        self.to_restore: deque[InFlight] = deque()
        """Entries that the log has lost, or perhaps never had. They go before anything new."""
        self.after_recovery: Callable[[], None] | None = None
        """Called once, between the two."""

    @property
    def has_more(self) -> bool:
        """Whether anything waits for the entry in flight."""
        return bool(self.events or self.to_restore or self.after_recovery is not None)
