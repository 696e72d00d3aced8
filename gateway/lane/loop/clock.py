"""The clocks of a lane, so that a test can give it others: with them a whole network runs in one thread, faster than
time passes (tests/simulation)."""

import time
from collections.abc import Callable
from dataclasses import dataclass


def _boottime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Clock:
    """Each in seconds. ``awake`` goes on while the host sleeps, which ``monotonic`` does not."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    awake: Callable[[], float] = _boottime


CLOCK = Clock()
"""This host's."""
