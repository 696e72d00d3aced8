"""Addresses where a browser is. Any thread.

A browser keeps connections that it has not used for its next request: what comes on them before that is taken for
the beginning of the response. Chromium keeps them for 60 s.
"""

import threading
import time
from collections.abc import Callable

SPARE_LIFE_S = 60.0
LIMIT = 65_536
"""Addresses that are remembered; of more, those that have asked for nothing for the longest time are forgotten."""


class BrowserAddresses:
    """The addresses that have sent an HTTP request lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked_at: dict[str, float] = {}  # the latest last
        self._lock = threading.Lock()

    def add(self, address: str) -> None:
        with self._lock:
            self._asked_at.pop(address, None)
            self._asked_at[address] = self._clock()
            if len(self._asked_at) > LIMIT:
                del self._asked_at[next(iter(self._asked_at))]

    def __contains__(self, address: str) -> bool:
        with self._lock:
            asked_at = self._asked_at.get(address)
        return asked_at is not None and self._clock() - asked_at < SPARE_LIFE_S
