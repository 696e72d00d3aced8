"""The files that the user requests: the log, and exports of conversations.

Owns the open log. Knows nothing of the screen: errors are OSErrors. One thread at a time; `note` is called on the one
that shows events.
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

ERASABLE_LIMIT: Final = 20_000  # messages of the log that can be overwritten; the oldest are dropped
_DELETED: Final = b"[deleted]"


@dataclass(frozen=True, slots=True)
class _LoggedText:
    """The position of one message's text in the log, in bytes."""

    start: int
    length: int


class Log:
    """A readable log, appended line by line. The text of a deleted message is overwritten."""

    def __init__(self) -> None:
        self._appended: FileIO | None = None
        self._overwritten: FileIO | None = None  # the same file, if it is seekable
        self._entries: dict[str, _LoggedText] = {}  # by msgid

    def open(self, path: Path) -> None:
        """Append to this file from now on. Raises OSError."""
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
        """Write the text of an event. On an OSError the log is closed, and the error is raised."""
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
        words = line.split(" ")  # date, time, conversation, and <nick>, or * and nick
        head = len(" ".join(words[: 5 if words[3:4] == ["*"] else 4]).encode(errors="replace")) + 1
        self._entries[event.message.tags.get("msgid", "")] = _LoggedText(
            file.tell() - len(written) + head, len(written) - head - 1
        )
        if len(self._entries) > ERASABLE_LIMIT:
            del self._entries[next(iter(self._entries))]

    def _erase(self, msgid: str) -> None:
        """Overwrite the text of a message, with all its lines, by the same number of bytes."""
        entry = self._entries.pop(msgid, None)
        if entry is not None and self._overwritten is not None:
            mark = _DELETED if entry.length >= len(_DELETED) else b"-" * entry.length
            os.pwrite(self._overwritten.fileno(), mark.ljust(entry.length), entry.start)


def export(buffer: Buffer, path: Path) -> int:
    """Write the entries of a conversation, as JSON lines if the name ends in .jsonl; return their number.

    Raises OSError.
    """
    write = FORMS["jsonl" if path.suffix == ".jsonl" else "text"]
    lines = [each for line in buffer.entries for each in line.absorbed or (line,)]
    with path.open("w", encoding="utf-8", errors="replace") as file:
        for line in lines:
            file.write(write(line, buffer.name) + "\n")
    return len(lines)
