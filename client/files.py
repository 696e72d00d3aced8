"""The files that a person asks for: the log of all that comes, and the copy of one conversation.

Owns the open log. Knows nothing of the screen: what goes wrong is an OSError. On whichever thread holds it; `note` is
for the one that shows events.
"""

from pathlib import Path
from typing import TextIO

from client.buffer import Buffer
from client.events import Event
from client.reading import log_line
from client.transcript import FORMS


class Log:
    """A readable log, appended line by line."""

    def __init__(self) -> None:
        self._file: TextIO | None = None

    def open(self, path: Path) -> None:
        """Go on in this file from now on, in place of the last one. Raises OSError."""
        file = path.open("a", encoding="utf-8", errors="replace", buffering=1)
        self.close()
        self._file = file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def note(self, event: Event) -> None:
        """Write what is to be read of an event. Raises OSError once; then the log is closed."""
        line = log_line(event) if self._file is not None else None
        if line is None or self._file is None:
            return
        try:
            self._file.write(line + "\n")
        except OSError:
            self._file = None
            raise


def export(buffer: Buffer, path: Path) -> int:
    """Write the messages and events of a conversation, as JSON lines if the name ends in .jsonl; how many.

    Raises OSError.
    """
    write = FORMS["jsonl" if path.suffix == ".jsonl" else "text"]
    with path.open("w", encoding="utf-8", errors="replace") as file:
        for line in buffer.lines:
            file.write(write(line, buffer.name) + "\n")
    return len(buffer.lines)
