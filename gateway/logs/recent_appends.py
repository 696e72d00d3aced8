"""What a lane has appended in the last minute, log by log: a Redis may lose it, and then it is put back.

Bounded in bytes; the oldest go first, whichever log they are of. Pure; belongs to one lane.
"""

from collections import deque
from collections.abc import Callable

from gateway.chat.events import Entry, encode
from gateway.logs.in_flight import InFlight, Writer

AGES = 12  # of the 5 s that lie between two calls of `Memory.age`
LIMIT_BYTES = 16 * 1024 * 1024
OVERHEAD_BYTES = 250  # what an entry takes besides its payload


class RecentAppends:
    """See the module. The entries themselves are in each writer's ``memory``; this knows which is the oldest of all."""

    def __init__(self, on_forgotten: Callable[[Writer], None]) -> None:
        """``on_forgotten`` is told whose entry has been forgotten."""
        self._oldest: deque[tuple[int, Writer]] = deque()  # (age at which it was, whose oldest entry it is)
        self._on_forgotten = on_forgotten
        self._bytes = 0
        self._age = 0

    def add(self, writer: Writer, flight: InFlight) -> None:
        """An entry is in its log."""
        writer.memory.append(InFlight(flight.origin, flight.payload))
        self._oldest.append((self._age, writer))
        self._bytes += len(flight.payload) + OVERHEAD_BYTES
        while self._bytes > LIMIT_BYTES:
            self._forget_oldest()

    def forget_rejected(self, writer: Writer, entry: Entry, voids: set[int]) -> None:
        """Events of an entry that has just landed were refused: it is not put back with them, come what may."""
        memory = writer.memory
        if memory and memory[-1].origin == entry.origin:
            kept = [event for i, event in enumerate(zip(entry.sids, entry.lines, strict=True)) if i not in voids]
            remembered = InFlight(entry.origin if kept else "", encode(kept) if kept else b"")
            self._bytes -= len(memory[-1].payload) - len(remembered.payload)
            memory[-1] = remembered

    def age(self) -> None:
        """Forgets entries of a minute ago; called every 5 s."""
        self._age += 1
        while self._oldest and self._oldest[0][0] < self._age - AGES:
            self._forget_oldest()

    def forget(self, writer: Writer) -> None:
        """Forget all entries of a log that cannot be restored."""
        self._bytes -= sum(len(entry.payload) + OVERHEAD_BYTES for entry in writer.memory)
        writer.memory.clear()
        self._oldest = deque((age, log) for age, log in self._oldest if log is not writer)

    def clear(self) -> None:
        while self._oldest:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, writer = self._oldest.popleft()
        self._bytes -= len(writer.memory.popleft().payload) + OVERHEAD_BYTES
        self._on_forgotten(writer)
