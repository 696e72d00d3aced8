"""The lane's link to Redis, kept in use: connected, connected again after a loss, proven to deliver.

A healthy TCP connection proves nothing, and an answered command only half of it. So the lane publishes to a channel
of its own and expects that back before the next time; only a link that has delivered so counts as well. Runs on the
lane's thread.
"""

import socket
from collections.abc import Callable
from random import Random
from typing import Protocol

import structlog

from gateway.broker.link import Link, Reply
from gateway.lane.timers import Timer

log = structlog.get_logger()

LOOK_S = 0.5
PROBE_S = 5.0
FIRST_RETRY_S = 0.05
LONGEST_RETRY_S = 2.0


class Host(Protocol):
    """What the upkeep needs of its lane."""

    id: str
    now: float
    is_stopping: bool

    def later(self, after_s: float, call: Callable[[], None]) -> Timer: ...

    def connect(self, done: Callable[[socket.socket | BaseException], None]) -> None:
        """Brings a connected socket to Redis, or why there is none."""

    def link_proven(self) -> None:
        """What is published arrives: Redis is back."""


class Upkeep:
    """See the module. ``is_well``: the link is up, and what the lane published last on it has come back in time."""

    def __init__(self, host: Host, link: Link, channel: str, random: Random) -> None:
        """``channel``: the lane's own, for its probes."""
        self._host = host
        self._link = link
        self._channel = channel
        self._random = random
        self._retry_s = 0.0  # the last pause before a new connection; 0 while Redis is not away
        self._expected = 0  # the newest probe
        self._asked_at: float | None = None  # since when an answer is due: the greeting's or a probe's
        self._probed_at = 0.0
        self.is_well = False

    # -- connecting -----------------------------------------------------------------------------------

    def connect(self) -> None:
        if not self._host.is_stopping:
            self._host.connect(self._connected)

    def _connected(self, result: socket.socket | BaseException) -> None:
        if isinstance(result, BaseException):
            self._retry(str(result))
        elif self._host.is_stopping:
            result.close()
        else:
            self._asked_at = self._host.now
            self._link.attach(result)

    def _retry(self, why: str) -> None:
        # Capped, jittered backoff: gateways must not come back all at once.
        if not self._retry_s:
            log.warning("redis_away", lane=self._host.id, why=why)
        self._retry_s = min(LONGEST_RETRY_S, self._retry_s * 2 or FIRST_RETRY_S)
        self._host.later(self._retry_s * (0.5 + self._random.random()), self.connect)

    def link_up(self) -> None:
        """To be called behind all else that a new connection is sent: who refuses any of that is not well."""
        self._link.subscribe(self._channel)
        self._probe()

    def link_down(self, why: str) -> None:
        self.is_well = False
        self._asked_at = None
        if not self._host.is_stopping:
            self._retry(why)

    # -- proving --------------------------------------------------------------------------------------

    def look(self) -> None:
        """Every ``LOOK_S``: probes when it is time, gives up a connection on which nothing has come in time."""
        now = self._host.now
        if self._asked_at is not None:
            if now - self._asked_at >= PROBE_S:
                self._link.drop(
                    "what is published does not arrive" if self._link.is_up else "no answer to the greeting"
                )
        elif self._link.is_up and now - self._probed_at >= PROBE_S:
            self._probe()

    def _probe(self) -> None:
        self._expected += 1
        self._probed_at = self._asked_at = self._host.now
        self._link.call(_ignore, "PUBLISH", self._channel, self._expected)

    def heard(self, channel: bytes, payload: bytes) -> None:
        """A published message that is no log's."""
        if channel != self._channel.encode() or payload != b"%d" % self._expected:
            return
        self._asked_at = None
        if not self.is_well:
            self.is_well = True
            if self._retry_s:
                log.info("redis_back", lane=self._host.id)
            self._retry_s = 0.0
            self._host.link_proven()


def _ignore(_reply: Reply) -> None:
    """For commands whose reply tells nothing."""
