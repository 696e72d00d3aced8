"""`hubbub tail`: the messages of a room, from some moment on, line by line and exactly once, even if gateways die.

Owns the output and its end. `show` is for the receiving thread, `run` for the main thread.
"""

import re
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from client.buffer import Entry
from client.entry_factory import EntryFactory
from client.event_text import screen_line
from client.events import ClientNotice, Event, PasswordRequired, Received, ServerEvent
from client.output import discard_standard_output
from client.session import Session
from client.transcript import FORMS
from client.transport import Transport
from gateway.wire.casefold import casefold

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The messages to write, and when to stop."""

    room: str
    form: str
    since: float | None = None
    until_match: re.Pattern[str] | None = None
    timeout_s: float | None = None


class Tail:
    """Writes the messages of a room to the standard output."""

    def __init__(self, wanted: Wanted, own_nick: str) -> None:
        self._wanted = wanted
        self._write = FORMS[wanted.form]
        self._factory = EntryFactory(own_nick, ())
        self._is_over = threading.Event()
        self._code = 0

    def run(self, transport: Transport) -> int:
        """Write until a match, the timeout, a closed pipe, or SIGINT; return the exit code."""
        try:
            transport.start()
            if not self._is_over.wait(self._wanted.timeout_s):
                self._code = 0 if self._wanted.until_match is None else 1
        except KeyboardInterrupt:
            self._code = 0
        finally:
            self._is_over.set()
            transport.do(Session.give_up)
            transport.close()
        return self._code

    def show(self, event: Event) -> None:
        """Handle an event; nothing is written after the end."""
        if self._is_over.is_set():
            return
        try:
            match event:
                case Received(message=message, is_quiet=False):
                    if event.conversation and casefold(event.conversation) == casefold(self._wanted.room):
                        self._take(event, self._factory.of_message(message, event.at))
                case ServerEvent(message=message) if message.verb.isdecimal() and message.verb >= "400":
                    print(screen_line(event, ""), file=sys.stderr, flush=True)
                    self._end(1)  # the room cannot be joined
                case PasswordRequired():
                    print(screen_line(event, ""), file=sys.stderr, flush=True)
                    self._end(1)
                case ClientNotice():
                    print(screen_line(event, ""), file=sys.stderr, flush=True)
        except OSError:  # a closed pipe, as with `| head`
            discard_standard_output()
            self._end(0)

    def _take(self, event: Received, line: Entry | None) -> None:
        if line is None or event.at < (self._wanted.since or 0.0):
            return
        print(self._write(line, event.conversation), flush=True)
        if self._wanted.until_match is not None and self._wanted.until_match.search(line.text):
            self._end(0)

    def _end(self, code: int) -> None:
        self._code = code
        self._is_over.set()


def parse_time(text: str, now: datetime) -> float:
    """Parse an ISO 8601 time (UTC by default), or an age such as 10m, 2h, 1d, into seconds since the epoch.

    Raises ValueError with a sentence for the user.
    """
    age = re.fullmatch(r"(\d{1,9})([smhdw])", text, re.ASCII)
    try:
        at = now - timedelta(seconds=int(age[1]) * _UNITS[age[2]]) if age else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is neither a time such as 2026-11-22T10:00 nor an age such as 10m") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
