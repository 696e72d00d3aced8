"""A limit to how much large work is done at once; the rest waits in order.

Without it, a thousand LISTs in one moment are a thousand replies on the link, for which Redis closes it, and a turn
for which all other clients wait. A wait that lasts too long ends as any wait of a handler. Runs on the lane's thread.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from gateway.lane.loop.tasks import Wait

PLACES = 8


class Loop(Protocol):
    """What the limiter uses of the lane."""

    def later(self, after_s: float, call: Callable[[], None]) -> object: ...


class ConcurrencyLimiter:
    """So many places for work: ``async with limiter:`` in the task of a handler."""

    def __init__(self, loop: Loop, places: int = PLACES) -> None:
        self._loop = loop
        self._free = places
        self._line: deque[Wait[None]] = deque()

    async def __aenter__(self) -> None:
        if self._free:
            self._free -= 1
            return
        wait: Wait[None] = Wait()
        self._line.append(wait)
        await wait

    async def __aexit__(self, *_error: object) -> None:
        """Give the place to the next in another turn, so that one turn does no more work than there are places."""
        self._loop.later(0.0, self._admit)

    def _admit(self) -> None:
        while self._line:
            wait = self._line.popleft()
            if not wait.done:  # else it has given up waiting
                wait.fulfil(None)
                return
        self._free += 1
