"""The PINGs of one connection. They detect a dead server, measure the latency, and confirm messages without an echo.

At most one PING is outstanding. Knows no clock: `now` comes in, in seconds. Pure; under the session's lock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

KEEPALIVE_S: Final = 30.0  # from one PING to the next
FIRST_PING_S: Final = 2.0  # after the welcome
CONFIRM_WITHIN_S: Final = 5.0  # without an echo; then a PING is sent


@dataclass(slots=True)
class Ping:
    """A PING whose PONG confirms the messages sent before it."""

    token: str
    sent_at: float
    covers: tuple[str, ...]  # ids of messages
    is_last: bool  # QUIT follows its PONG
    is_promise: bool = True  # False after a FAIL PING


class Pings:
    """When to send a PING, and what its PONG means."""

    def __init__(self, new_token: Callable[[], str], now: float) -> None:
        self._new_token = new_token
        self._outstanding: Ping | None = None
        self._sent_at = now
        self._flight_began_at = now  # since when messages have been in flight without a pause

    def welcomed(self, now: float) -> None:
        """Begin after RPL_WELCOME: the first PING is due soon, so that the latency is known."""
        self._sent_at = now + FIRST_PING_S - KEEPALIVE_S

    def due(self, in_flight: tuple[str, ...], now: float, *, has_echo: bool, is_last: bool) -> Ping | None:
        """Return the PING to send now, if one is due; `is_last`: nothing else is left to do."""
        if not in_flight:
            self._flight_began_at = now
        if self._outstanding is not None:
            return None
        is_overdue = bool(in_flight) and (not has_echo or now - self._flight_began_at >= CONFIRM_WITHIN_S)
        if not (is_overdue or is_last or now - self._sent_at >= KEEPALIVE_S):
            return None
        self._outstanding = Ping(self._new_token(), now, in_flight, is_last)
        self._sent_at = now
        return self._outstanding

    def answered(self, token: str, now: float) -> Ping | None:
        """Handle a PONG; return the PING that it answers."""
        ping = self._outstanding
        if ping is None or ping.token != token:
            return None
        self._outstanding = None
        if ping.is_promise:
            self._flight_began_at = now
        return ping

    def revoke_promise(self) -> bool:
        """Handle a FAIL PING: the next PONG confirms nothing. False if no PING is outstanding."""
        if self._outstanding is None:
            return False
        self._outstanding.is_promise = False
        return True
