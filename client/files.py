"""The files that a person asks for: the log of all that comes, and the copy of one conversation.

Owns the open log. Knows nothing of the screen: what goes wrong is an OSError. On whichever thread holds it; `note` is
for the one that shows events.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from client.buffer import Buffer
from client.event_text import log_line
from client.events import Event, Received, Redacted
from client.transcript import FORMS

ERASABLE_LIMIT: Final = 20_000  # messages of the log that are known by their id; the oldest are forgotten
_DELETED: Final = b"[deleted]"


@dataclass(frozen=True, slots=True)
class _Entry:
    """The bytes of one message's text in the log."""

    start: int
    length: int


class Log:
    """A readable log, appended line by line; a message that is deleted is overwritten there."""

    def __init__(self) -> None:
        self._appended: FileIO | None = None
        self._overwritten: FileIO | None = None  # the same file, where it is one that can be written anywhere
        self._entries: dict[str, _Entry] = {}  # by msgid

    def open(self, path: Path) -> None:
        """Go on in this file from now on, in place of the last one. Raises OSError."""
        with ExitStack() as stack:
            appended = stack.enter_context(FileIO(path, "a"))
            overwritten = stack.enter_context(FileIO(path, "r+")) if path.is_file() else None
            stack.pop_all()
        self.close()
        self._appended, self._overwritten = appended, overwritten

    def close(self) -> None:
        for file in (self._appended, self._overwritten):
            if file is not None:
                file.close()
        self._appended = self._overwritten = None
        self._entries.clear()

    def note(self, event: Event) -> None:
        """Write what is to be read of an event. Raises OSError once; then the log is closed."""
        if self._appended is None:
            return
        try:
            if isinstance(event, Redacted):
                self._erase(event.msgid)
            elif (line := log_line(event)) is not None:
                self._append(self._appended, event, line)
        except OSError:
            self.close()
            raise

    def _append(self, file: FileIO, event: Event, line: str) -> None:
        written = f"{line}\n".encode(errors="replace")
        file.write(written)
        if self._overwritten is None or not isinstance(event, Received):
            return
        words = line.split(" ")  # date, time, place, and <nick>, or * and nick
        head = len(" ".join(words[: 5 if words[3:4] == ["*"] else 4]).encode(errors="replace")) + 1
        self._entries[event.message.tags.get("msgid", "")] = _Entry(
            file.tell() - len(written) + head, len(written) - head - 1
        )
        if len(self._entries) > ERASABLE_LIMIT:
            del self._entries[next(iter(self._entries))]

    def _erase(self, msgid: str) -> None:
        """Overwrite the text of a message, and the further lines that it may have, with as many bytes."""
        entry = self._entries.pop(msgid, None)
        if entry is not None and self._overwritten is not None:
            mark = _DELETED if entry.length >= len(_DELETED) else b"-" * entry.length
            os.pwrite(self._overwritten.fileno(), mark.ljust(entry.length), entry.start)


def export(buffer: Buffer, path: Path) -> int:
    """Write the messages and events of a conversation, as JSON lines if the name ends in .jsonl; how many.

    Raises OSError.
    """
    write = FORMS["jsonl" if path.suffix == ".jsonl" else "text"]
    lines = [each for line in buffer.entries for each in line.absorbed or (line,)]
    with path.open("w", encoding="utf-8", errors="replace") as file:
        for line in lines:
            file.write(write(line, buffer.name) + "\n")
    return len(lines)
