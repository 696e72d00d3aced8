"""The check of a lane after a stall: a suspended host, a stopped process, a turn that took much too long.

The lease may have expired meanwhile, and other gateways may have declared this one dead. So the lane reads no client
until the lease is renewed and the replicas have caught up. Pure; seconds of a clock that continues while the host
sleeps (CLOCK_BOOTTIME) come in.
"""

from collections.abc import Callable

GIVE_UP_S = 5.0


class StallGuard:
    """``limit_s``: a longer pause is a stall. ``beats``: returns the number of beats of the gateway's lease."""

    __slots__ = ("_awaited_beats", "_beats", "_give_up_at", "_limit_s", "_reached", "_turned_at")

    def __init__(self, limit_s: float, beats: Callable[[], int]) -> None:
        self._limit_s = limit_s
        self._beats = beats
        self._turned_at: float | None = None
        self._reached = True
        self._awaited_beats = 0
        self._give_up_at = 0.0

    def turn_began(self, at: float) -> bool:
        """Note the begin of a turn. Return whether it is so late that a check is needed: then call :meth:`check`."""
        last, self._turned_at = self._turned_at, at
        return last is not None and at - last > self._limit_s

    def check(self, at: float, reach: Callable[[Callable[[], None]], None]) -> None:
        """Read no client from now on. ``reach`` calls back when all replicas have reached the heads of their logs."""
        self._reached = False
        self._awaited_beats = self._beats() + 1
        self._give_up_at = at + GIVE_UP_S
        reach(self._folded)

    def _folded(self) -> None:
        self._reached = True

    def may_read(self, at: float) -> bool:
        """Return whether clients may be read. With Redis unavailable they are read after a while, as all others."""
        if self._reached and self._beats() >= self._awaited_beats:
            return True
        if at < self._give_up_at:
            return False
        self._reached, self._awaited_beats = True, 0
        return True
