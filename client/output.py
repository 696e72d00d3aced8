"""The output of the line mode: the screen, the log file, and the buffers that commands read.

Owns them, and what happens when one of them cannot be written. `show` is for the receiving thread, the rest for the
main thread.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from client.buffers import Buffers
from client.events import Event, PasswordRequired
from client.files import Log
from client.screen import Screen

T = TypeVar("T")


class Output:
    """Shows and logs one event after the other."""

    def __init__(
        self, screen: Screen, log: Log, buffers: Buffers, room: Callable[[], str], leave: Callable[[], None]
    ) -> None:
        """`room` returns the current conversation; `leave` is called when the client cannot continue."""
        self._screen = screen
        self._log = log
        self._buffers = buffers
        self._lock = threading.Lock()  # guards log and buffers
        self._room = room
        self._leave = leave
        self._is_read = True

    def read(self, function: Callable[[Buffers, Log], T]) -> T:
        """Call a function with the buffers and the log, under their lock; safe on any thread."""
        with self._lock:
            return function(self._buffers, self._log)

    def show(self, event: Event) -> None:
        self._note(event)
        if not self._is_read:
            return
        try:
            self._screen.show(event, self._room())
        except OSError:  # a closed pipe or terminal
            self._is_read = False
            discard_standard_output()
            self._leave()
        if isinstance(event, PasswordRequired):  # the line mode cannot ask while the user types
            self._leave()

    def _note(self, event: Event) -> None:
        with self._lock:
            self._buffers.apply(event, time.time())
            try:
                self._log.note(event)
            except OSError as error:
                self._screen.answer(f"The log is closed: {error.strerror}")


def discard_standard_output() -> None:
    """Redirect the standard output to nowhere, so that Python's flush at exit does not fail on a closed pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
