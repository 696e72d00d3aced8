"""Where a person or a program reads lines: two streams, without any control of a terminal.

Owns the output. Knows nothing of the network. `show` is called on the receiving thread.
"""

import sys
from typing import Protocol, TextIO

from client.event_text import screen_line
from client.events import Event, ServerEvent
from gateway.wire.numerics import RPL_MOTD


class Screen(Protocol):
    """Shows events; OSError where nobody reads any more."""

    def show(self, event: Event, room: str) -> None:
        """Show an event to one who talks in `room`."""

    def answer(self, text: str) -> None:
        """Show the client's own answer to something typed; may be several lines."""


class PlainScreen:
    """The chat to one stream, if any, and remarks about the connection to another."""

    def __init__(self, chat: TextIO | None = sys.stdout, remarks: TextIO = sys.stderr) -> None:
        self._chat = chat
        self._remarks = remarks

    def show(self, event: Event, room: str) -> None:
        line = screen_line(event, room)
        if line is not None:
            is_chat = isinstance(event, ServerEvent) and event.message.verb != RPL_MOTD
            stream = self._chat if is_chat else self._remarks
            if stream is not None:
                print(line, file=stream, flush=True)

    def answer(self, text: str) -> None:
        print(text, file=self._remarks, flush=True)
