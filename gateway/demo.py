"""`hubbub-gateway demo`: a small network on this machine, with instructions how to connect to it.

Owns the gateway processes that it starts: shows their warnings and errors, restarts those that died, and ends all. They
get the HUBBUB_ variables except those that the demo sets, log JSON to a pipe, and share the embedded server. One
thread.
"""

import contextlib
import json
import os
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from gateway import config
from gateway.config import Settings
from gateway.embedded.server import EmbeddedServer

START_LIMIT_S = 30.0
STOP_LIMIT_S = 12.0
RESTART_PAUSE_S = 1.0

SET_BY_DEMO = ("admin", "config", "data_dir", "drain_s", "listen", "log_format", "name", "redis")
"""Settings that the demo sets for its gateways, since they share a server and need different addresses."""

# The kernel ends the gateway if the demo is killed.
GATEWAY = (
    sys.executable,
    "-c",
    "import ctypes, signal, sys\n"
    "if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, signal.SIGTERM)\n"
    "from gateway.cli import main\n"
    "main(prog_name='hubbub-gateway')",
)


class DemoError(Exception):
    """The demo cannot run. The text is one line."""


@dataclass(slots=True)
class Child:
    """One gateway process, and the incomplete last line of its log."""

    port: int
    options: list[str]
    process: "subprocess.Popen[bytes]"
    is_restart: bool
    is_listening: bool = False
    pending: bytes = b""
    last_problem: str = "it logged no error"


def run(gateways: int, port: int, settings: Settings, command: Sequence[str] = GATEWAY) -> int:
    """Run until ^C or SIGTERM; return the exit status. Raises DemoError, EmbeddedServerError and ConfigError."""
    environ, ignored = gateway_environment(os.environ)
    gateway_settings = config.load({}, environ)
    ports = range(port, port + gateways)
    hosts = [host for host in ("127.0.0.1", "::1") if _can_listen(host, 0)]
    for each in ports:
        for host in hosts:
            if not _can_listen(host, each):
                raise DemoError(f"port {each} is in use; choose others with --port, as in --port {each + 1000}")
    if ignored:
        print(f"The demo ignores {', '.join(ignored)}.", flush=True)
    with contextlib.closing(EmbeddedServer.start(settings.data_dir)), _Demo(command, environ) as demo:
        for each in ports:
            demo.start(each, _options(each, hosts, settings.data_dir))
        if demo.wait_until_listening():
            print(instructions(ports, settings.data_dir, gateway_settings), flush=True)
            demo.watch()
    print("The demo has ended. Its rooms and messages are kept for the next one.", flush=True)
    return 0


def gateway_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the environment of the demo's gateways, and the names of the variables that they do not get."""
    set_by_demo = {f"HUBBUB_{name.upper()}{suffix}" for name in SET_BY_DEMO for suffix in ("", "_FILE")}
    ignored = sorted(set_by_demo.intersection(environ) - {"HUBBUB_DATA_DIR"})  # the demo's own, given as an option
    taken = {name: text for name, text in environ.items() if name not in set_by_demo}
    return taken | {"HUBBUB_DRAIN_S": "0"}, ignored  # ^C ends all gateways, so clients cannot move to another


