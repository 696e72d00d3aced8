"""Events on their way from the thread that receives to the interface: one turn of the interface takes many.

Owns the queue, its bound, and how often the interface is woken: at most FRAMES times a second, however much comes.
`put` is called on the receiving thread, all else on that of the interface.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from client.events import Event

FRAME_S: Final = 1 / 30
TURN_S: Final = 0.012  # then the keyboard has its turn
EVENTS_LIMIT: Final = 5_000  # then the receiving thread waits, and with it the network


class Feed:
    """Takes events, and gives them out frame by frame."""

    def __init__(self, take: Callable[[Event], None], draw: Callable[[], None]) -> None:
        """`take` is called with each event, `draw` when a turn has taken all it could."""
        self._take = take
        self._draw = draw
        self._events: deque[Event] = deque()
        self._has_room = threading.Semaphore(EVENTS_LIMIT)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_due = False
        self._drawn_at = 0.0
        self._is_closed = False

    def open(self) -> None:
        """Begin, on the thread and with the loop of the interface."""
        self._loop = asyncio.get_running_loop()
        self._wake()

    def close(self) -> None:
        """Keep nobody waiting any more."""
        self._is_closed = True
        self._has_room.release(EVENTS_LIMIT)

    def put(self, event: Event) -> None:
        self._has_room.acquire()
        self._events.append(event)
        if self._loop is not None and not self._is_due and not self._is_closed:
            self._is_due = True
            self._loop.call_soon_threadsafe(self._wake)

    @property
    def has_more(self) -> bool:
        return self._is_due or bool(self._events)

    def _wake(self) -> None:
        assert self._loop is not None
        wait_s = max(self._drawn_at + FRAME_S - time.monotonic(), 0.0)
        self._is_due = True
        self._loop.call_later(wait_s, self._turn)

    def _turn(self) -> None:
        self._is_due = False
        until = time.monotonic() + TURN_S
        taken = 0
        while self._events and time.monotonic() < until:
            self._take(self._events.popleft())
            taken += 1
        self._has_room.release(taken) if taken else None
        if taken:
            self._draw()
        self._drawn_at = time.monotonic()
        if self._events and not self._is_due:
            self._wake()
