"""Where events end up in the line mode: on the screen, in the log file, and in the buffers that commands look at.

Owns them, and what happens when one of them cannot be written any more. `show` is for the receiving thread, the rest
for that of the keyboard.
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
        """`room` tells where the person talks now; `leave` is called where it cannot go on."""
        self._screen = screen
        self._log = log
        self._buffers = buffers
        self._lock = threading.Lock()  # guards log and buffers
        self._room = room
        self._leave = leave
        self._is_read = True

    def read(self, function: Callable[[Buffers, Log], T]) -> T:
        """Do something with buffers and log; safe on any thread."""
        with self._lock:
            return function(self._buffers, self._log)

    def show(self, event: Event) -> None:
        self._note(event)
        if not self._is_read:
            return
        try:
            self._screen.show(event, self._room())
        except OSError:  # a closed pipe, or a terminal that is gone
            self._is_read = False
            discard_standard_output()
            self._leave()
        if isinstance(event, PasswordRequired):  # in the line mode nobody can be asked while they type
            self._leave()

    def _note(self, event: Event) -> None:
        with self._lock:
            self._buffers.apply(event, time.time())
            try:
                self._log.note(event)
            except OSError as error:
                self._screen.answer(f"The log is not written any more: {error.strerror}")


def discard_standard_output() -> None:
    """Let what Python still holds for a closed pipe go nowhere, quietly, when it is flushed at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
