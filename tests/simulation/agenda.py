"""Virtual time: a queue of calls, each with its time. Nothing here waits."""

import heapq
from collections.abc import Callable
from itertools import count

Call = Callable[[], object]


class Agenda:
    """Calls ordered by time, in seconds from the start of the run. Calls of the same time run in the order of entry."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Call]] = []
        self._numbers = count()

    def at(self, moment: float, call: Call) -> None:
        heapq.heappush(self._heap, (max(moment, self.now), next(self._numbers), call))

    def after(self, delay_s: float, call: Call) -> None:
        heapq.heappush(self._heap, (self.now + delay_s, next(self._numbers), call))

    def run(self, until: float) -> None:
        """Run all calls that are due until a time, and advance virtual time to it."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.now, _, call = heapq.heappop(heap)
            call()
        self.now = max(self.now, until)
