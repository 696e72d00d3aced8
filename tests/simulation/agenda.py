"""Virtual time: what is going to happen, and when. Nothing here waits."""

import heapq
from collections.abc import Callable
from itertools import count

Call = Callable[[], object]


class Agenda:
    """Calls by their moment, in seconds from the run's beginning; two of one moment in the order of their entry."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Call]] = []
        self._numbers = count()

    def at(self, moment: float, call: Call) -> None:
        heapq.heappush(self._heap, (max(moment, self.now), next(self._numbers), call))

    def after(self, delay_s: float, call: Call) -> None:
        heapq.heappush(self._heap, (self.now + delay_s, next(self._numbers), call))

    def run(self, until: float) -> None:
        """Lets everything happen that is due by then; time is then as late as that."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.now, _, call = heapq.heappop(heap)
            call()
        self.now = max(self.now, until)
