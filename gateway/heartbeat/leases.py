"""The heartbeat thread: renews this gateway's lease, and reaps gateways whose lease has expired.

Owns the thread and its Redis client. The client never retries: an unanswered beat is followed by the next beat, and a
beat must not run twice unnoticed. Callbacks run on this thread and must not block.
"""

import threading
import time
from collections.abc import Callable

import redis
import structlog

from gateway.broker import sentinel
from gateway.broker.keys import Keys
from gateway.broker.scripts import read
from gateway.heartbeat.reaper import Reaper

BEAT = read("gateway.heartbeat", "beat", 3)

TIMEOUT_S = 5.0
BEATS_A_LEASE = 5
RESERVATION_S = 10.0
JOIN_LIMIT_S = 8.0

log = structlog.get_logger()


class Heartbeat:
    """A lease that is renewed until `stop`.

    `on_beat()` is called after every beat that Redis accepted. `on_gone()` is called once, when this gateway's id was
    reaped: the id must not be used any more, and there is no beat until `take` sets a new one. `on_new()` is called
    when the id is new to Redis: at first, after `take`, and after a wipe of Redis. `restart_redis` is called when Redis
    does not answer; it may block (the embedded server's `ensure`).
    """

    def __init__(
        self,
        redis_url: str,
        keys: Keys,
        gateway: str,
        *,
        lease_s: float,
        lanes: int,
        on_beat: Callable[[], None],
        on_gone: Callable[[], None],
        on_new: Callable[[], None] = lambda: None,
        restart_redis: Callable[[], object] = lambda: None,
        connect: "Callable[[str], redis.Redis] | None" = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.gateway = gateway
        self._monotonic = monotonic
        self.last_beat_ok_at: float | None = None
        """The time of the newest beat that Redis accepted, by ``monotonic``; used for readiness."""
        self.beats = self.failures = self.reaped = 0
        self._client = (connect or client)(redis_url)
        self._keys = keys
        self._lease_s, self._lanes = lease_s, lanes
        self._on_beat, self._on_gone, self._on_new, self._restart_redis = on_beat, on_gone, on_new, restart_redis
        self._beat_script = self._client.register_script(BEAT.source)
        self._reaper = Reaper(self._client, keys, gateway)
        self._is_gone = self._is_redis_unavailable = False
        self._last_beat_ms = 0  # by Redis's clock
        self._peers: list[bytes] = []  # ids of all gateways at that beat
        self._reported_gone = ""
        self._stopping = threading.Event()
        self._leave = False
        self._thread = threading.Thread(target=self._run, name="heartbeat")

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, leave: bool) -> None:
        """End the thread. With `leave` (all sessions have quit) also remove this gateway's records."""
        self._leave = leave
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(JOIN_LIMIT_S)

    def take(self, gateway: str) -> None:
        """Continue under a new id, after `on_gone`. Call it from a callback, on the heartbeat thread."""
        self.gateway, self._last_beat_ms, self._is_gone = gateway, 0, False
        self._reaper = Reaper(self._client, self._keys, gateway)

    def disown(self, gateway: str) -> None:
        """Report that a room's log has the GONE event of this id; ignored if the id has changed. Any thread."""
        self._reported_gone = gateway

    def _run(self) -> None:
        with self._client:
            while not self._stopping.is_set():
                self.beat()
                self._stopping.wait(self._lease_s / BEATS_A_LEASE)
            if self._leave and not self._is_gone and not self._is_redis_unavailable:
                try:
                    self._reaper.leave()
                except redis.RedisError as error:
                    log.warning("leave_failed", error=str(error))

    def beat(self) -> None:
        """Renew the lease once, and reap the gateway that Redis returns. Runs on the heartbeat thread."""
        if self._is_gone:
            return
        try:
            overdue = self._renew()
            if overdue:
                self._reaper.reap(overdue)
                self.reaped += 1
                log.info("gateway_reaped", gateway=overdue)
            if self.beats % BEATS_A_LEASE == 0:
                self._reaper.reap_unleased()
        except redis.RedisError as error:
            self.failures += 1
            if not self._is_redis_unavailable:
                log.warning("heartbeat_failed", error=str(error))
            self._is_redis_unavailable = True
            if not self._stopping.is_set():
                self._restart_redis()
            return
        if self._is_redis_unavailable:
            log.info("heartbeat_recovered")
        self._is_redis_unavailable = False

    def _renew(self) -> str:
        """Renew the lease; return the id of a gateway to reap, or ""."""
        keys = self._keys
        status, overdue, now_ms, peers = self._beat_script(
            keys=[keys.gateways, keys.reaping, keys.beat],
            args=[
                self.gateway,
                round(self._lease_s * 1000),
                self._last_beat_ms,
                round(RESERVATION_S * 1000),
                *self._peers,
            ],
        )
        if status == b"gone" or self._reported_gone == self.gateway:
            self._is_gone = True
            log.warning("lease_lost", gateway=self.gateway)
            self._on_gone()
            return "" if self._is_gone else self._renew()
        if status == b"new":
            self._client.hset(keys.gateway_info(self.gateway), "lanes", str(self._lanes))
            self._on_new()
        self._last_beat_ms, self._peers = now_ms, peers
        self.beats += 1
        self.last_beat_ok_at = self._monotonic()
        self._on_beat()
        return str(overdue.decode())


def client(redis_url: str) -> "redis.Redis":
    """Return a Redis client of the control plane; it never retries."""
    return sentinel.client(redis_url, connect_timeout_s=TIMEOUT_S, timeout_s=TIMEOUT_S)
