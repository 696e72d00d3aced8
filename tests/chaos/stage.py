"""The servers, gateways and users of one scenario, all ended with it, and the verdict at its end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.chaos.crowd import Crowd
from tests.chaos.forwarder import Forwarder
from tests.chaos.store import Sentinel, Store
from tests.chaos.user import User, listed, parse
from tests.chaos.verdict import Exempt, Findings, Key, judge, longest_silence
from tests.network.harness import Gateway

PREFIX = "chaos:"
LEASE_S = 4.0
ANSWER_LIMIT_S = 45.0
AGREEMENT_LIMIT_S = 45.0
ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Row:
    """The result of one scenario."""

    fault: str
    server: str
    sent: int = 0
    lost: int = 0
    twice: int = 0
    disorder: int = 0
    refused: int = 0
    silence_s: float = 0.0
    exempt: int = 0
    why_exempt: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.twice or self.disorder or self.problems)


class Stage:
    """The context in which one scenario runs."""

    def __init__(self, program: Path) -> None:
        self._stack = contextlib.ExitStack()
        self._program = program
        self._directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hubbub-chaos-")))
        self._count = 0
        self.crowd: Crowd
        self.gateways: list[Gateway] = []
        self.exempt: list[Exempt] = []
        self.misses: list[str] = []
        self._spoke_since = 0.0
        self._url = ""

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # -- building -------------------------------------------------------------------------------------

    def directory(self) -> Path:
        self._count += 1
        return self._directory / str(self._count)

    def store(self, *options: str, fsync: str = "everysec") -> Store:
        store = Store(self._program, self.directory(), *options, fsync=fsync)
        self._stack.callback(store.close)
        return store

    def sentinels(self, master: Store, count: int = 3) -> list[Sentinel]:
        sentinels = []
        for _ in range(count):
            sentinels.append(Sentinel(self._program, self.directory(), master, count // 2 + 1))
            self._stack.callback(sentinels[-1].close)
        return sentinels

    def forwarder(self, target: int | str) -> Forwarder:
        return self._stack.enter_context(contextlib.closing(Forwarder(target)))

    def gateway(self, url: str, *options: str, **variables: str) -> Gateway:
        """Start a gateway. It is not ready yet."""
        settings = {
            "HUBBUB_LEASE_S": str(LEASE_S),
            "HUBBUB_HISTORY_MESSAGES": "1000000",
            "HUBBUB_JOIN_HISTORY_MESSAGES": "0",  # users receive only the messages of their own time in a room
            "PYTHONPATH": str(ROOT),
            **variables,
        }
        gateway = Gateway(url, PREFIX, options, settings)
        self._stack.callback(gateway.close)
        return gateway

    def open(self, *urls: str, history: str = "", **variables: str) -> None:
        """Start a gateway for each URL. ``history``: the URL to read the log from at the end, if not the first."""
        self._url = history or urls[0]
        self.gateways = [self.gateway(url, **variables) for url in urls]
        for gateway in self.gateways:
            gateway.wait_ready()

    def reopen(self, number: int, url: str, **variables: str) -> Gateway:
        """Start a gateway in the place of one that has ended."""
        self.gateways[number] = self.gateway(url, **variables).wait_ready()
        return self.gateways[number]

    @staticmethod
    def descriptors(gateway: Gateway) -> list[str]:
        return os.listdir(f"/proc/{gateway.process.pid}/fd")

    @staticmethod
    @contextlib.contextmanager
    def paused(gateway: Gateway) -> Iterator[None]:
        """Stop the gateway's process meanwhile."""
        gateway.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            gateway.process.send_signal(signal.SIGCONT)

    def await_that(self, what: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + AGREEMENT_LIMIT_S
        while not is_so():
            assert time.monotonic() < deadline, f"not in time: {what}"
            self.run(0.1)

    def logged(self, event: str) -> int:
        """Return how often the gateways have logged an event."""
        return sum(gateway.log.count(f'"{event}"') for gateway in self.gateways)

    def expect(self, is_so: bool, otherwise: str) -> None:
        """Require that the fault has happened. A scenario without a fault proves nothing."""
        if not is_so:
            self.misses.append(otherwise)

    def begin(self, crowd: Crowd | None = None) -> Crowd:
        """Create a crowd that connects and talks."""
        self.crowd = crowd or Crowd([gateway.port for gateway in self.gateways])
        self._stack.callback(self.crowd.close)
        self.crowd.enter()
        self.crowd.speak()
        self._spoke_since = time.monotonic()
        return self.crowd

    def run(self, seconds: float) -> None:
        """Let the crowd continue for this time."""
        threading.Event().wait(seconds)

    # -- the end --------------------------------------------------------------------------------------

    def judge(self, row: Row) -> None:
        """Let the crowd come to rest, compare everything, and fill the row."""
        crowd = self.crowd
        row.problems += self.misses
        crowd.hush()
        until = time.monotonic()
        if not crowd.wait_until_answered(ANSWER_LIMIT_S):
            row.problems.append(f"not at rest: {crowd.call(crowd.standing)}")
        row.problems += self._agree()
        crowd.barrier(crowd.users)
        history = {room: self.history(room) for room in crowd.rooms}
        found = judge(crowd.said, crowd.sittings, history, self.exempt)
        self._fill(row, found)
        row.silence_s = longest_silence(crowd.sittings, self._spoke_since, until)
        row.problems += [f"{len(crowd.broken)} broken views: {crowd.broken[:5]}"] if crowd.broken else []
        faults = [line for gateway in self.gateways for line in gateway.log.splitlines() if '"fault"' in line]
        row.problems += [f"{len(faults)} faults: {faults[0][:2000]}"] if faults else []

    def _fill(self, row: Row, found: Findings) -> None:
        anonymous = sum(len(user.anonymous_refusals) for user in self.crowd.users)
        unanswered = max(0, len(found.unanswered) - anonymous)
        row.sent = found.sent
        row.lost = len(found.lost) + unanswered
        row.twice, row.disorder = len(found.twice), len(found.disorder)
        row.refused = len(found.refused) + min(anonymous, len(found.unanswered))
        row.exempt = len(found.exempt)
        row.why_exempt = "; ".join(sorted({exempt.why for exempt in self.exempt if found.exempt}))
        if found.refused_but_said:
            row.problems.append(f"refused and said all the same: {sorted(found.refused_but_said)[:5]}")
        if not found.is_clean:
            row.problems += found.examples[:8]

    def history(self, room: str) -> list[Key]:
        """Return the lines that `hubbub-gateway log` prints of a room."""
        told = subprocess.run(
            [sys.executable, "-m", "gateway", "log", room, "--format", "irc", "--redis", self._url, "--prefix", PREFIX],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        lines = [parse(line) for line in told.stdout.splitlines()]
        said = [params[1].split(" ") for _, _, verb, params in lines if verb == "PRIVMSG"]
        return [(words[0], int(words[1])) for words in said]

    def _agree(self) -> list[str]:
        """Return the differences between the gateways after they have had time to agree."""
        deadline = time.monotonic() + AGREEMENT_LIMIT_S
        while (differences := self._differences()) and time.monotonic() < deadline:
            self.run(0.5)
        return differences

    def _differences(self) -> list[str]:
        crowd = self.crowd
        found: list[str] = []
        here = crowd.call(lambda: {user.nick: user for user in crowd.users if user.is_in})
        seers = list({user.port: user for user in here.values()}.values())
        for room in crowd.rooms:
            answers = crowd.barrier(seers, lines=[f"NAMES {room}", f"TOPIC {room}", f"MODE {room}", f"MODE {room} b"])
            views = [_view(lines, room) for lines in answers]
            for seer, view in zip(seers, views, strict=True):
                if view != views[0]:
                    found.append(f"{room}: {seer.name} sees {view}, {seers[0].name} {views[0]}")
            names = {word.lstrip("@+"): word for word in listed(answers[0], room)}
            found += self._wrong_names(room, names, set(here))
            topic = next((params[-1] for _, _, verb, params in map(parse, answers[0]) if verb == "332"), "")
            for nick, user in here.items():
                expected = crowd.ranked.get(user.name)
                if user.connections == 1 and expected and names.get(nick) != expected + nick:
                    found.append(f"{room}: {nick} should be {expected}: {names.get(nick)}")
                believed = crowd.call(partial(_present, user, room))
                if believed != set(here):
                    found.append(f"{room}: {nick} has seen {sorted(believed ^ set(here))} otherwise")
                if user.topics.get(room) != topic:
                    found.append(f"{room}: {nick} has seen the topic {user.topics.get(room)!r}, it is {topic!r}")
        return found

    @staticmethod
    def _wrong_names(room: str, names: dict[str, str], here: set[str]) -> list[str]:
        found = []
        if set(names) - here:
            found.append(f"{room}: extra members {sorted(set(names) - here)}")
        if here - set(names):
            found.append(f"{room}: missing {sorted(here - set(names))}")
        return found


def _present(user: User, room: str) -> set[str]:
    """The members of a room, as a user knows them."""
    return set(user.present.get(room, ()))


def _view(lines: list[str], room: str) -> str:
    """Names, topic and modes as one text, for comparison."""
    told = [params[1:] for _, _, verb, params in map(parse, lines) if verb in {"332", "331", "324", "367"}]
    return json.dumps([sorted(listed(lines, room)), sorted(told)])
