"""Alerts when a message mentions a user who looks elsewhere: the bell, and a notification of the desktop.

Owns how often they come, and how: the program notify-send, or the sequence OSC 9 of terminals.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Final

from gateway.wire.text import strip_controls

PAUSE_S: Final = 2.0  # from one alert to the next: a flood of mentions is one
_TEXT_LIMIT: Final = 200


class Alerts:
    """Rings and notifies as the settings say."""

    def __init__(self, write: Callable[[str], None], *, rings: bool, notifies: bool) -> None:
        """`write` writes control sequences to the terminal."""
        self._write = write
        self._rings = rings
        self._notifies = notifies
        self._alerted_at = -PAUSE_S

    def mention(self, title: str, text: str, now: float) -> None:
        """Alert the user to a mention or a direct message."""
        if now - self._alerted_at < PAUSE_S:
            return
        self._alerted_at = now
        if self._rings:
            self._write("\a")
        if self._notifies:
            title, text = (strip_controls(part.replace("\n", " "))[:_TEXT_LIMIT] for part in (title, text))
            self._notify(title, text)

    def _notify(self, title: str, text: str) -> None:
        program = shutil.which("notify-send")
        if program and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            subprocess.Popen(  # nobody waits for its end; Python reaps it when the next one starts
                [program, "--app-name=Hubbub", "--", title, text],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        else:
            self._write(f"\x1b]9;{title}: {text}\x1b\\")
