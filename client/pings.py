"""The PINGs of one connection: a sign of life, how long it takes, and the settling of what no echo confirmed.

Owns when one is due, and the one on its way: there is never a second. Knows no clock: `now` comes in, in seconds.
Pure; whoever holds the session.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

KEEPALIVE_S: Final = 30.0  # from one PING to the next
FIRST_PING_S: Final = 2.0  # after the welcome
CONFIRM_WITHIN_S: Final = 5.0  # then a PING settles what no echo did


@dataclass(slots=True)
class Ping:
    """A PING whose PONG settles what was sent before it."""

    token: str
    sent_at: float
    covers: tuple[str, ...]  # ids of messages
    is_last: bool  # all is said and done: after its PONG comes QUIT
    is_promise: bool = True  # a FAIL PING before the PONG takes the promise back


class Pings:
    """When to ask, and what the answer means."""

    def __init__(self, new_token: Callable[[], str], now: float) -> None:
        self._new_token = new_token
        self._on_its_way: Ping | None = None
        self._sent_at = now
        self._flight_began_at = now  # since when messages have been in flight without a pause

    def welcomed(self, now: float) -> None:
        """Begin to count: the first PING comes soon, so that the latency is known."""
        self._sent_at = now + FIRST_PING_S - KEEPALIVE_S

    def due(self, in_flight: tuple[str, ...], now: float, *, has_echo: bool, is_last: bool) -> Ping | None:
        """Give the PING to send now, if it is time for one; `is_last`: nothing else is left to be done."""
        if not in_flight:
            self._flight_began_at = now
        if self._on_its_way is not None:
            return None
        is_overdue = bool(in_flight) and (not has_echo or now - self._flight_began_at >= CONFIRM_WITHIN_S)
        if not (is_overdue or is_last or now - self._sent_at >= KEEPALIVE_S):
            return None
        self._on_its_way = Ping(self._new_token(), now, in_flight, is_last)
        self._sent_at = now
        return self._on_its_way

    def answered(self, token: str, now: float) -> Ping | None:
        """Take a PONG; give the PING that it answers."""
        ping = self._on_its_way
        if ping is None or ping.token != token:
            return None
        self._on_its_way = None
        if ping.is_promise:
            self._flight_began_at = now
        return ping

    def take_promise_back(self) -> bool:
        """Take a FAIL PING: the PONG to come settles nothing. False where no PING is on its way."""
        if self._on_its_way is None:
            return False
        self._on_its_way.is_promise = False
        return True
