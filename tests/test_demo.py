"""The demo with simulated gateways: its output, its end, and its reaction to a gateway that dies."""

import contextlib
import json
import os
import random
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

LIMIT_S = 60.0

STAND_IN = """
import json, os, signal, sys
def log(level, event, **more):
    print(json.dumps({"level": level, "event": event} | more), file=sys.stderr, flush=True)
if "--fail" in sys.argv: sys.exit("no such luck")
log("info", "listening")
taken = {name: text for name, text in os.environ.items() if name.startswith("HUBBUB_")}
log("warning", "something_odd", what=1, taken=json.dumps(taken, sort_keys=True))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
"""

DEMO = """
import dataclasses, sys
from pathlib import Path
from gateway import config, demo
settings = dataclasses.replace(config.load({}, {}), data_dir=Path(sys.argv[1]))
command = [sys.executable, "-c", sys.argv[3], *sys.argv[4:]]
try:
    sys.exit(demo.run(2, int(sys.argv[2]), settings, command))
except demo.DemoError as error:
    sys.exit(f"error: {error}")
"""


class Running:
    """A demo process and its output."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.text = ""

    def read_until(self, pattern: str) -> "re.Match[str]":
        assert self.process.stdout is not None
        deadline = time.monotonic() + LIMIT_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not (found := re.search(pattern, self.text)):
                left_s = deadline - time.monotonic()
                assert selector.select(max(0.0, left_s)), f"{pattern!r} is not in {self.text!r}"
                read = os.read(self.process.stdout.fileno(), 65_536)
                assert read, f"it ended; {pattern!r} is not in {self.text!r}"
                self.text += read.decode()
        return found


def free_port() -> int:
    """Return a free port with a free one after it, below the system's range for outgoing connections."""
    for port in random.sample(range(20_000, 30_000), 100):
        with contextlib.suppress(OSError):
            for each in (port, port + 1):
                socket.create_server(("127.0.0.1", each)).close()
            return port
    raise AssertionError("no port is free")


@contextlib.contextmanager
def demo(data_dir: Path, port: int, *arguments: str, **variables: str) -> Iterator[Running]:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("HUBBUB_")} | variables
    command = [sys.executable, "-c", DEMO, str(data_dir), str(port), STAND_IN, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as process:
        try:
            yield Running(process)
        finally:
            process.send_signal(signal.SIGINT)


def stand_ins(port: int) -> list[int]:
    """Return the process ids of the gateways that listen on this port by their options."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and f"--listen=127.0.0.1:{port}".encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


@pytest.fixture
def port() -> int:
    return free_port()


def test_it_says_what_to_type_and_ends_all_on_interrupt(tmp_path: Path, port: int) -> None:
    with demo(tmp_path, port) as running:
        running.read_until(r"\^C ends the demo")
        for line in (
            f"hubbub localhost:{port} ",
            f"nc localhost {port + 1} ",
            f"localhost port {port + 1} without TLS",
        ):
            assert line in running.text
        running.read_until(rf"\[{port}\] warning: something_odd what=1")
        running.process.send_signal(signal.SIGINT)
        running.read_until("The demo has ended")
        assert running.process.wait(LIMIT_S) == 0
    assert stand_ins(port) == stand_ins(port + 1) == []


def test_its_gateways_take_settings_and_it_says_which_not(tmp_path: Path, port: int) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t")
    variables = {"HUBBUB_LOBBY": "#tea", "HUBBUB_PREFIX": "t:", "HUBBUB_PASSWORD_FILE": str(secret)}
    ignored = {"HUBBUB_ADMIN": "127.0.0.1:9", "HUBBUB_REDIS_FILE": "url", "HUBBUB_LISTEN": "127.0.0.1:9"}
    with demo(tmp_path, port, **variables, **ignored) as running:
        running.read_until(r"\^C ends the demo")
        assert "The demo ignores HUBBUB_ADMIN, HUBBUB_LISTEN, HUBBUB_REDIS_FILE.\n" in running.text
        assert "hubbub-gateway log tea --follow --prefix t:" in running.text
        assert "/join #tea" in running.text
        (taken,) = running.read_until(rf"\[{port}\] warning: something_odd what=1 taken=(\{{.*}})\n").groups()
        assert json.loads(taken) == variables | {"HUBBUB_DRAIN_S": "0"}


def test_without_such_settings_it_says_nothing_of_them(tmp_path: Path, port: int) -> None:
    with demo(tmp_path, port) as running:
        running.read_until(r"\^C ends the demo")
        assert "ignores" not in running.text
        assert "hubbub-gateway log lobby --follow" in running.text


def test_a_gateway_that_dies_is_told_and_started_again(tmp_path: Path, port: int) -> None:
    with demo(tmp_path, port) as running:
        running.read_until(r"\^C ends the demo")
        (pid,) = stand_ins(port)
        os.kill(pid, signal.SIGKILL)
        running.read_until(rf"\[{port}\] ended \(signal 9\); restarting it")
        running.read_until(rf"\[{port}\] is listening again")
        assert stand_ins(port) not in ([], [pid])


def test_a_gateway_that_cannot_start_ends_it_with_the_reason(tmp_path: Path, port: int) -> None:
    with demo(tmp_path, port, "--fail") as running:
        running.read_until(r"error: the gateway on port \d+ does not start: no such luck")
        assert running.process.wait(LIMIT_S) == 1


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), demo(tmp_path / "data", port) as running:
        running.read_until(f"error: port {port} is in use; choose others with --port")
        assert running.process.wait(LIMIT_S) == 1
    assert not (tmp_path / "data").exists()
