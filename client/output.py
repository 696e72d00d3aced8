"""Where events end up: on the screen, and in the log file if one was asked for.

Owns both, and what happens when one of them cannot be written any more. On the receiving thread.
"""

import os
import sys
from collections.abc import Callable
from typing import TextIO

from client.events import Event
from client.reading import log_line
from client.screen import Screen


class Output:
    """Shows and logs one event after the other."""

    def __init__(self, screen: Screen, log: TextIO | None, room: Callable[[], str], leave: Callable[[], None]) -> None:
        """`room` tells where the person talks now; `leave` is called once when nobody reads the screen."""
        self._screen = screen
        self._log = log
        self._room = room
        self._leave = leave
        self._is_read = True

    def show(self, event: Event) -> None:
        self._write_log(event)
        if not self._is_read:
            return
        try:
            self._screen.show(event, self._room())
        except OSError:  # a closed pipe, or a terminal that is gone
            self._is_read = False
            _discard_standard_output()
            self._leave()

    def _write_log(self, event: Event) -> None:
        line = log_line(event)
        if self._log is None or line is None:
            return
        try:
            self._log.write(line + "\n")
        except OSError as error:
            self._log = None
            self._screen.answer(f"The log is not written any more: {error.strerror}")


def _discard_standard_output() -> None:
    """Let what Python still holds for a closed pipe go nowhere, quietly, when it is flushed at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
