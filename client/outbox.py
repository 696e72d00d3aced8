"""Messages that the network has not confirmed yet, oldest first.

Owns the limits on waiting messages and on lines in flight, and which messages are in doubt because their connection was
lost before their echo came. Knows neither the protocol nor the clock. Pure; under the session's lock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.wire.casefold import casefold

OUTBOX_LIMIT: Final = 20_000  # messages; a pipe waits when it is full, a user gets an error
IN_FLIGHT_LIMIT: Final = 16  # lines: the echoes set the pace, so a long pipe is no flood


@dataclass(slots=True)
class UnsentMessage:
    """One unconfirmed message; `id` is its client msgid, which is random."""

    id: str
    verb: str
    target: str
    text: str  # one line or several; "" of a TAGMSG
    reply_to: str = ""  # a msgid
    reaction: str = ""  # of a TAGMSG: what is added to the message `reply_to`, or removed
    removes_reaction: bool = False
    is_doubtful: bool = False  # it was sent on a lost connection, and may have arrived

    @property
    def line_count(self) -> int:
        return self.text.count("\n") + 1


class Outbox:
    """Messages that wait, then are in flight, then are removed when they are confirmed or refused."""

    def __init__(self) -> None:
        self._in_flight: dict[str, UnsentMessage] = {}
        self._waiting: dict[str, UnsentMessage] = {}

    def __len__(self) -> int:
        return len(self._in_flight) + len(self._waiting)

    def __contains__(self, client_msgid: str) -> bool:
        return client_msgid in self._in_flight or client_msgid in self._waiting

    @property
    def is_full(self) -> bool:
        return len(self) >= OUTBOX_LIMIT

    @property
    def in_flight(self) -> tuple[str, ...]:
        """Return the ids of the messages sent on this connection, oldest first."""
        return tuple(self._in_flight)

    def put(self, unsent: UnsentMessage) -> None:
        self._waiting[unsent.id] = unsent

    def rewrite(self, rewritten: Callable[[UnsentMessage], list[UnsentMessage]]) -> None:
        """Replace waiting messages by others."""
        self._waiting = {piece.id: piece for unsent in self._waiting.values() for piece in rewritten(unsent)}

    def launch(self, is_ready: Callable[[str], bool]) -> list[UnsentMessage]:
        """Move the messages that may be sent now to those in flight; the order for one target stays.

        A message with more lines than the limit is sent alone.
        """
        lines = sum(unsent.line_count for unsent in self._in_flight.values())
        launched: list[UnsentMessage] = []
        for unsent in self._waiting.values():
            if lines >= IN_FLIGHT_LIMIT:
                break
            if not is_ready(unsent.target):
                continue
            if lines and lines + unsent.line_count > IN_FLIGHT_LIMIT:
                break
            launched.append(unsent)
            lines += unsent.line_count
        for unsent in launched:
            self._in_flight[unsent.id] = self._waiting.pop(unsent.id)
        return launched

    def remove(self, client_msgid: str) -> UnsentMessage | None:
        """Remove a message that is confirmed or refused; None if it is not there."""
        return self._in_flight.pop(client_msgid, None) or self._waiting.pop(client_msgid, None)

    def sent_with(self, target: str, text: str | None = None) -> UnsentMessage | None:
        """Return the oldest message to `target` (with `text`) that may have arrived, for replies without an id."""
        doubtful = [unsent for unsent in self._waiting.values() if unsent.is_doubtful]
        for unsent in [*self._in_flight.values(), *doubtful]:
            if casefold(unsent.target) == casefold(target) and text in (None, unsent.text):
                return unsent
        return None

    def lose_connection(self) -> None:
        """Put the messages in flight back in front: they are older, and now in doubt."""
        for unsent in self._in_flight.values():
            unsent.is_doubtful = True
        self._waiting = {**self._in_flight, **self._waiting}
        self._in_flight = {}

    def withdraw_all(self) -> list[UnsentMessage]:
        """Remove and return all messages."""
        given_up = [*self._in_flight.values(), *self._waiting.values()]
        self._in_flight = {}
        self._waiting = {}
        return given_up
