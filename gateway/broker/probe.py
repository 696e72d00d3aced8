"""The lane's link to Redis, kept in use: connected, connected again after a loss, proven to deliver.

A healthy TCP connection proves nothing, and an answered command only half of it. So the lane publishes to a channel
of its own and expects that back before the next time; only a link that has delivered so counts as well. A Redis that
takes no writes (its memory or its disk is full) is tried by one small write until it does. Runs on the lane's thread.
"""

import socket
from collections.abc import Callable
from random import Random
from typing import Protocol

import hiredis
import structlog

from gateway.broker.link import RedisLink
from gateway.broker.port import LOST, Reply

log = structlog.get_logger()

LOOK_S = 0.5
QUIET_LOOKS = 2  # so many without a byte from Redis, while an answer is due, and it counts as away
PROBE_S = 5.0
FIRST_RETRY_S = 0.05
LONGEST_RETRY_S = 2.0


class Host(Protocol):
    """What the upkeep needs of its lane."""

    @property
    def id(self) -> str: ...

    @property
    def now(self) -> float: ...

    @property
    def is_stopping(self) -> bool: ...

    def later(self, after_s: float, call: Callable[[], None]) -> object: ...

    def connect(self, done: Callable[[socket.socket | BaseException], None]) -> None:
        """Brings a connected socket to Redis, or why there is none."""

    def link_proven(self) -> None:
        """What is published arrives: Redis is back."""

    def redis_unavailable(self) -> None:
        """Nothing is known to get into a log for now."""

    def redis_available(self) -> None:
        """It does again, as far as is known."""

    def writes_taken(self) -> None:
        """Redis takes writes again, after :meth:`Upkeep.refused`."""


class LinkProbe:
    """See the module. ``is_away``: nothing gets into a log, be it that Redis just does not answer for a second."""

    def __init__(self, host: Host, link: RedisLink, channel: str, written: str, random: Random) -> None:
        """``channel``: the lane's own, for its probes; ``written``: a hash of its gateway's, for trying to write."""
        self._host = host
        self._written = written
        self._link = link
        self._channel = channel
        self._random = random
        self._retry_s = 0.0  # the last pause before a new connection; 0 while Redis is not away
        self._expected = 0  # the newest probe
        self._asked_at: float | None = None  # since when an answer is due: the greeting's or a probe's
        self._probed_at = 0.0
        self._clock = 0.0  # seconds in which the lane kept up: what it has not read yet has not failed to come
        self._looked_at = 0.0
        self._is_proven = False
        self._is_lagging = False  # Redis's replicas are missing
        self._refusal = ""  # why Redis takes no writes
        self._refused_for_s = 0.0  # the last pause before trying to write
        self._bytes_in = 0
        self._quiet_looks = 0
        self.is_away = True
        link.subscribe(channel, self.probe_received, lambda: None)

    @property
    def is_healthy(self) -> bool:
        """The link is up, what the lane published last on it has come back in time, and Redis takes writes."""
        return self._is_proven and not self._refusal and not self._is_lagging

    def _update_availability(self) -> None:
        """Tells the lane when Redis goes away or comes back."""
        is_away = (
            not self._link.is_connected or bool(self._refusal) or self._is_lagging or self._quiet_looks >= QUIET_LOOKS
        )
        if is_away != self.is_away:
            self.is_away = is_away
            (self._host.redis_unavailable if is_away else self._host.redis_available)()

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
            self._asked_at = self._clock
            self._link.attach(result)

    def _retry(self, why: str) -> None:
        # Capped, jittered backoff: gateways must not come back all at once.
        if not self._retry_s:
            log.warning("redis_unavailable", lane=self._host.id, why=why)
        self._retry_s = min(LONGEST_RETRY_S, self._retry_s * 2 or FIRST_RETRY_S)
        self._host.later(self._retry_s * (0.5 + self._random.random()), self.connect)

    def link_up(self) -> None:
        """To be called behind all else that a new connection is sent: who refuses any of that is not well."""
        self._quiet_looks = 0
        if self._refusal:
            self._try_writing()
        self._probe()
        self._update_availability()

    def link_down(self, why: str) -> None:
        self._is_proven = False
        self._asked_at = None
        if not self._host.is_stopping:
            self._update_availability()
            self._retry(why)

    # -- proving --------------------------------------------------------------------------------------

    def rekeyed(self, written: str) -> None:
        """The gateway has a new id, and so its hash another name."""
        self._written = written

    def look(self) -> None:
        """Every ``LOOK_S``: probes when it is time, gives up a connection on which nothing has come in time."""
        self._clock += min(self._host.now - self._looked_at, LOOK_S)
        self._looked_at = self._host.now
        now = self._clock
        is_quiet = self._link.is_awaiting and self._link.bytes_in == self._bytes_in
        self._quiet_looks = self._quiet_looks + 1 if is_quiet else 0
        self._bytes_in = self._link.bytes_in
        self._update_availability()
        if self._asked_at is not None:
            if now - self._asked_at >= PROBE_S:
                self._link.drop(
                    "what is published does not arrive" if self._link.is_connected else "no answer to the greeting"
                )
        elif self._link.is_connected and now - self._probed_at >= PROBE_S:
            self._probe()

    def _probe(self) -> None:
        self._expected += 1
        self._probed_at = self._asked_at = self._clock
        self._link.publish(self._channel, self._expected)

    def probe_received(self, payload: bytes) -> None:
        """A message on the probes' channel. An earlier probe than the newest one proves nothing."""
        if payload != b"%d" % self._expected:
            return
        self._asked_at = None
        if not self._is_proven:
            self._is_proven = True
            if self._retry_s:
                log.info("redis_available", lane=self._host.id)
            self._retry_s = 0.0
            self._host.link_proven()

    # -- a Redis whose replicas are missing -----------------------------------------------------------

    def lagging(self, is_lagging: bool) -> None:
        """Too few replicas have what was appended; or enough again."""
        self._is_lagging = is_lagging
        if is_lagging:
            log.warning("too_few_replicas", lane=self._host.id)
        elif self._link.is_connected:
            log.info("replicas_back", lane=self._host.id)
        self._update_availability()
        if not is_lagging:
            self._host.writes_taken()

    # -- a Redis that takes no writes -----------------------------------------------------------------

    def refused(self, error: str) -> None:
        """Redis has refused a write for a reason of its own that may pass."""
        if self._refusal:
            return
        self._refusal = error
        log.warning("redis_takes_no_writes", lane=self._host.id, why=error)
        self._refused_for_s = 0.0
        self._try_again()
        self._update_availability()

    def _try_again(self) -> None:
        self._refused_for_s = min(LONGEST_RETRY_S, self._refused_for_s * 2 or FIRST_RETRY_S)
        self._host.later(self._refused_for_s * (0.5 + self._random.random()), self._try_writing)

    def _try_writing(self) -> None:
        if self._refusal and self._link.is_connected:
            self._link.call(self._written, self._tried, "HSET", "tried", self._expected)

    def _tried(self, reply: Reply) -> None:
        if reply is LOST or not self._refusal:
            return  # the next connection tries
        if isinstance(reply, hiredis.ReplyError):
            self._try_again()
            return
        self._refusal = ""
        log.info("redis_takes_writes", lane=self._host.id)
        self._update_availability()
        self._host.writes_taken()
