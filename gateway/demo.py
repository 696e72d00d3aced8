"""`hubbub-gateway demo`: a small network on this machine, and what to type to use it.

Owns the gateway processes it starts: shows what goes wrong in them, replaces one that died, ends all.
They take the HUBBUB_ variables but for those that the demo decides, log JSON to a pipe, and share the embedded
server. One thread.
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

DECIDED = ("admin", "config", "data_dir", "drain_s", "listen", "log_format", "name", "redis")
"""Settings that the demo decides for its gateways: they share a server, and no address can be that of several."""

# The kernel ends the gateway should the demo be killed; a gateway by itself has nobody to outlive.
GATEWAY = (
    sys.executable,
    "-c",
    "import ctypes, signal, sys\n"
    "if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, signal.SIGTERM)\n"
    "from gateway.cli import main\n"
    "main(prog_name='hubbub-gateway')",
)


class DemoError(Exception):
    """The demo cannot run; told in one line."""


@dataclass(slots=True)
class Child:
    """One gateway process and what it has logged so far of a line."""

    port: int
    options: list[str]
    process: "subprocess.Popen[bytes]"
    is_restart: bool
    is_listening: bool = False
    pending: bytes = b""
    last_words: str = "it says nothing"


def run(gateways: int, port: int, settings: Settings, command: Sequence[str] = GATEWAY) -> int:
    """Run until ^C or SIGTERM; returns the exit status. Raises DemoError, EmbeddedServerError and ConfigError."""
    environ, ignored = gateway_environment(os.environ)
    of_gateways = config.load({}, environ)
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
            print(invitation(ports, settings.data_dir, of_gateways), flush=True)
            demo.watch()
    print("The demo has ended; what was said is kept for the next one.", flush=True)
    return 0


def gateway_environment(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The environment of the demo's gateways, and the names of the variables that they are not given."""
    decided = {f"HUBBUB_{name.upper()}{suffix}" for name in DECIDED for suffix in ("", "_FILE")}
    ignored = sorted(decided.intersection(environ) - {"HUBBUB_DATA_DIR"})  # the demo's own, given as an option
    taken = {name: text for name, text in environ.items() if name not in decided}
    return taken | {"HUBBUB_DRAIN_S": "0"}, ignored  # ^C ends all gateways: there is nowhere to move to


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


def invitation(ports: Sequence[int], data_dir: Path, of_gateways: Settings) -> str:
    """What to type next; each kind of client goes to a gateway of its own, as far as they reach."""
    ours, plain, irc = (ports[min(index, len(ports) - 1)] for index in range(3))
    lobby = of_gateways.lobby
    log = f"hubbub-gateway log {shlex.quote(lobby.removeprefix('#'))} --follow"
    if of_gateways.prefix != Settings().prefix:
        log += f" --prefix {shlex.quote(of_gateways.prefix)}"
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
        "Everybody sees everybody, whichever gateway they are on. ^C ends the demo.\n"
    )


class _Demo:
    """The children and the loop that listens to them; leaving it ends them all."""

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
        """A session of its own keeps the terminal's ^C from it: the demo ends it in its own order."""
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
        """Whether all do; False when it was interrupted meanwhile. A child that ends is an error here."""
        deadline = time.monotonic() + START_LIMIT_S
        while not self._is_stopping and not all(child.is_listening for child in self._children):
            self._turn(deadline - time.monotonic())
            if self._due or time.monotonic() > deadline:
                child = self._due[0][1] if self._due else next(c for c in self._children if not c.is_listening)
                raise DemoError(f"the gateway on port {child.port} does not start: {child.last_words}")
        return not self._is_stopping

    def watch(self) -> None:
        """Until stopped: show what goes wrong, and start again what ends."""
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
                self._hear(key.data)

    def _hear(self, child: Child) -> None:
        assert child.process.stderr is not None
        heard = os.read(child.process.stderr.fileno(), 65_536)
        *lines, child.pending = (child.pending + heard).split(b"\n")
        for line in lines:
            self._show(child, line.decode(errors="replace"))
        if not heard:
            self._bury(child)

    def _bury(self, child: Child) -> None:
        assert child.process.stderr is not None
        self._selector.unregister(child.process.stderr)
        child.process.stderr.close()
        status = child.process.wait(STOP_LIMIT_S)
        self._children.remove(child)
        self._due.append((time.monotonic() + RESTART_PAUSE_S, child))
        if child.is_listening and not self._is_stopping:
            print(f"[{child.port}] ended ({_reason(status)}); it is started again", file=sys.stderr)

    def _show(self, child: Child, line: str) -> None:
        """Only what is not in order: a gateway's ordinary log would bury what to type next."""
        event, shown = _read(line)
        if event == "listening":
            child.is_listening = True
            if child.is_restart:
                print(f"[{child.port}] is back", file=sys.stderr)
        elif shown:
            child.last_words = shown
            if child.is_listening:
                print(f"[{child.port}] {shown}", file=sys.stderr)


def _read(line: str) -> tuple[str, str]:
    """The event of a line of the JSON log, and what to show: a warning, an error, or what is no such line."""
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
