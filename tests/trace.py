"""The files of the gateway through which one command passes: ``python -m tests.trace``.

A network of the simulation runs until it is at rest: real lanes, a simulated Redis, two clients in one room. One client
sends a PRIVMSG to the room, and then a NICK. All Python code of gateway/ is traced from the moment at which the lane
reads the command's bytes from the sender's socket to the moment at which the last bytes that answer it are written to
the socket of a client. Each file of which code runs in between is one of three:

- the loop: only calls that happen also while nothing comes (timers, the probe of the link, ...);
- consulted: it is called and returns, and calls no other file. All of gateway.wire counts as consulted: its pure
  functions take bytes or text and return values, and know nothing of the command;
- passed: its code calls another file. These are the files that a reader must open to follow the command, and the
  figure that tests/test_trace.py bounds.

Constants, types and generated constructors run no code that is written in their file, and are not counted. The Lua
scripts run in Redis and are not counted. The heartbeat has a thread of its own, and does not run in between.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

import gateway
from tests.simulation.network import Network
from tests.simulation.plan import Plan
from tests.simulation.running import quiet
from tests.simulation.sockets import ClientSocket

ROOM = "#lobby"
CAPS = ("echo-message", "server-time", "message-tags", "batch", "labeled-response")
COMMANDS = {"PRIVMSG": f"PRIVMSG {ROOM} :hello", "NICK": "NICK renamed"}
SETTLED_S, IDLE_S, ANSWERED_S = 3.0, 5.0, 1.0
"""In virtual time."""

_ROOT = Path(gateway.__file__).parent
_READ, _WRITE = ClientSocket.recv.__code__, ClientSocket.send.__code__

Call = tuple[CodeType | None, CodeType]
"""The caller, if it is in the gateway, and the function."""
Files = dict[str, list[str]]
"""The functions that ran, by file (relative to gateway/), both in the order of their first call."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The way of one command through the gateway. ``answers``: the lines that the two clients read."""

    passed: Files
    consulted: Files
    loop: Files
    answers: list[str]


def trace(line: str, *, gateways: int = 1) -> Passage:
    """Send one line into a network at rest, and note the way that it takes."""
    with quiet():
        network = _network(gateways)
        idle = _Recorder()
        with idle.recording():
            network.agenda.run(network.agenda.now + IDLE_S)
        sender = network.clients[0].connection
        assert sender is not None
        known = [len(connection.lines) for connection in network.connections]
        sender.end.arrive(f"{line}\r\n".encode(), 0.0)
        recorder = _Recorder()
        with recorder.recording():
            network.agenda.run(network.agenda.now + ANSWERED_S)
    answers = [
        text
        for connection, count in zip(network.connections, known, strict=True)
        for _, text in connection.lines[count:]
    ]
    return _passage(recorder.calls[recorder.read_at : recorder.written_at], set(idle.calls), answers)


def _network(gateways: int) -> Network:
    """Two clients in one room, each at its own gateway if there are several."""
    plan = Plan(seed=1, gateways=(1,) * gateways, clients=((CAPS, False),) * 2, steps=(), length_s=0.0, rest_s=0.0)
    network = Network(plan)
    network.agenda.run(1.0)
    for number, client in enumerate(network.clients):
        client.rooms[ROOM] = ""
        client.connect(network.nodes[number % gateways])
        network.agenda.run(network.agenda.now + SETTLED_S)
    return network


class _Recorder:
    """Notes each call of a function of the gateway with its caller in the gateway."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.read_at: int | None = None
        self.written_at = 0

    @contextmanager
    def recording(self) -> Iterator[None]:
        before = sys.getprofile()
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(before)

    def _note(self, frame: FrameType, event: str, returned: object) -> None:
        code = frame.f_code
        if event == "call" and _path(code):
            self.calls.append((next(_stack(frame.f_back), None), code))
        elif event == "return" and code is _READ and returned and self.read_at is None:
            self.read_at = len(self.calls)
            running = list(_stack(frame))[::-1]  # the functions that led to the read
            self.calls += zip([None, *running], running, strict=False)
        elif event == "return" and code is _WRITE and self.read_at is not None:
            self.written_at = len(self.calls)


def _stack(frame: FrameType | None) -> Iterator[CodeType]:
    """The functions of the gateway that are running, the innermost first."""
    while frame is not None:
        if _path(frame.f_code):
            yield frame.f_code
        frame = frame.f_back


def _path(code: CodeType) -> str:
    """A file of the gateway, relative to gateway/, or ''."""
    path = Path(code.co_filename)
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else ""


def _passage(calls: list[Call], idle: set[Call], answers: list[str]) -> Passage:
    ran: Files = {}
    own: set[str] = set()
    passing: set[str] = set()
    for caller, code in calls:
        path = _path(code)
        functions = ran.setdefault(path, [])
        if code.co_qualname not in functions:
            functions.append(code.co_qualname)
        if (caller, code) in idle:
            continue
        own.add(path)
        if caller and _path(caller) != path and not _path(caller).startswith("wire/"):
            passing.add(_path(caller))
    return Passage(
        passed={path: functions for path, functions in ran.items() if path in passing},
        consulted={path: functions for path, functions in ran.items() if path in own - passing},
        loop={path: functions for path, functions in ran.items() if path not in own | passing},
        answers=answers,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.trace", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--gateways", type=int, default=1, help="2: the other client is at another gateway")
    parser.add_argument("--functions", action="store_true", help="print the functions of each file, too")
    options = parser.parse_args()
    for verb, line in COMMANDS.items():
        passage = trace(line, gateways=options.gateways)
        for what, files in (("passes", passage.passed), ("consults", passage.consulted), ("loop", passage.loop)):
            print(f"{verb} {what}: {len(files)} files")
            for path, functions in files.items():
                print(f"    {path}")
                print(*(f"        {name}\n" for name in functions if options.functions), sep="", end="")
        print(*(f"-> {answer}" for answer in passage.answers), "", sep="\n")


if __name__ == "__main__":
    main()
