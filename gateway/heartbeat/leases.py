"""The heartbeat thread: renews this gateway's lease, and reaps others that let theirs run out.

Owns the thread and its Redis client, which never retries: a beat that was not answered is followed by the
next one, and no beat may be done twice behind our back. Callbacks run on this thread and must not block.
"""

import threading
import time
from collections.abc import Callable

import redis
import structlog

from gateway.broker import sentinel
from gateway.broker.keys import Keys
from gateway.broker.scripts import read
from gateway.heartbeat.reaper import Reaper, reaping_key

BEAT = read("gateway.heartbeat", "beat", 3)

TIMEOUT_S = 5.0
BEATS_A_LEASE = 5
RESERVATION_S = 10.0
JOIN_LIMIT_S = 8.0

log = structlog.get_logger()


class Heartbeat:
    """A lease that is kept until `stop`.

    `on_beat()` after every beat that Redis took; `on_gone()` once, when this gateway's id turns out to be
    reaped: it must not be used any more, and nothing beats until `take` gives another one. `on_new()` when the
    id is new to Redis: at first, after `take`, and when Redis was wiped. `bring_back` is called when Redis does not
    answer; it may block (the embedded server's `ensure`).
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
        bring_back: Callable[[], object] = lambda: None,
        connect: "Callable[[str], redis.Redis] | None" = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.gateway = gateway
        self._monotonic = monotonic
        self.last_beat_ok_at: float | None = None
        """When, by that clock, the newest beat was that Redis took; readiness looks at it."""
        self.beats = self.failures = self.reaped = 0
        self._client = (connect or client)(redis_url)
        self._keys = keys
        self._lease_s, self._lanes = lease_s, lanes
        self._on_beat, self._on_gone, self._on_new, self._bring_back = on_beat, on_gone, on_new, bring_back
        self._beat_script = self._client.register_script(BEAT.source)
        self._reaper = Reaper(self._client, keys, gateway)
        self._is_gone = self._is_away = False
        self._beaten_at_ms = 0  # by Redis's clock
        self._peers: list[bytes] = []  # ids of the gateways that there were then
        self._disowned = ""
        self._stopping = threading.Event()
        self._leave = False
        self._thread = threading.Thread(target=self._run, name="heartbeat")

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, leave: bool) -> None:
        """End the thread; `leave` when all sessions have quit: then nothing is left for others to reap."""
        self._leave = leave
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(JOIN_LIMIT_S)

    def take(self, gateway: str) -> None:
        """Go on under a new id, after `on_gone`; on the heartbeat thread, so from within a callback."""
        self.gateway, self._beaten_at_ms, self._is_gone = gateway, 0, False
        self._reaper = Reaper(self._client, self._keys, gateway)

    def disown(self, gateway: str) -> None:
        """A room's log says that this id is gone; if it is still this gateway's, it is; from any thread."""
        self._disowned = gateway

    def _run(self) -> None:
        with self._client:
            while not self._stopping.is_set():
                self.beat()
                self._stopping.wait(self._lease_s / BEATS_A_LEASE)
            if self._leave and not self._is_gone and not self._is_away:
                try:
                    self._reaper.leave()
                except redis.RedisError as error:
                    log.warning("leave_failed", error=str(error))

    def beat(self) -> None:
        """One beat, and what it hands out to reap. On the heartbeat thread."""
        if self._is_gone:
            return
        try:
            overdue = self._renew()
            if overdue:
                self._reaper.reap(overdue)
                self.reaped += 1
                log.info("gateway_reaped", gateway=overdue)
            if self.beats % BEATS_A_LEASE == 0:
                self._reaper.look()
        except redis.RedisError as error:
            self.failures += 1
            if not self._is_away:
                log.warning("heartbeat_failed", error=str(error))
            self._is_away = True
            if not self._stopping.is_set():
                self._bring_back()
            return
        if self._is_away:
            log.info("heartbeat_back")
        self._is_away = False

    def _renew(self) -> str:
        """Renew the lease; returns the id of a gateway to reap, or ''."""
        keys = self._keys
        status, overdue, now_ms, peers = self._beat_script(
            keys=[keys.gateways, reaping_key(keys), f"{keys.prefix}beat"],
            args=[
                self.gateway,
                round(self._lease_s * 1000),
                self._beaten_at_ms,
                round(RESERVATION_S * 1000),
                *self._peers,
            ],
        )
        if status == b"gone" or self._disowned == self.gateway:
            self._is_gone = True
            log.warning("lease_lost", gateway=self.gateway)
            self._on_gone()
            return "" if self._is_gone else self._renew()
        if status == b"new":
            self._client.hset(keys.gateway_info(self.gateway), "lanes", str(self._lanes))
            self._on_new()
        self._beaten_at_ms, self._peers = now_ms, peers
        self.beats += 1
        self.last_beat_ok_at = self._monotonic()
        self._on_beat()
        return str(overdue.decode())


def client(redis_url: str) -> "redis.Redis":
    """The control plane's client; it never retries."""
    return sentinel.client(redis_url, connect_timeout_s=TIMEOUT_S, timeout_s=TIMEOUT_S)
