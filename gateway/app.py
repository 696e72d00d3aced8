"""A gateway process: builds all parts, starts them in order and stops them in reverse. Runs on the main thread."""

import gc
import hashlib
import hmac
import itertools
import resource
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import redis
import structlog

from gateway import config
from gateway.admission import Admission, RateLimit
from gateway.binding import bind, page_url
from gateway.broker import dialing, requirements
from gateway.broker.keys import Keys
from gateway.browser_addresses import BrowserAddresses
from gateway.config import ConfigError, Settings
from gateway.embedded.server import EmbeddedServer
from gateway.executor import Executor
from gateway.heartbeat.leases import Heartbeat, client
from gateway.lane.context import LaneContext
from gateway.lane.hooks import call_all
from gateway.lane.lane import Lane
from gateway.lane.loop.process import Post, ProcessServices
from gateway.net.acceptor import Acceptor, Assign
from gateway.ops.health import AdminServer
from gateway.provision import Provision, provide
from gateway.readings import readiness, readings
from gateway.verifier import Verifier

log = structlog.get_logger()

GC_THRESHOLDS = (10_000, 20, 50)
"""Objects on the path of a message form no cycles, so the collector may run rarely."""
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)
LEAVE_LIMIT_S = 4.0
"""Time for the lanes to end after the last client was disconnected. If Redis hangs, a call to it takes 5 s more, so the
process still ends within the 10 s that supervisors usually wait after SIGTERM."""
HALT_LIMIT_S = 0.5
POLL_S = 0.05
UNAVAILABLE_S = 1.0
RETRY_S = 0.5


def run(settings: Settings) -> int:
    """Run a gateway until SIGTERM or ^C; return the exit status.

    Raises ConfigError or UnsuitableRedis if a setting must change, and CannotBind if an address is not available.
    """
    return Gateway(settings, provide(settings)).run()


