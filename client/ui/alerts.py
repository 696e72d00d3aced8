"""Telling a person who looks elsewhere that they are wanted: the bell, and a notification of the desktop.

Owns how often, and the ways there are: the program notify-send, or what terminals offer (OSC 9).
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Final

from gateway.wire.text import strip_controls

PAUSE_S: Final = 2.0  # between two alerts: a flood of mentions is one
_TEXT_LIMIT: Final = 200


class Alerts:
    """Rings and notifies as the settings say."""

    def __init__(self, write: Callable[[str], None], *, rings: bool, notifies: bool) -> None:
        """`write` takes control sequences for the terminal."""
        self._write = write
        self._rings = rings
        self._notifies = notifies
        self._alerted_at = -PAUSE_S

    def mention(self, title: str, text: str, now: float) -> None:
        """Tell of a message that names the person, or is for them alone."""
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
            subprocess.Popen(  # its end is not waited for; Python collects it when the next one is started
                [program, "--app-name=Hubbub", "--", title, text],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        else:
            self._write(f"\x1b]9;{title}: {text}\x1b\\")