def _can_listen(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket(_family(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen()
        return True
    return False


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _options(port: int, hosts: Sequence[str], data_dir: Path) -> list[str]:
    listen = [f"--listen=[{host}]:{port}" if ":" in host else f"--listen={host}:{port}" for host in hosts]
    return ["serve", *listen, f"--data-dir={data_dir}", f"--name=demo-{port}.hubbub", "--log-format=json"]


def instructions(ports: Sequence[int], data_dir: Path, gateway_settings: Settings) -> str:
    """Return instructions how to connect; each kind of client uses another gateway, as far as there are enough."""
    ours, plain, irc = (ports[min(index, len(ports) - 1)] for index in range(3))
    lobby = gateway_settings.lobby
    log = f"hubbub-gateway log {shlex.quote(lobby.removeprefix('#'))} --follow"
    if gateway_settings.prefix != Settings().prefix:
        log += f" --prefix {shlex.quote(gateway_settings.prefix)}"
    if data_dir != platformdirs.user_data_path("hubbub"):
        log += f" --data-dir {shlex.quote(str(data_dir))}"
    listed = ", ".join(str(port) for port in ports)
    which = f"{len(ports)} gateways on ports {listed} are" if len(ports) > 1 else f"A gateway on port {listed} is"
    lines = [
        (f"hubbub localhost:{ours}", "the terminal client"),
        (f"http://localhost:{ours}/", "the same in a browser"),
        (f"nc localhost {plain}", "type a name, then talk"),
        (f"irssi -c localhost -p {irc}", f"or any IRC client: localhost port {irc} without TLS;"),
        ("", f"WeeChat: /server add hubbub localhost/{irc} -notls"),
        ("", f"         /connect hubbub     then /join {lobby}"),
        (log, "watch the chat log"),
    ]
    typed = "\n".join(
        f"  {command:<34}  {meaning}" if len(command) <= 34 else f"  {command}" for command, meaning in lines
    )
    return (
        f"{which} one chat network. In other terminals, type any of these:\n\n{typed}\n\n"
        "All users see each other, on whichever gateway they are. ^C ends the demo.\n"
    )


class _Demo:
    """The gateway processes and the loop that reads their logs. On exit all processes end."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._command = command
        self._children: list[Child] = []
        self._due: list[tuple[float, Child]] = []
        self._selector = selectors.DefaultSelector()
        self._environ = environ
        self._is_stopping = False
        self._woken, self._waking = socket.socketpair()

    def __enter__(self) -> "_Demo":
        for end in (self._woken, self._waking):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._old_wakeup = signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        taken = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        self._old_handlers = {number: signal.signal(number, self._stop) for number in taken}
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.process.terminate()
        deadline = time.monotonic() + STOP_LIMIT_S
        for child in self._children:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            if child.process.stderr is not None:
                child.process.stderr.close()
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        self._selector.close()
        self._woken.close()
        self._waking.close()

    def _stop(self, *_: object) -> None:
        self._is_stopping = True

    def start(self, port: int, options: list[str], is_restart: bool = False) -> None:
        """Start a gateway in its own session, so that the terminal's ^C does not reach it: the demo ends it."""
        process = subprocess.Popen(
            [*self._command, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self._environ,
            start_new_session=True,
        )
        child = Child(port, options, process, is_restart)
        self._children.append(child)
        assert process.stderr is not None
        self._selector.register(process.stderr, selectors.EVENT_READ, child)

    def wait_until_listening(self) -> bool:
        """Wait until all gateways listen; return False if interrupted. Raises DemoError if a gateway ends."""
        deadline = time.monotonic() + START_LIMIT_S
        while not self._is_stopping and not all(child.is_listening for child in self._children):
            self._turn(deadline - time.monotonic())
            if self._due or time.monotonic() > deadline:
                child = self._due[0][1] if self._due else next(c for c in self._children if not c.is_listening)
                raise DemoError(f"the gateway on port {child.port} does not start: {child.last_problem}")
        return not self._is_stopping

    def watch(self) -> None:
        """Show problems and restart gateways that end, until stopped."""
        while not self._is_stopping:
            self._turn(self._due[0][0] - time.monotonic() if self._due else None)
            while self._due and self._due[0][0] <= time.monotonic():
                _, dead = self._due.pop(0)
                self.start(dead.port, dead.options, is_restart=True)

    def _turn(self, timeout_s: float | None) -> None:
        for key, _ in self._selector.select(None if timeout_s is None else max(0.0, timeout_s)):
            if key.data is None:
                self._woken.recv(4096)
            else:
                self._read_log(key.data)

    def _read_log(self, child: Child) -> None:
        assert child.process.stderr is not None
        data = os.read(child.process.stderr.fileno(), 65_536)
        *lines, child.pending = (child.pending + data).split(b"\n")
        for line in lines:
            self._show(child, line.decode(errors="replace"))
        if not data:
            self._handle_exit(child)

    def _handle_exit(self, child: Child) -> None:
        assert child.process.stderr is not None
        self._selector.unregister(child.process.stderr)
        child.process.stderr.close()
        status = child.process.wait(STOP_LIMIT_S)
        self._children.remove(child)
        self._due.append((time.monotonic() + RESTART_PAUSE_S, child))
        if child.is_listening and not self._is_stopping:
            print(f"[{child.port}] ended ({_reason(status)}); restarting it", file=sys.stderr)

    def _show(self, child: Child, line: str) -> None:
        """Show warnings and errors only: an ordinary log would scroll the instructions away."""
        event, shown = _read(line)
        if event == "listening":
            child.is_listening = True
            if child.is_restart:
                print(f"[{child.port}] is listening again", file=sys.stderr)
        elif shown:
            child.last_problem = shown
            if child.is_listening:
                print(f"[{child.port}] {shown}", file=sys.stderr)


def _read(line: str) -> tuple[str, str]:
    """Return the event of a log line, and the text to show: a warning, an error, or a line that is not JSON."""
    try:
        entry = json.loads(line)
        level, event = entry.pop("level"), str(entry.pop("event"))
    except (ValueError, KeyError, AttributeError, TypeError):
        return "", line
    if level in ("debug", "info"):
        return event, ""
    entry.pop("timestamp", None)
    return event, " ".join([f"{level}: {event}", *(f"{name}={value}" for name, value in entry.items())])


def _reason(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
