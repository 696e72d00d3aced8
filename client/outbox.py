"""What the person said and the network has not confirmed yet, oldest first.

Owns the bound, the window of lines in flight, and the doubt about messages whose connection was lost before
their echo came. Knows neither the protocol nor the clock. Pure; whoever holds the session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.wire.casefold import fold

OUTBOX_LIMIT: Final = 20_000  # messages: a long paste; a pipe waits when it is full, a person is told
IN_FLIGHT_LIMIT: Final = 16  # lines, so that a long pipe is no flood: the echoes set the pace


@dataclass(slots=True)
class UnsentMessage:
    """One message on its way; `id` is random and travels with it as +hubbub/id."""

    id: str
    verb: str
    target: str
    text: str  # one line or several; "" of a TAGMSG
    reply_to: str = ""  # a msgid
    reaction: str = ""  # of a TAGMSG: what is added to the message `reply_to`, or removed
    removes_reaction: bool = False
    is_doubtful: bool = False  # sent once on a connection that is lost: it may have arrived

    @property
    def line_count(self) -> int:
        return self.text.count("\n") + 1


class Outbox:
    """Messages waiting to be sent, then in flight, then gone when they are confirmed or refused."""

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
        """The ids of what was sent on this connection, oldest first."""
        return tuple(self._in_flight)

    def put(self, unsent: UnsentMessage) -> None:
        self._waiting[unsent.id] = unsent

    def rewrite(self, rewritten: Callable[[UnsentMessage], list[UnsentMessage]]) -> None:
        """Let others stand in the place of some that wait."""
        self._waiting = {piece.id: piece for unsent in self._waiting.values() for piece in rewritten(unsent)}

    def launch(self, is_ready: Callable[[str], bool]) -> list[UnsentMessage]:
        """Take what may be sent now as in flight; the order for one target is kept.

        A message of more lines than may be in flight goes alone.
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
        """Forget a message whose fate is known; None where that was known already."""
        return self._in_flight.pop(client_msgid, None) or self._waiting.pop(client_msgid, None)

    def sent_with(self, target: str, text: str | None = None) -> UnsentMessage | None:
        """Find the oldest message that may have arrived at `target` (with `text`), for want of an id."""
        doubtful = [unsent for unsent in self._waiting.values() if unsent.is_doubtful]
        for unsent in [*self._in_flight.values(), *doubtful]:
            if fold(unsent.target) == fold(target) and text in (None, unsent.text):
                return unsent
        return None

    def lose_connection(self) -> None:
        """Put what was in flight back before all that waits: it is older, and now in doubt."""
        for unsent in self._in_flight.values():
            unsent.is_doubtful = True
        self._waiting = {**self._in_flight, **self._waiting}
        self._in_flight = {}

    def withdraw_all(self) -> list[UnsentMessage]:
        """Empty it, and give what was never confirmed."""
        given_up = [*self._in_flight.values(), *self._waiting.values()]
        self._in_flight = {}
        self._waiting = {}
        return given_up
