"""Connect the lane's Redis link, reconnect it after a loss, and check that it delivers.

A TCP connection that looks healthy may deliver nothing, and a reply to a command does not prove that published messages
arrive. So the lane publishes to its own channel and expects the message back. Only then the link is healthy. While
Redis refuses writes (memory or disk full), one small write is repeated until it is accepted. Runs on the lane's thread.
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

TICK_S = 0.5
QUIET_CHECKS = 2  # checks without a byte from Redis while a reply is due, until it counts as unavailable
PROBE_S = 5.0
FIRST_RETRY_S = 0.05
LONGEST_RETRY_S = 2.0


class Host(Protocol):
    """The operations of the lane that the probe uses."""

    @property
    def id(self) -> str: ...

    @property
    def now(self) -> float: ...

    @property
    def is_stopping(self) -> bool: ...

    def later(self, after_s: float, call: Callable[[], None]) -> object: ...

    def connect(self, done: Callable[[socket.socket | BaseException], None]) -> None:
        """Connect to Redis; ``done`` gets a connected socket or the error."""

    def link_proven(self) -> None:
        """Called when a probe has arrived: the link delivers."""

    def redis_unavailable(self) -> None:
        """Called when Redis becomes unavailable."""

    def redis_available(self) -> None:
        """Called when Redis is available again."""

    def writes_taken(self) -> None:
        """Called when Redis accepts writes again, after `LinkProbe.refused`."""


class LinkProbe:
    """The state of a lane's link. ``is_away``: Redis is unavailable, or has not answered for a second."""

    def __init__(self, host: Host, link: RedisLink, channel: str, written: str, random: Random) -> None:
        """``channel``: for the lane's probes; ``written``: a hash of its gateway, for test writes."""
        self._host = host
        self._written = written
        self._link = link
        self._channel = channel
        self._random = random
        self._retry_s = 0.0  # the last pause before a new connection; 0 while Redis is available
        self._expected = 0  # the newest probe
        self._asked_at: float | None = None  # since when a reply is due: to the greeting or a probe
        self._probed_at = 0.0
        self._clock = 0.0  # time in which the lane itself ran: a stall of the lane is no failure of Redis
        self._checked_at = 0.0
        self._is_proven = False
        self._is_lagging = False  # too few replicas of Redis
        self._refusal = ""  # the error with which Redis refuses writes
        self._refused_for_s = 0.0  # the last pause before a test write
        self._bytes_in = 0
        self._quiet_checks = 0
        self.is_away = True
        link.subscribe(channel, self.probe_received, lambda: None)

    @property
    def is_healthy(self) -> bool:
        """Whether the link is up, the last probe has come back in time, and Redis accepts writes."""
        return self._is_proven and not self._refusal and not self._is_lagging

    def _update_availability(self) -> None:
        """Notify the lane when Redis becomes unavailable or available."""
        is_away = (
            not self._link.is_connected or bool(self._refusal) or self._is_lagging or self._quiet_checks >= QUIET_CHECKS
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
        # Capped exponential backoff with jitter: gateways must not reconnect all at once.
        if not self._retry_s:
            log.warning("redis_unavailable", lane=self._host.id, why=why)
        self._retry_s = min(LONGEST_RETRY_S, self._retry_s * 2 or FIRST_RETRY_S)
        self._host.later(self._retry_s * (0.5 + self._random.random()), self.connect)

    def link_up(self) -> None:
        """Probe a new connection. Called after everything else was sent on it, so an error there prevents the proof."""
        self._quiet_checks = 0
        if self._refusal:
            self._test_write()
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
        """Use another hash for test writes, after a change of the gateway's id."""
        self._written = written

    def tick(self) -> None:
        """Probe when it is time, and drop a connection without a timely reply; called every ``TICK_S``."""
        self._clock += min(self._host.now - self._checked_at, TICK_S)
        self._checked_at = self._host.now
        now = self._clock
        is_quiet = self._link.is_awaiting and self._link.bytes_in == self._bytes_in
        self._quiet_checks = self._quiet_checks + 1 if is_quiet else 0
        self._bytes_in = self._link.bytes_in
        self._update_availability()
        if self._asked_at is not None:
            if now - self._asked_at >= PROBE_S:
                self._link.drop(
                    "published messages do not arrive" if self._link.is_connected else "no reply to the greeting"
                )
        elif self._link.is_connected and now - self._probed_at >= PROBE_S:
            self._probe()

    def _probe(self) -> None:
        self._expected += 1
        self._probed_at = self._asked_at = self._clock
        self._link.publish(self._channel, self._expected)

    def probe_received(self, payload: bytes) -> None:
        """Handle a message on the probes' channel. Only the newest probe counts."""
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
        """Note whether too few replicas have the appended entries."""
        self._is_lagging = is_lagging
        if is_lagging:
            log.warning("too_few_replicas", lane=self._host.id)
        elif self._link.is_connected:
            log.info("replicas_available", lane=self._host.id)
        self._update_availability()
        if not is_lagging:
            self._host.writes_taken()

    # -- a Redis that takes no writes -----------------------------------------------------------------

    def refused(self, error: str) -> None:
        """Note that Redis has refused a write because of its own, possibly temporary state."""
        if self._refusal:
            return
        self._refusal = error
        log.warning("redis_writes_refused", lane=self._host.id, why=error)
        self._refused_for_s = 0.0
        self._retry_write()
        self._update_availability()

    def _retry_write(self) -> None:
        self._refused_for_s = min(LONGEST_RETRY_S, self._refused_for_s * 2 or FIRST_RETRY_S)
        self._host.later(self._refused_for_s * (0.5 + self._random.random()), self._test_write)

    def _test_write(self) -> None:
        if self._refusal and self._link.is_connected:
            self._link.call(self._written, self._test_written, "HSET", "tried", self._expected)

    def _test_written(self, reply: Reply) -> None:
        if reply is LOST or not self._refusal:
            return  # the next connection tests again
        if isinstance(reply, hiredis.ReplyError):
            self._retry_write()
            return
        self._refusal = ""
        log.info("redis_writes_accepted", lane=self._host.id)
        self._update_availability()
        self._host.writes_taken()