class Gateway:
    """All parts of a gateway process, and the order in which they start and stop."""

    def __init__(self, settings: Settings, provision: Provision) -> None:
        self.settings = settings
        self.id = _new_id()
        self.keys = Keys(settings.prefix)
        self.executor = Executor()
        self.verifier = Verifier()
        self.browsers = BrowserAddresses()
        self.admission = Admission(settings.max_per_ip, settings.connect_rate, settings.connect_burst)
        self.new_rooms = RateLimit(settings.new_rooms_per_hour / 3600, settings.new_rooms_per_hour)
        self.lanes: list[Lane] = []
        self._provision = provision
        self._has_lease = False
        self._signals: list[int] = []
        self._signalled = threading.Event()
        self._exit_status = 0

    def run(self) -> int:
        self._raise_descriptor_limit()
        for number in (*ENDING_SIGNALS, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        settings = self.settings
        embedded = None if settings.redis else EmbeddedServer.start(settings.data_dir)
        try:
            url = embedded.url if embedded else settings.redis
            assert url is not None
            if not self._wait_for_redis(url):
                return 0
            return self._serve(url, embedded)
        finally:
            for number in ENDING_SIGNALS:  # from here on they end the process at once
                signal.signal(number, signal.SIG_DFL)
            self.executor.close()
            self.verifier.close()
            if embedded is not None:
                embedded.close()

    def _serve(self, url: str, embedded: EmbeddedServer | None) -> int:
        self._url = url
        with client(url) as control:
            self._cloak_key = self.settings.cloak_key or self._shared_cloak_key(control)
        heartbeat = Heartbeat(
            url,
            self.keys,
            self.id,
            lease_s=self.settings.lease_s,
            lanes=self.settings.lanes,
            on_beat=lambda: None,
            on_gone=lambda: heartbeat.take(_new_id()),
            on_new=lambda: self._lease_created(heartbeat.gateway),
            restart_redis=embedded.ensure if embedded else lambda: None,
        )
        listening, admin = bind(
            self.settings.listen,
            self.settings.admin,
            lambda: self._readiness(heartbeat),
            lambda: readings(self.lanes, heartbeat, self.admission),
        )
        self.lanes += [self._lane(number, url, heartbeat) for number in range(self.settings.lanes)]
        acceptor = Acceptor(listening, self._assign(), lambda: log.warning("out_of_descriptors"))
        for lane in self.lanes:
            lane.start()
        try:
            self._start(acceptor, heartbeat, admin)
            self._wait()
        except Exception as error:  # a bug: the other threads would continue, and no signal would end them
            log.error("fault", where="main", exc_info=error)
            self._exit_status = 1
        acceptor.stop()
        left = self._leave()
        heartbeat.stop(leave=left)
        if admin is not None:
            admin.stop()
        return self._exit_status

    def _start(self, acceptor: Acceptor, heartbeat: Heartbeat, admin: AdminServer | None) -> None:
        heartbeat.start()
        if admin is not None:
            admin.start()
            log.info("admin", port=admin.port)
        # No client may connect before there is a lease: without it, no reaper would find the records of a crash.
        while not (heartbeat.beats and all(lane.context.is_ready for lane in self.lanes)) and not self._is_ending:
            time.sleep(0.01)
        gc.freeze()  # objects that exist now live as long as the process
        gc.set_threshold(*GC_THRESHOLDS)
        acceptor.start()
        page = page_url(acceptor.addresses, has_tls=self._provision[2] is not None)
        listening_at = {"addresses": acceptor.addresses} | ({"page": page} if page else {})
        log.info("listening", **listening_at, gateway=self.id, name=self.settings.name)

    def _assign(self) -> Assign:
        """Return a function that assigns accepted sockets to the lanes in turn."""
        turns = itertools.cycle(self.lanes)

        def assign(accepted: socket.socket, peer: str) -> None:
            lane = next(turns)
            lane.post(lambda: lane.parts.connections.accept(accepted, peer))

        return assign

    def _lane(self, number: int, url: str, heartbeat: Heartbeat) -> Lane:
        settings, server, tls_context = self._provision

        def connect(post: Post, done: Callable[[Any], None]) -> None:
            self.executor.run(lambda: dialing.dial(url), post, done)

        process = ProcessServices(
            connect=connect,
            cloak=self._cloak,
            admit=self.admission,
            may_make_room=self.new_rooms.take,
            browsers=self.browsers,
            verify=self.verifier.submit,
            beats=lambda: heartbeat.beats,
            gone=heartbeat.disown,
            rehash=lambda: self._on_signal(signal.SIGHUP, None),
        )
        return Lane(LaneContext(self.id, number, settings, server, process, tls_context))

    def _cloak(self, address: str) -> str:
        digest = hmac.new(self._cloak_key.encode(), address.encode(), hashlib.sha256).hexdigest()
        return f"{digest[:12]}.cloak"

    def _shared_cloak_key(self, control: "redis.Redis") -> str:
        control.hsetnx(self.keys.secrets, "cloak", secrets.token_hex(32))
        value: Any = control.hget(self.keys.secrets, "cloak")
        return str(value.decode())

    def _lease_created(self, gateway: str) -> None:
        """Handle a lease that is new to Redis: at the start, after a wipe, or under a new id.

        Runs on the heartbeat thread.
        """
        if gateway != self.id:
            self.id = gateway
            for lane in self.lanes:
                lane.post(partial(lane.parts.rekey.take, gateway))
        elif self._has_lease:
            self._publish_cloak_key()
            for lane in self.lanes:
                lane.post(partial(call_all, lane.parts.hooks.lease_lost))
        self._has_lease = True

    def _publish_cloak_key(self) -> None:
        """Restore the cloak key after a wipe. All running gateways have the same one."""
        if not self.settings.cloak_key:
            with client(self._url) as control:
                control.hset(self.keys.secrets, "cloak", self._cloak_key)

    def _readiness(self, heartbeat: Heartbeat) -> tuple[bool, str]:
        if self._is_ending:
            return False, "shutting down"
        return readiness(self.lanes, heartbeat, self.settings.lease_s)

    # -- waiting --------------------------------------------------------------------------------------

    def _on_signal(self, number: int, _frame: object) -> None:
        """Queue a signal for the main thread. Other threads call this too: REHASH acts as SIGHUP."""
        self._signals.append(number)
        self._signalled.set()

    @property
    def _is_ending(self) -> bool:
        return self._ending_signal_count > 0

    @property
    def _ending_signal_count(self) -> int:
        return len(self._signals) - self._signals.count(signal.SIGHUP)

    def _wait(self) -> None:
        while not self._is_ending:
            if signal.SIGHUP in self._signals:
                self._signals.remove(signal.SIGHUP)
                self._reload()
            else:
                self._signalled.wait()
                self._signalled.clear()

    def _reload(self) -> None:
        """Apply all reloadable settings. If one of them is invalid, none is applied."""
        try:
            settings, needs_restart = config.reload(self.settings)
            self._provision = provide(settings)
        except ConfigError as error:
            log.error("reload_failed", problem=str(error))
            return
        self.settings = settings
        self.admission.limit = settings.max_per_ip
        self.admission.rate, self.admission.burst = settings.connect_rate, settings.connect_burst
        self.new_rooms.rate, self.new_rooms.burst = settings.new_rooms_per_hour / 3600, settings.new_rooms_per_hour
        for lane in self.lanes:
            lane.post(partial(lane.reload, *self._provision))
        log.info("reloaded", needs_restart=list(needs_restart))

    def _wait_for_redis(self, url: str) -> bool:
        """Wait for a suitable Redis; return False if a signal ends the process first."""
        is_logged = False
        while not self._is_ending:
            try:
                with client(url) as probe:
                    warning = requirements.check(probe)
                if warning:
                    log.warning("redis_unchecked", problem=warning)
                return True
            except (redis.RedisError, OSError) as error:
                if not is_logged:
                    log.warning("redis_unreachable", problem=str(error), next="retrying")
                    is_logged = True
            self._signalled.wait(RETRY_S)
            self._signalled.clear()
        return False

    def _leave(self) -> bool:
        """End every session; return whether all left their rooms in time. Without Redis they cannot."""
        spread_s = 0.0 if self._must_hurry or self._is_redis_unavailable else self.settings.drain_s
        began, clients = time.monotonic(), self._count_clients()
        log.info("draining", gateway=self.id, clients=clients, seconds=spread_s)
        for lane in self.lanes:
            lane.post(partial(lane.parts.drain.begin, spread_s))
        left = self._wait_for_lanes(began + spread_s + LEAVE_LIMIT_S, is_hurried=not spread_s)
        cut = self._count_clients()
        for lane in self.lanes:
            lane.post(lane.halt)
            lane.join(HALT_LIMIT_S)
        seconds = round(time.monotonic() - began, 1)
        log.info("stopped", gateway=self.id, clean=left, left=clients - cut, cut=cut, seconds=seconds)
        return left

    def _wait_for_lanes(self, deadline: float, *, is_hurried: bool) -> bool:
        """Wait for the lanes to end, and hurry them if needed; return whether all ended in time."""
        unavailable_polls = 0
        while not (have_ended := all(lane.join(0.0) for lane in self.lanes)) and time.monotonic() < deadline:
            unavailable_polls = unavailable_polls + 1 if self._is_redis_unavailable else 0
            if not is_hurried and (self._must_hurry or unavailable_polls * POLL_S >= UNAVAILABLE_S):
                is_hurried, deadline = True, time.monotonic() + LEAVE_LIMIT_S
                for lane in self.lanes:
                    lane.post(lane.parts.drain.hurry)
            time.sleep(POLL_S)
        return have_ended

    @property
    def _must_hurry(self) -> bool:
        """Whether a second signal came, or the process ends because of a bug."""
        return self._ending_signal_count > 1 or self._exit_status != 0

    @property
    def _is_redis_unavailable(self) -> bool:
        """Whether no lane reaches Redis: then waiting helps no client."""
        return not any(lane.parts.link.is_connected for lane in self.lanes)

    def _count_clients(self) -> int:
        return sum(len(lane.parts.clients) for lane in self.lanes)

    @staticmethod
    def _raise_descriptor_limit() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _new_id() -> str:
    """Return six base32 characters, the first a letter; 30 bits are enough for all gateways of a network."""
    letters, all_characters = "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz234567"
    return secrets.choice(letters) + "".join(secrets.choice(all_characters) for _ in range(5))
