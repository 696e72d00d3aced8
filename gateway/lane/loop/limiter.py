"""A gate: so many at once may do what is much work for Redis and for the lane, the others wait in line.

Without it, a thousand LISTs in one moment are a thousand answers on the link, which Redis cuts for that, and a turn
that all other clients wait for. Who waits too long is told so, as of any wait. Runs on the lane's thread.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from gateway.lane.loop.tasks import Wait

PLACES = 8


class Host(Protocol):
    """What a gate needs of its lane."""

    def later(self, after_s: float, call: Callable[[], None]) -> object: ...


class ConcurrencyLimiter:
    """See the module; to be awaited in handlers' tasks: `await gate.enter()`, and at last `gate.leave()`."""

    def __init__(self, host: Host, places: int = PLACES) -> None:
        self._host = host
        self._free = places
        self._line: deque[Wait[None]] = deque()

    async def enter(self) -> None:
        if self._free:
            self._free -= 1
            return
        wait: Wait[None] = Wait()
        self._line.append(wait)
        await wait

    def leave(self) -> None:
        """The place is the next one's, in another turn: so one turn does no more than there are places."""
        self._host.later(0.0, self._admit)

    def _admit(self) -> None:
        while self._line:
            wait = self._line.popleft()
            if not wait.done:  # else it has given up waiting
                wait.fulfil(None)
                return
        self._free += 1
