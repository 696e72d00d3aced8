"""The surroundings of an attack: a gateway with default limits, its Redis, innocent users, attackers' connections."""

import contextlib
import json
import re
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from gateway.config import Settings
from gateway.embedded.server import EmbeddedServer
from gateway.heartbeat.leases import client
from gateway.lane.loop.turn_times import WINDOW_S
from tests.attacks.innocents import Innocents
from tests.attacks.report import TURN_LIMIT_S, Row
from tests.network.harness import DEADLINE_S, Network, Peer, get

ADDRESS = "198.51.100.1"
READ_METRICS_EVERY_S = 2.0
CHUNK_LINES = 16


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack: its name on the command line, its description, and its function."""

    name: str
    text: str
    play: "Callable[[Stage], None]"
    settings: str = ""
    """The gateway's file of settings (TOML), if the defaults are not enough."""


ATTACKS: dict[str, Attack] = {}


def attack(text: str, settings: str = "") -> "Callable[[Callable[[Stage], None]], Callable[[Stage], None]]":
    """Register an attack. `text` describes it in one line, `settings` are the gateway's (TOML)."""

    def register(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
        ATTACKS[play.__name__] = Attack(play.__name__, text, play, settings)
        return play

    return register


class Stage:
    """A gateway, its Redis and its innocent users: the context of one attack."""

    def __init__(self, settings: str = "") -> None:
        """`settings`: the gateway's file of settings (TOML)."""
        self._stack = contextlib.ExitStack()
        self._settings = settings
        self._notes: list[str] = []
        self._longest_turn_s = 0.0
        self._ended = threading.Event()

    def __enter__(self) -> "Stage":
        with contextlib.ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hubbub-")))
            server = EmbeddedServer.start(directory)
            stack.callback(server.close)
            self.redis: Any = stack.enter_context(client(server.url))
            self.network = Network(server.url, "attack:")
            stack.callback(self.network.close)
            config, defaults = directory / "hubbub.toml", Settings()
            config.write_text(self._settings, "utf-8")
            self.gateway = self.network.gateway(
                *("--trusted-proxies", "127.0.0.1/32", "--admin", "127.0.0.1:0", "--config", str(config)),
                HUBBUB_FLOOD_RATE=f"{defaults.flood_rate:g}",
                HUBBUB_LEASE_S=f"{defaults.lease_s:g}",
            )
            self._admin = int(json.loads(self.gateway.wait_log("admin"))["port"])
            self._innocents = Innocents(self.gateway.port)
            stack.callback(self._innocents.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._stack.close()

    # -- attackers ------------------------------------------------------------------------------------

    def raw(self, address: str = ADDRESS) -> socket.socket:
        """Open a connection that has sent only its PROXY header. It is closed with the stage."""
        connected = self._stack.enter_context(socket.create_connection(("127.0.0.1", self.gateway.port), DEADLINE_S))
        connected.sendall(f"PROXY TCP4 {address} 192.0.2.1 40000 6667\r\n".encode())
        return connected

    def attacker(self, nick: str, *rooms: str, address: str = ADDRESS, caps: str = "") -> Peer:
        """Connect a registered client in these rooms."""
        return self.network.peer(self.gateway, nick, caps, *rooms, connected=self.raw(address))

    def flood(self, peers: Sequence[Peer], line: Callable[[int, int], str], seconds: float) -> None:
        """Send each peer's lines as fast as the gateway reads them, and discard the answers.

        `line` gets the peer's index in `peers` and the number of its earlier lines.
        """
        until, counts = time.monotonic() + seconds, [0] * len(peers)
        with selectors.DefaultSelector() as selector:
            for at, peer in enumerate(peers):
                peer.connected.setblocking(False)
                selector.register(peer.connected, selectors.EVENT_READ | selectors.EVENT_WRITE, (at, bytearray()))
            while time.monotonic() < until and selector.get_map():
                for key, mask in selector.select(0.1):
                    at, unsent = key.data
                    if not unsent:
                        unsent += "".join(f"{line(at, counts[at] + n)}\r\n" for n in range(CHUNK_LINES)).encode()
                        counts[at] += CHUNK_LINES
                    if not _serve(peers[at].connected, mask, unsent):
                        selector.unregister(key.fileobj)

    # -- measurements ---------------------------------------------------------------------------------

    def begin(self) -> None:
        """End the set-up, and measure the innocent users from now on."""
        deadline = time.monotonic() + 3 * WINDOW_S
        while self._longest_now() > TURN_LIMIT_S / 2 and time.monotonic() < deadline:
            self._ended.wait(1.0)  # a long turn of the set-up: it does not count any more after a minute
        self._innocents.begin()
        threading.Thread(target=self._watch, daemon=True).start()

    def note(self, text: str) -> None:
        """Add a note to the row."""
        self._notes.append(text)

    def metric(self, name: str) -> float:
        """Return the sum of a metric, such as `hubbub_users`, over its labels."""
        _, page = get(self._admin, "/metrics")
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.MULTILINE))

    def row(self, attack: Attack) -> Row:
        """End the measurement."""
        felt = self._innocents.end()
        self._ended.set()
        longest_s = max(self._longest_turn_s, self._longest_now())
        return Row(attack.name, attack.text, felt, longest_s, tuple(self._notes))

    def _longest_now(self) -> float:
        return self.metric("hubbub_longest_turn_seconds")

    def _watch(self) -> None:
        while not self._ended.wait(READ_METRICS_EVERY_S):
            with contextlib.suppress(OSError):
                self._longest_turn_s = max(self._longest_turn_s, self._longest_now())


def _serve(connected: socket.socket, mask: int, unsent: bytearray) -> bool:
    """Read and write as much as possible. Return False if the gateway has closed."""
    try:
        if mask & selectors.EVENT_READ and not connected.recv(1 << 16):
            return False
        if mask & selectors.EVENT_WRITE:
            del unsent[: connected.send(unsent)]
    except BlockingIOError:
        pass
    except OSError:
        return False
    return True
