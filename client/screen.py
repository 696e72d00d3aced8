"""Where a person reads: a terminal with a line being typed on it, or just two streams.

Owns the output. Knows nothing of the network. `show` is called on the receiving thread.
"""

import shutil
import sys
import unicodedata
from collections.abc import Iterator
from typing import Protocol, TextIO

from client.events import Event, Heard
from client.reading import screen_line
from gateway.wire.numerics import RPL_MOTD

# Make an empty line above the one being typed, and come back to the same place in it: index (scrolls if at the
# bottom), up, save the cursor, insert a line, write, restore, down. So the typed line is never written anew, and
# its text and cursor need not be known here (ECMA-48 IL, CUU, CUD; DEC VT100 IND, DECSC, DECRC).
_ABOVE = "\x1bD\x1b[A\x1b7\r\x1b[L{}\x1b8\x1b[B"


class Screen(Protocol):
    """Shows events; OSError where nobody reads any more."""

    def show(self, event: Event, room: str) -> None:
        """Show an event to one who talks in `room`."""

    def answer(self, text: str) -> None:
        """Show the client's own answer to something typed; may be several lines."""


class PlainScreen:
    """Lines without any terminal control: the chat to one stream, remarks about the connection to another."""

    def __init__(self, chat: TextIO = sys.stdout, remarks: TextIO = sys.stderr) -> None:
        self._chat = chat
        self._remarks = remarks

    def show(self, event: Event, room: str) -> None:
        line = screen_line(event, room)
        if line is not None:
            is_chat = isinstance(event, Heard) and event.message.verb != RPL_MOTD
            print(line, file=self._chat if is_chat else self._remarks, flush=True)

    def answer(self, text: str) -> None:
        print(text, file=self._remarks, flush=True)


class TerminalScreen:
    """Lines above the one that is being typed, which stays as it is."""

    def __init__(self, terminal: TextIO = sys.stdout) -> None:
        self._terminal = terminal

    def show(self, event: Event, room: str) -> None:
        line = screen_line(event, room)
        if line is not None:
            columns = shutil.get_terminal_size().columns
            rows = (row for part in line.split("\n") for row in rows_of(part, columns - 1))
            self._terminal.write("".join(map(_ABOVE.format, rows)))
            self._terminal.flush()

    def answer(self, text: str) -> None:
        print(text, file=self._terminal, flush=True)


def rows_of(text: str, columns: int) -> Iterator[str]:
    """Cut a text into rows that fit a terminal, between words where there are any."""
    while text:
        end = _fitting(text, columns)
        if end < len(text) and (space := text.rfind(" ", 0, end + 1)) > 0:
            end = space
        yield text[:end]
        text = text[end:].removeprefix(" ")


def _fitting(text: str, columns: int) -> int:
    """Count the characters, at least one, that fit into so many cells of a terminal."""
    cells = 0
    for index, character in enumerate(text):
        if not unicodedata.combining(character):
            cells += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if cells > columns:
            return max(index, 1)
    return len(text)
