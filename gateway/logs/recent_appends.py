"""The entries that a lane has appended in the last minute, of all logs: if Redis loses them, they are restored.

Bounded in bytes: the oldest go first, whichever log they belong to. Pure; belongs to one lane.
"""

from collections import deque
from collections.abc import Callable

from gateway.chat.events import Entry, encode
from gateway.logs.in_flight import InFlight, LogQueue

AGES = 12
"""Of the 5 s between two calls of :meth:`RecentAppends.age`."""
LIMIT_BYTES = 16 * 1024 * 1024
OVERHEAD_BYTES = 250  # of an entry, besides its payload


class RecentAppends:
    """Which of all recent entries is the oldest. The entries themselves are in ``recent`` of each log's queue."""

    def __init__(self, on_forgotten: Callable[[LogQueue], None]) -> None:
        """``on_forgotten`` gets the queue of which the oldest entry was forgotten."""
        self._oldest: deque[tuple[int, LogQueue]] = deque()  # (age at which it was added, its queue)
        self._on_forgotten = on_forgotten
        self._bytes = 0
        self._age = 0

    def add(self, queue: LogQueue, entry: InFlight) -> None:
        """Remember an entry that is in its log. Its events are not needed any more."""
        entry.events = ()
        queue.recent.append(entry)
        self._oldest.append((self._age, queue))
        self._bytes += len(entry.payload) + OVERHEAD_BYTES
        while self._bytes > LIMIT_BYTES:
            self._forget_oldest()

    def forget_rejected(self, queue: LogQueue, entry: Entry, rejected: set[int]) -> None:
        """Drop rejected events from the newest entry, so that they are not restored: they might be accepted then."""
        recent = queue.recent
        if recent and recent[-1].origin == entry.origin:
            events = list(zip(entry.sids, entry.lines, strict=True))
            accepted = [event for index, event in enumerate(events) if index not in rejected]
            remembered = InFlight(entry.origin if accepted else "", encode(accepted) if accepted else b"")
            self._bytes -= len(recent[-1].payload) - len(remembered.payload)
            recent[-1] = remembered

    def forget(self, queue: LogQueue) -> None:
        """Forget all entries of a log that cannot be restored."""
        self._bytes -= sum(len(entry.payload) + OVERHEAD_BYTES for entry in queue.recent)
        queue.recent.clear()
        self._oldest = deque((age, other) for age, other in self._oldest if other is not queue)

    def age(self) -> None:
        """Forget entries that are older than a minute; called every 5 s."""
        self._age += 1
        while self._oldest and self._oldest[0][0] < self._age - AGES:
            self._forget_oldest()

    def clear(self) -> None:
        while self._oldest:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, queue = self._oldest.popleft()
        self._bytes -= len(queue.recent.popleft().payload) + OVERHEAD_BYTES
        self._on_forgotten(queue)
