"""A gateway process: builds all parts, starts them in order, and stops them in reverse. Runs on the main thread."""

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
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import redis
import structlog

from gateway import config
from gateway.broker import dialing
from gateway.broker.keys import Keys
from gateway.chat.ports import Server
from gateway.config import Settings
from gateway.embedded.server import EmbeddedServer
from gateway.executor import Executor
from gateway.heartbeat.leases import Heartbeat, client
from gateway.lane.lane import Lane, LaneSettings
from gateway.net.acceptor import Acceptor, listen

log = structlog.get_logger()

LEAVE_LIMIT_S = 8.0
RETRY_S = 0.5


def run(settings: Settings) -> int:
    """Runs a gateway until SIGTERM or ^C; its exit status."""
    return Gateway(settings).run()


class Gateway:
    """See the module."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.id = _new_id()
        self.keys = Keys(settings.prefix)
        self.executor = Executor()
        self.lanes: list[Lane] = []
        self._signals: list[int] = []
        self._signalled = threading.Event()
        self._exit_status = 0

    def run(self) -> int:
        self._raise_descriptor_limit()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
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
            self.executor.close()
            if embedded is not None:
                embedded.close()

    def _serve(self, url: str, embedded: EmbeddedServer | None) -> int:
        control = client(url)
        self._cloak_key = self.settings.cloak_key or self._shared_cloak_key(control)
        listening = [listen(address) for address in self.settings.listen]
        self.lanes = [self._lane(number, url) for number in range(self.settings.lanes)]
        for lane in self.lanes:
            lane.start()
        heartbeat = Heartbeat(
            url,
            self.keys,
            self.id,
            lease_s=self.settings.lease_s,
            lanes=len(self.lanes),
            on_beat=lambda: None,
            on_gone=self._gone,
            bring_back=embedded.ensure if embedded else lambda: None,
        )
        heartbeat.start()
        deal = itertools.cycle(self.lanes)

        def dealt(accepted: socket.socket, peer: str) -> None:
            lane = next(deal)
            lane.post(lambda: lane.accept(accepted, peer))

        acceptor = Acceptor(listening, dealt, lambda: log.warning("out_of_descriptors"))
        while not all(lane.is_ready for lane in self.lanes) and not self._signals:
            time.sleep(0.01)
        acceptor.start()
        log.info("listening", addresses=acceptor.addresses, gateway=self.id, name=self.settings.name)
        self._wait()
        acceptor.stop()
        left = self._leave()
        heartbeat.stop(leave=left)
        control.close()
        log.info("stopped", gateway=self.id, clean=left)
        return self._exit_status

    def _lane(self, number: int, url: str) -> Lane:
        settings = self.settings

        def connect(lane: Lane, done: Callable[[Any], None]) -> None:
            self.executor.run(lambda: dialing.dial(url), lane.post, done)

        return Lane(
            self.id,
            number,
            LaneSettings(
                prefix=settings.prefix,
                flood_rate=settings.flood_rate,
                flood_burst=settings.flood_burst,
                sendq_bytes=settings.sendq_bytes,
                ping_interval_s=settings.ping_interval_s,
                trusted_proxies=settings.trusted_proxies,
                history_messages=settings.history_messages,
                history_age_s=settings.history_age_s,
            ),
            self._server(),
            connect,
            self._cloak,
            lambda _address, _change: True,
            dialing.greeting(url),
        )

    def _server(self) -> Server:
        settings = self.settings
        return Server(
            name=settings.name,
            network=settings.network,
            version=f"hubbub-{_version()}",
            created=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            lobby=settings.lobby,
            motd=(),
            isupport=("CASEMAPPING=ascii", "CHANTYPES=#", "PREFIX=(ov)@+", f"NETWORK={settings.network}"),
            password=settings.password,
            operators=dict(settings.operators),
            lease_s=settings.lease_s,
        )

    def _cloak(self, address: str) -> str:
        digest = hmac.new(self._cloak_key.encode(), address.encode(), hashlib.sha256).hexdigest()
        return f"{digest[:12]}.cloak"

    def _shared_cloak_key(self, control: "redis.Redis") -> str:
        control.hsetnx(self.keys.secrets, "cloak", secrets.token_hex(32))
        value: Any = control.hget(self.keys.secrets, "cloak")
        return str(value.decode())

    def _gone(self) -> None:
        self._exit_status = 1
        self._signals.append(signal.SIGTERM)
        self._signalled.set()

    # -- waiting --------------------------------------------------------------------------------------

    def _on_signal(self, number: int, _frame: object) -> None:
        self._signals.append(number)
        self._signalled.set()

    def _wait(self) -> None:
        while True:
            self._signalled.wait()
            self._signalled.clear()
            while self._signals:
                if self._signals.pop(0) != signal.SIGHUP:
                    return
                self._reload()

    def _reload(self) -> None:
        try:
            self.settings, kept = config.reload(self.settings)
        except config.ConfigError as error:
            log.error("reload_refused", problem=str(error))
            return
        log.info("reloaded", needs_restart=list(kept))

    def _wait_for_redis(self, url: str) -> bool:
        said = False
        while not self._signals:
            try:
                with client(url) as probe:
                    probe.ping()
                return True
            except (redis.RedisError, OSError) as error:
                if not said:
                    log.warning("redis_unreachable", problem=str(error), next="trying on")
                    said = True
            self._signalled.wait(RETRY_S)
        return False

    def _leave(self) -> bool:
        """Ends every session; whether all lanes have ended in time."""
        for lane in self.lanes:
            lane.post(lane.close)
        deadline = time.monotonic() + LEAVE_LIMIT_S
        return all([lane.join(max(0.0, deadline - time.monotonic())) for lane in self.lanes])

    @staticmethod
    def _raise_descriptor_limit() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _new_id() -> str:
    """Six base32 characters, the first a letter; 30 bits are enough for all gateways that ever live at once."""
    letters, all_characters = "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz234567"
    return secrets.choice(letters) + "".join(secrets.choice(all_characters) for _ in range(5))


def _version() -> str:
    try:
        return version("hubbub")
    except PackageNotFoundError:
        return "0"
