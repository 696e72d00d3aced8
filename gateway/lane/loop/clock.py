"""The clocks of a lane. A test can replace them, so that a whole network runs in one thread and in virtual time
(tests/simulation)."""

import time
from collections.abc import Callable
from dataclasses import dataclass


def _boottime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Clock:
    """Each in seconds. ``awake`` continues while the host sleeps, ``monotonic`` does not."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    awake: Callable[[], float] = _boottime


CLOCK = Clock()
"""The clocks of this host."""
