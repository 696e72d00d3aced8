"""The lane's timers: a heap of times with their calls. Runs on the lane's thread."""

import heapq
import itertools
from collections.abc import Callable


class Timer:
    """A call that is due at a time. :meth:`cancel` cancels it."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class Timers:
    """All timers of a lane. Times are seconds of one monotonic clock, which the caller passes in."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._count = itertools.count()

    def at(self, when: float, call: Callable[[], None]) -> Timer:
        timer = Timer(call)
        heapq.heappush(self._heap, (when, next(self._count), timer))
        return timer

    def next_due(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def run_due(self, now: float) -> None:
        """Run the calls that are due. A timer that one of them sets for `now` runs the next time."""
        heap, due = self._heap, []
        while heap and heap[0][0] <= now:
            due.append(heapq.heappop(heap)[2])
        for timer in due:
            if timer.call is not None:
                timer.call()
