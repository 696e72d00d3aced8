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
class Pending:
    """One message on its way; `id` is random and travels with it as +hubbub/id."""

    id: str
    verb: str
    target: str
    text: str  # perhaps of several lines
    reply_to: str = ""  # a msgid
    is_doubtful: bool = False  # sent once on a connection that is lost: it may have arrived

    @property
    def line_count(self) -> int:
        return self.text.count("\n") + 1


class Outbox:
    """Messages waiting to be sent, then in flight, then gone when they are confirmed or refused."""

    def __init__(self) -> None:
        self._in_flight: dict[str, Pending] = {}
        self._waiting: dict[str, Pending] = {}

    def __len__(self) -> int:
        return len(self._in_flight) + len(self._waiting)

    def __contains__(self, pending_id: str) -> bool:
        return pending_id in self._in_flight or pending_id in self._waiting

    @property
    def is_full(self) -> bool:
        return len(self) >= OUTBOX_LIMIT

    @property
    def in_flight(self) -> tuple[str, ...]:
        """The ids of what was sent on this connection, oldest first."""
        return tuple(self._in_flight)

    def put(self, pending: Pending) -> None:
        self._waiting[pending.id] = pending

    def rewrite(self, rewritten: Callable[[Pending], list[Pending]]) -> None:
        """Let others stand in the place of some that wait."""
        self._waiting = {piece.id: piece for pending in self._waiting.values() for piece in rewritten(pending)}

    def launch(self, is_ready: Callable[[str], bool]) -> list[Pending]:
        """Take what may be sent now as in flight; the order for one target is kept.

        A message of more lines than may be in flight goes alone.
        """
        lines = sum(pending.line_count for pending in self._in_flight.values())
        launched: list[Pending] = []
        for pending in self._waiting.values():
            if lines >= IN_FLIGHT_LIMIT:
                break
            if not is_ready(pending.target):
                continue
            if lines and lines + pending.line_count > IN_FLIGHT_LIMIT:
                break
            launched.append(pending)
            lines += pending.line_count
        for pending in launched:
            self._in_flight[pending.id] = self._waiting.pop(pending.id)
        return launched

    def remove(self, pending_id: str) -> Pending | None:
        """Forget a message whose fate is known; None where that was known already."""
        return self._in_flight.pop(pending_id, None) or self._waiting.pop(pending_id, None)

    def sent_with(self, target: str, text: str | None = None) -> Pending | None:
        """Find the oldest message that may have arrived at `target` (with `text`), for want of an id."""
        doubtful = [pending for pending in self._waiting.values() if pending.is_doubtful]
        for pending in [*self._in_flight.values(), *doubtful]:
            if fold(pending.target) == fold(target) and text in (None, pending.text):
                return pending
        return None

    def lose_connection(self) -> None:
        """Put what was in flight back before all that waits: it is older, and now in doubt."""
        for pending in self._in_flight.values():
            pending.is_doubtful = True
        self._waiting = {**self._in_flight, **self._waiting}
        self._in_flight = {}

    def withdraw_all(self) -> list[Pending]:
        """Empty it, and give what was never confirmed."""
        given_up = [*self._in_flight.values(), *self._waiting.values()]
        self._in_flight = {}
        self._waiting = {}
        return given_up
