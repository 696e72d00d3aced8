"""What each part of a lane knows of it: its identity, the time, its settings, and how to be called later.

A turn of the lane sets the time. A rekey sets the identity. A reload sets the settings. Nothing else writes here. All
of it belongs to the lane's thread, except :meth:`LaneContext.post`.
"""

import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from random import Random, SystemRandom

import structlog

from gateway.chat.network import Server
from gateway.lane.loop.clock import CLOCK, Clock
from gateway.lane.loop.process import ProcessServices
from gateway.lane.loop.timers import Timer, Timers
from gateway.net.selector import Wake

log = structlog.get_logger()

FORMER_IDS_LIMIT = 8


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """The settings of a lane."""

    prefix: str
    flood_rate: float
    flood_burst: int
    sendq_bytes: int
    ping_interval_s: float
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    history_messages: int
    history_bytes: int
    history_age_s: float
    retry_queue_bytes: int
    retry_queue_age_s: float
    wait_replicas: int
    sendq_total_bytes: int = 1 << 29
    """For all clients of this lane."""
    web_origins: tuple[str, ...] = ()


class LaneContext:
    """The identity, clock, settings and timers of a lane.

    A simulation gives its own clock, randomness and wake, so that a run does not depend on its machine.
    """

    def __init__(
        self,
        gateway: str,
        number: int,
        settings: LaneSettings,
        server: Server,
        process: ProcessServices,
        tls_context: ssl.SSLContext | None = None,
        *,
        clock: Clock = CLOCK,
        random: Random | None = None,
        wake: Wake | None = None,
    ) -> None:
        self.gateway, self.number = gateway, number
        self.id = f"{gateway}.{number}"
        self.settings, self.server, self.tls_context = settings, server, tls_context
        self.process = process
        self.random = random or SystemRandom()
        self.timers = Timers()
        self.wake = Wake() if wake is None else wake
        self.is_ready = self.is_stopping = self.is_rekeying = False
        self.monotonic, self._wall, self.awake = clock.monotonic, clock.wall, clock.awake
        self.now, self.wall_now = self.monotonic(), self._wall()
        self._wall_at_0 = self.wall_now - self.now
        self._posted: deque[Callable[[], None]] = deque()
        self._former: deque[str] = deque(maxlen=FORMER_IDS_LIMIT)  # prefixes of session ids, the newest first

    # -- time -----------------------------------------------------------------------------------------

    def turn_began(self) -> float:
        """Set the time for this turn: ``now`` (monotonic) and ``wall_now`` (since 1970), in seconds."""
        self.now = now = self.monotonic()
        self.wall_now = self._wall()
        return now

    def steady_wall_ms(self) -> int:
        """Milliseconds since 1970, never later than the lane's own count: a clock set forward is not believed."""
        return int(min(self.wall_now, self._wall_at_0 + self.now) * 1000)

    def later(self, after_s: float, call: Callable[[], None]) -> Timer:
        return self.timers.at(self.monotonic() + after_s, call)  # `now` is as old as the turn's wait

    def every(self, interval_s: float, call: Callable[[], None]) -> None:
        def again() -> None:
            self.later(interval_s, again)
            call()

        self.later(interval_s, again)

    # -- calls from other threads ---------------------------------------------------------------------

    def post(self, call: Callable[[], None]) -> None:
        """Run ``call`` on the lane's thread, unless that has ended. May be called on any thread."""
        self._posted.append(call)
        self.wake.set()

    def run_posted(self, _mask: int) -> None:
        self.wake.clear()
        while self._posted:
            self._posted.popleft()()

    # -- identity -------------------------------------------------------------------------------------

    def rekey(self, gateway: str) -> None:
        """Take the id of a lane of another gateway id. All session ids change with it."""
        self._former.appendleft(f"{self.id}.")
        self.gateway, self.id = gateway, f"{gateway}.{self.number}"

    @property
    def former_prefixes(self) -> tuple[str, ...]:
        """What the lane's session ids began with before, the newest first."""
        return tuple(self._former)

    def current_sid(self, sid: str) -> str:
        """The present id of a session of this lane, by any id that it had; other ids as they are."""
        for prefix in self._former:
            if sid.startswith(prefix):
                return f"{self.id}.{sid[len(prefix) :]}"
        return sid

    def new_epoch(self) -> str:
        """A random identity for a log that is created."""
        return f"{self.random.getrandbits(48):012x}"

    # -- faults ---------------------------------------------------------------------------------------

    def fault(self, where: str, error: Exception) -> None:
        """Log a fault of our own; the lane goes on."""
        log.error("fault", lane=self.id, where=where, exc_info=error)
