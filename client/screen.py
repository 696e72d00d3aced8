"""The screen of the line mode: plain lines on two streams, without any control sequence.

Owns the output. Knows nothing of the network. `show` is called on the receiving thread.
"""

import sys
from typing import Protocol, TextIO

from client.event_text import screen_line
from client.events import Event, ServerEvent
from gateway.wire.numerics import RPL_MOTD


class Screen(Protocol):
    """A screen for events; it raises OSError when it is closed."""

    def show(self, event: Event, room: str) -> None:
        """Show an event; `room` is the current conversation."""

    def answer(self, text: str) -> None:
        """Show an answer of the client, of one or more lines."""


class PlainScreen:
    """Writes the chat to one stream, if any, and remarks about the connection to another."""

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
