"""What the person said and the network has not confirmed yet, oldest first.

Owns the bound, the window of messages in flight, and the doubt about those whose connection was lost before
their echo came. Knows neither the protocol nor the clock. Pure; whoever holds the session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.wire.casefold import fold

OUTBOX_LIMIT: Final = 1000  # messages; a pipe waits when it is full, a person is told
IN_FLIGHT_LIMIT: Final = 16  # so that a long pipe is no flood: the echoes set the pace


@dataclass(slots=True)
class Pending:
    """One message on its way; `id` is random and travels with it as +hubbub/id."""

    id: str
    verb: str
    target: str
    text: str
    is_doubtful: bool = False  # sent once on a connection that is lost: it may have arrived


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

    def launch(self, is_ready: Callable[[str], bool]) -> list[Pending]:
        """Take what may be sent now as in flight; the order for one target is kept."""
        room = IN_FLIGHT_LIMIT - len(self._in_flight)
        launched: list[Pending] = []
        for pending in self._waiting.values():
            if len(launched) >= room:
                break
            if is_ready(pending.target):
                launched.append(pending)
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


def split_text(text: str, limit_bytes: int) -> list[str]:
    """Cut a text into pieces of at most `limit_bytes` of UTF-8, between words where there are any."""
    pieces = []
    while len(encoded := text.encode()) > limit_bytes:
        piece = encoded[:limit_bytes].decode("utf-8", "ignore")
        at_word, _, _ = piece.rpartition(" ")
        piece = at_word or piece
        pieces.append(piece)
        text = text[len(piece) :].removeprefix(" ")
    if text:
        pieces.append(text)
    return pieces
