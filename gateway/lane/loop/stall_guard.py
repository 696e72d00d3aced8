"""What a lane does after it stood still: a suspended host, a stopped process, a turn that took far too long.

Its lease may have run out meanwhile, and others may have told the rooms that its sessions are gone. So it reads
no client until the lease has been renewed and its replicas have folded what it missed. Pure; seconds of a clock
that goes on while the host sleeps (CLOCK_BOOTTIME) come in.
"""

from collections.abc import Callable

GIVE_UP_S = 5.0


class StallGuard:
    """``limit_s``: a longer stand-still counts; ``beats``: how many beats the gateway's lease has had."""

    __slots__ = ("_awaited_beats", "_beats", "_give_up_at", "_limit_s", "_reached", "_turned_at")

    def __init__(self, limit_s: float, beats: Callable[[], int]) -> None:
        self._limit_s = limit_s
        self._beats = beats
        self._turned_at: float | None = None
        self._reached = True
        self._awaited_beats = 0
        self._give_up_at = 0.0

    def turn_began(self, at: float) -> bool:
        """A turn begins; whether it comes so late that everything must be checked: then call :meth:`check`."""
        last, self._turned_at = self._turned_at, at
        return last is not None and at - last > self._limit_s

    def check(self, at: float, reach: Callable[[Callable[[], None]], None]) -> None:
        """Reads no client from now on; ``reach`` calls back once all replicas have what the logs have."""
        self._reached = False
        self._awaited_beats = self._beats() + 1
        self._give_up_at = at + GIVE_UP_S
        reach(self._folded)

    def _folded(self) -> None:
        self._reached = True

    def may_read(self, at: float) -> bool:
        """Whether clients may be read; while Redis is away they are after a while, and wait with all others."""
        if self._reached and self._beats() >= self._awaited_beats:
            return True
        if at < self._give_up_at:
            return False
        self._reached, self._awaited_beats = True, 0
        return True
