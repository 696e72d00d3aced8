"""A small network of real processes for black-box tests: gateways, and peers that speak IRC over sockets.

Tests synchronise by PING and PONG alone: a PONG guarantees that everything acknowledged anywhere before its PING has
been delivered on that connection. There are no sleeps, and every wait has a deadline.
"""

import contextlib
import http.client
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.embedded.binary import find_server
from gateway.embedded.supervisor import ping
from gateway.heartbeat.leases import client

DEADLINE_S = 60.0  # on a busy machine a gateway needs more than 20 s to start
START_LIMIT_S = 150.0  # to start is all work and no waiting: it takes longest on a busy machine
LEASE_S = 2.0
READY = "listening"


class Gateway:
    """A gateway process on a port of loopback, a free one if none is given."""

    def __init__(
        self, redis_url: str, prefix: str, options: Iterable[str], variables: dict[str, str], port: int = 0
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="hubbub-")
        self.log_path = Path(self._directory.name, "log")
        environ = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
        environ |= {"HUBBUB_FLOOD_RATE": "0", "HUBBUB_LEASE_S": str(LEASE_S), "HUBBUB_DRAIN_S": "0", **variables}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    *("-m", "gateway", "serve", "--listen", f"127.0.0.1:{port}", "--redis", redis_url),
                    *("--prefix", prefix, "--log-format", "json", "--name", "irc.test", *options),
                ],
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.port = 0

    @property
    def log(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    def wait_ready(self) -> "Gateway":
        line = self.wait_log(READY, START_LIMIT_S)
        self.port = int(line.split('"127.0.0.1:')[1].split('"')[0])
        return self

    def wait_log(self, event: str, limit_s: float = DEADLINE_S) -> str:
        """Return the first line of the log with this event. Fail if the gateway ends or is too slow."""
        deadline = time.monotonic() + limit_s
        while True:
            for line in self.log.splitlines():
                if f'"{event}"' in line:
                    return line
            assert self.process.poll() is None, f"the gateway ended:\n{self.log}"
            assert time.monotonic() < deadline, f"no {event!r} in the log:\n{self.log}"
            select.select([], [], [], 0.01)  # the log is a file, which no selector can wait for

    def kill(self) -> None:
        """Kill the gateway with SIGKILL. It closes nothing in order."""
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def stop(self) -> int:
        """Stop the gateway with SIGTERM. Return its exit status."""
        self.process.terminate()
        return self.process.wait(DEADLINE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_S)
        self._directory.cleanup()


class Peer:
    """One IRC client of a gateway. Lines are without CRLF."""

    def __init__(
        self,
        gateway: Gateway,
        nick: str = "",
        caps: str = "",
        *,
        user: str = "",
        register: bool = True,
        connected: socket.socket | None = None,
    ) -> None:
        """``user``: the nick unless it is given. ``connected``: an open socket to use instead of a new one."""
        self.nick = nick
        self._gateway = gateway
        self._socket = connected or socket.create_connection(("127.0.0.1", gateway.port), DEADLINE_S)
        self._buffer = b""
        self._pings = 0
        self.welcome: list[str] = []
        if nick and register:
            if caps:
                self.send("CAP LS 302", f"CAP REQ :{caps}")
            self.send(f"NICK {nick}", f"USER {user or nick} 0 * :{nick} the peer")
            if caps:
                self.send("CAP END")
            try:
                self.welcome = [*self.until(" 001 "), *self.sync()]
            except BaseException:
                self._socket.close()
                raise

    @property
    def connected(self) -> socket.socket:
        """The socket, for tests that read and write it themselves."""
        return self._socket

    def send(self, *lines: str) -> None:
        self.send_raw("".join(f"{line}\r\n" for line in lines).encode())

    def send_raw(self, data: bytes) -> None:
        self._socket.settimeout(DEADLINE_S)
        self._socket.sendall(data)

    def line(self, deadline: float | None = None) -> str:
        """Return the next line. Fail at the deadline. Raises EOFError if the gateway has closed."""
        deadline = deadline or time.monotonic() + DEADLINE_S
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            assert left > 0, (
                f"{self.nick}: nothing came in time; so far: {self._buffer!r}; log: {self._gateway.log[-3000:]}"
            )
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                continue
            if not data:
                raise EOFError(self.nick)
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8")

    def until(self, text: str, timeout_s: float = DEADLINE_S) -> list[str]:
        """Return all lines up to and including the first that contains ``text``. The gateway's PINGs are answered."""
        deadline = time.monotonic() + timeout_s
        lines = []
        while True:
            line = self.line(deadline)
            if line.startswith("PING "):
                self.send(line.replace("PING", "PONG", 1))
                continue
            lines.append(line)
            if text in line:
                return lines

    def sync(self) -> list[str]:
        """Send PING. Return all lines that came before its PONG."""
        self._pings += 1
        token = f"{self.nick or 'peer'}-{self._pings}"
        self.send(f"PING {token}")
        return self.until(f"PONG irc.test :{token}")[:-1]

    def do(self, *lines: str) -> list[str]:
        """Send lines and a PING. Return everything that comes before the PONG."""
        self.send(*lines)
        return self.sync()

    def is_closed(self) -> bool:
        """Read to the end. Return whether the gateway closed the connection in time."""
        try:
            while True:
                self.line()
        except (EOFError, ConnectionError):
            return True

    def shrink_receive_buffer(self) -> None:
        """Make the kernel's buffer small for a peer that does not read."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def close(self) -> None:
        self._socket.close()


def get(port: int, path: str) -> tuple[int, str]:
    """Request a page of a gateway's admin port. Return status and text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()


class Network:
    """Gateways that share a server and a prefix. All processes end with the test."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self.redis_url = redis_url
        self.prefix = prefix
        self._gateways: list[Gateway] = []
        self._peers: list[Peer] = []

    def start(self, *options: str, port: int = 0, redis_url: str = "", **variables: str) -> Gateway:
        """Start a gateway, which may not be ready yet. ``variables`` are HUBBUB_NAME="value"."""
        gateway = Gateway(redis_url or self.redis_url, self.prefix, options, variables, port)
        self._gateways.append(gateway)
        return gateway

    def gateway(self, *options: str, port: int = 0, redis_url: str = "", **variables: str) -> Gateway:
        return self.start(*options, port=port, redis_url=redis_url, **variables).wait_ready()

    def gateways(self, count: int, *options: str, **variables: Any) -> list[Gateway]:
        """Start several gateways at once."""
        started = [self.start(*options, **variables) for _ in range(count)]
        return [gateway.wait_ready() for gateway in started]

    def peer(
        self,
        gateway: Gateway,
        nick: str = "",
        caps: str = "",
        *rooms: str,
        user: str = "",
        register: bool = True,
        connected: socket.socket | None = None,
    ) -> Peer:
        """Connect a client, register it, and join these rooms."""
        peer = Peer(gateway, nick, caps, user=user, register=register, connected=connected)
        self._peers.append(peer)
        if rooms:
            peer.do(f"JOIN {','.join(rooms)}")
        return peer

    def close(self) -> None:
        for peer in self._peers:
            peer.close()
        for gateway in self._gateways:
            gateway.close()


class Broker:
    """A Redis for one test, with an append-only file. It can be killed and started again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.socket_path = directory / "server.sock"
        self.process: subprocess.Popen[bytes]
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                str(find_server()),
                "--port",
                "0",
                "--unixsocket",
                str(self.socket_path),
                "--save",
                "",
                "--appendonly",
                "yes",
                "--appendfsync",
                "everysec",
                "--dir",
                str(self._directory),
            ],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + DEADLINE_S
        while not ping(str(self.socket_path)):
            assert time.monotonic() < deadline, "the server does not answer"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def pause(self) -> None:
        """Stop the server: it receives and does nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def save(self) -> None:
        """Save a copy of the present data on disk."""
        self.command("BGREWRITEAOF")
        deadline = time.monotonic() + DEADLINE_S
        with client(self.url) as connection:
            while (told := connection.info("persistence"))["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"]:
                assert time.monotonic() < deadline
        shutil.copytree(self._directory / "appendonlydir", self._directory / "saved")

    def restore(self) -> None:
        """Replace the data by the saved copy."""
        shutil.rmtree(self._directory / "appendonlydir")
        (self._directory / "saved").rename(self._directory / "appendonlydir")

    def command(self, *words: str) -> None:
        with client(self.url) as connection:
            connection.execute_command(*words)


def texts(lines: list[str]) -> list[str]:
    """Return the texts of the messages among these lines."""
    return [line.partition(" :")[2] for line in lines if " PRIVMSG " in line]
