"""The load generator with a small server that loses, duplicates and reorders: its checks detect this."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench import measuring

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is needed to build the load generator")

Fault = Callable[[int, int, bytes], list[bytes]]
"""(Reader's number, number of messages to it so far, the line) -> the lines that are sent to it."""


class FakeServer(socketserver.ThreadingTCPServer):
    """A server that registers and joins any client, and relays PRIVMSG to the others in one order, with a fault."""

    request_queue_size = 64

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.lock = threading.Lock()
        self.rooms: dict[bytes, dict[bytes, socket.socket]] = {}
        self.relayed: dict[bytes, int] = {}
        super().__init__(("127.0.0.1", 0), FakeClient)


class FakeClient(socketserver.StreamRequestHandler):
    """Handle one connection on its own thread. Each line is handled under the server's lock."""

    server: FakeServer
    nick = b"?"

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            for line in self.rfile:
                verb, _, rest = line.strip().partition(b" ")
                with self.server.lock:
                    self._answer(verb, rest)
        with self.server.lock:
            self._leave()

    def _answer(self, verb: bytes, rest: bytes) -> None:
        if verb == b"NICK":
            self.nick = rest
        elif verb == b"USER":
            self._reply(b"001 %s :Welcome" % self.nick)
        elif verb == b"PING":
            self._reply(b"PONG fake %s" % rest)
        elif verb == b"JOIN":
            self.server.rooms.setdefault(rest, {})[self.nick] = self.connection
            self._reply(b"366 %s %s :End of /NAMES list" % (self.nick, rest))
        elif verb == b"PRIVMSG":
            self._relay(rest)

    def _reply(self, text: bytes) -> None:
        self.connection.sendall(b":fake %s\r\n" % text)

    def _relay(self, rest: bytes) -> None:
        line = b":%s!u@h PRIVMSG %s\r\n" % (self.nick, rest)
        for nick, connection in self.server.rooms[rest.partition(b" ")[0]].items():
            if nick != self.nick:
                count = self.server.relayed[nick] = self.server.relayed.get(nick, 0) + 1
                connection.sendall(b"".join(self.server.fault(int(nick[1:]), count, line)))

    def _leave(self) -> None:
        for members in self.server.rooms.values():
            members.pop(self.nick, None)
            for connection in members.values():
                with contextlib.suppress(OSError):
                    connection.sendall(b":%s!u@h QUIT :gone\r\n" % self.nick)


@contextlib.contextmanager
def serving(fault: Fault) -> Iterator[str]:
    """Run the server on its own thread. Yields HOST:PORT."""
    with FakeServer(fault) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="fake-server")
        thread.start()
        try:
            yield "{}:{}".format(*server.server_address)
        finally:
            server.shutdown()
            thread.join(5)


@pytest.fixture(scope="module")
def loadgen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measuring.build(tmp_path_factory.mktemp("loadgen") / "loadgen")


def generate(loadgen: Path, fault: Fault, *options: str) -> dict[str, Any]:
    timing = ("--warmup", "0.1", "--duration", "0.4", "--drain", "5", "--setup", "10")
    with serving(fault) as address:
        command = [str(loadgen), "--server", address, *timing, *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def faithful(_reader: int, _count: int, line: bytes) -> list[bytes]:
    return [line]


def losing(reader: int, count: int, line: bytes) -> list[bytes]:
    return [] if reader == 3 and count == 5 else [line]


def doubling(reader: int, count: int, line: bytes) -> list[bytes]:
    return [line, line] if reader == 3 and count % 10 == 0 else [line]


def reordering() -> Fault:
    """Reader 3 gets its tenth message after the eleventh (a later one might have no successor)."""
    held: list[bytes] = []

    def fault(reader: int, count: int, line: bytes) -> list[bytes]:
        if reader != 3:
            return [line]
        if count == 10:
            held.append(line)
            return []
        return [line, *(held.pop() for _ in held[:])]

    return fault


def spoiling(reader: int, count: int, line: bytes) -> list[bytes]:
    return [line.replace(b"xx", b"xy", 1)] if reader == 3 and count == 5 else [line]


def pairing() -> Fault:
    """Send each reader its messages two at a time."""
    held: dict[int, bytes] = {}

    def fault(reader: int, _count: int, line: bytes) -> list[bytes]:
        if reader in held:
            return [held.pop(reader), line]
        held[reader] = line
        return []

    return fault


FAULTS = ("lost", "duplicated", "reordered", "corrupt")
CLOSED = ("--clients", "8", "--rooms", "1", "--inflight", "6")
OPEN = ("--clients", "8", "--rooms", "1", "--rate", "400")
PAIRS = ("--clients", "8", "--rooms", "4", "--inflight", "2")


@pytest.mark.parametrize("load", [CLOSED, OPEN, PAIRS], ids=["closed", "open", "pairs"])
def test_a_faithful_server_has_no_faults(loadgen: Path, load: tuple[str, ...]) -> None:
    told = generate(loadgen, faithful, *load)
    assert told["deliveries"] > 50
    assert {name: told[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
    assert 0 < told["latency_us"]["p50"] <= told["latency_us"]["p99"] <= told["latency_us"]["max"] * 1.01


def test_in_a_room_of_two_a_reader_answers_all_that_it_has_read_in_one_send(loadgen: Path) -> None:
    told = generate(loadgen, pairing(), "--clients", "8", "--rooms", "4", "--inflight", "4")
    assert told["lost"] == 0
    assert told["sends"] == pytest.approx(told["sent"] / 2, rel=0.1)


def test_every_message_is_delivered_to_all_but_its_sender(loadgen: Path) -> None:
    told = generate(loadgen, faithful, "--clients", "8", "--rooms", "2", "--rate", "200")
    assert told["deliveries"] == pytest.approx(3 * told["sent"], rel=0.1)


@pytest.mark.parametrize("load", [CLOSED, OPEN], ids=["closed", "open"])
def test_a_lost_delivery_is_counted_once(loadgen: Path, load: tuple[str, ...]) -> None:
    assert generate(loadgen, losing, *load)["lost"] == 1


@pytest.mark.parametrize("load", [CLOSED, OPEN, PAIRS], ids=["closed", "open", "pairs"])
def test_doubled_deliveries_are_counted_and_are_no_loss(loadgen: Path, load: tuple[str, ...]) -> None:
    told = generate(loadgen, doubling, *load)
    assert told["duplicated"] > 0
    assert (told["lost"], told["reordered"]) == (0, 0)


@pytest.mark.parametrize("load", [CLOSED, OPEN], ids=["closed", "open"])
def test_reordered_deliveries_are_counted_and_are_no_duplicates(loadgen: Path, load: tuple[str, ...]) -> None:
    told = generate(loadgen, reordering(), *load)
    assert told["reordered"] > 0
    assert (told["lost"], told["duplicated"]) == (0, 0)


def test_a_changed_text_is_corrupt(loadgen: Path) -> None:
    told = generate(loadgen, spoiling, *OPEN)
    assert (told["corrupt"], told["lost"]) == (1, 1)


def test_a_storm_ends_when_all_quits_were_seen(loadgen: Path) -> None:
    told = generate(loadgen, faithful, "--mode", "storm", "--clients", "10")
    assert told["quits_seen"] == told["quits_wanted"] == 25


def test_a_server_that_refuses_is_told_as_such(loadgen: Path) -> None:
    done = subprocess.run(
        [str(loadgen), "--server", "127.0.0.1:1", "--inflight", "1"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, "refused" in done.stderr) == (1, True)
