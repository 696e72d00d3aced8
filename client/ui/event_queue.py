"""Events between the receiving thread and the interface, which handles many of them in one turn.

Owns the queue, its limit, and how often the interface wakes up: at most once in FRAME_S. `put` is called on the
receiving thread, all else on that of the interface.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from textual.app import App

from client.events import Event

FRAME_S: Final = 1 / 15  # an event after a pause is drawn at once
TURN_S: Final = 0.008  # then the keyboard gets its turn
EVENTS_LIMIT: Final = 5_000  # then the receiving thread waits, and TCP slows the server down


class EventQueue:
    """Queues events, and delivers them frame by frame."""

    def __init__(self, app: App[int], take: Callable[[Event], None], draw: Callable[[], None]) -> None:
        """`take` is called with each event, `draw` at the end of each turn."""
        self._app = app
        self._take = take
        self._draw = draw
        self._events: deque[Event] = deque()
        self._has_room = threading.Semaphore(EVENTS_LIMIT)
        self._is_open = False
        self._is_due = False
        self._drawn_at = 0.0

    @property
    def has_more(self) -> bool:
        return self._is_due or bool(self._events)

    def open(self) -> None:
        """Begin to deliver events."""
        self._is_open = True
        self._wake()

    def close(self) -> None:
        """Release the receiving thread, and queue nothing more."""
        self._is_open = False
        self._has_room.release(EVENTS_LIMIT)

    def put(self, event: Event) -> None:
        self._has_room.acquire()
        self._events.append(event)
        if self._is_open and not self._is_due:
            self._wake()

    def _wake(self) -> None:
        self._is_due = True
        self._app.call_later(self._await_frame)  # on any thread; an exception there ends the program

    def _await_frame(self) -> None:
        wait_s = self._drawn_at + FRAME_S - time.monotonic()
        if wait_s > 0:
            self._app.set_timer(wait_s, self._turn)
        else:
            self._turn()

    def _turn(self) -> None:
        self._is_due = False
        until = time.monotonic() + TURN_S
        taken = 0
        while self._events and time.monotonic() < until:
            self._take(self._events.popleft())
            taken += 1
        if taken:
            self._has_room.release(taken)
            self._draw()
        self._drawn_at = time.monotonic()
        if self._events and not self._is_due:
            self._wake()
