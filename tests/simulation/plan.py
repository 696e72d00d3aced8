"""The plan of a run: every step is derived from the seed beforehand, as data.

A step can be left out without changing the others, so a failing run can be shrunk.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

ROOMS = ("#lobby", "#a", "#b")
CAPS: tuple[tuple[str, ...], ...] = (  # server-time comes with batch, so that messages after a JOIN can be recognized
    (),
    ("echo-message",),
    ("server-time", "message-tags", "batch"),
    ("echo-message", "message-tags", "batch", "labeled-response", "draft/chathistory", "draft/message-redaction"),
    (
        *("echo-message", "server-time", "message-tags", "batch", "labeled-response", "draft/chathistory"),
        *("multi-prefix", "draft/message-redaction", "draft/multiline"),
    ),
    ("echo-message", "message-tags", "extended-join", "away-notify", "setname", "invite-notify", "userhost-in-names"),
    ("away-notify", "setname", "extended-monitor", "account-notify", "account-tag", "chghost"),
)
NEVER, ALWAYS = "timestamp=2000-01-01T00:00:00.000Z", "timestamp=2999-01-01T00:00:00.000Z"
HISTORIES = (
    "LATEST {room} * 20",
    f"BEFORE {{room}} {ALWAYS} 7",
    f"AFTER {{room}} {NEVER} 7",
    f"AROUND {{room}} {ALWAYS} 6",
    f"BETWEEN {{room}} {ALWAYS} {NEVER} 9",
    f"TARGETS {NEVER} {ALWAYS} 9",
    "LATEST {{}} * 9",
)
"""CHATHISTORY requests while the history grows."""
MODES = (
    *("+o {}", "+o {}", "-o {}", "+v {}", "-v {}", "+m", "-m", "-n", "+n", "+i", "-i", "+k secret", "-k secret"),
    *("+l 4", "-l", "+b {}!*@*", "-b {}!*@*", "+b *!*@nowhere", "-t", "+t", "+s", "-s", "+I {}!*@*", "+e {}"),
)
DATA, CLOCK = "data", "clock"
FAULTS = ("link", "redis", "gateway", "client", CLOCK)
"""Kinds of faults; a run has some of them."""
LOSSES = (*FAULTS, DATA)
"""With losses of data in Redis. Its clock then never goes back, as the order of events depends on it.

A beat detects a wipe by records that are younger than the last beat, and claims are ordered by their times.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A call of ``Network._do_KIND`` with these arguments at a virtual time (seconds)."""

    at: float
    kind: str
    args: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.at:8.3f}  {self.kind:<13} {' '.join(map(repr, self.args))}"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. ``gateways``: how many lanes each has; ``clients``: (capabilities, whether they read plain text)."""

    seed: int
    gateways: tuple[int, ...]
    clients: tuple[tuple[tuple[str, ...], bool], ...]
    steps: tuple[Step, ...]
    length_s: float
    rest_s: float
    replies_first: bool = False
    sendq_bytes: int = 20_000
    page_entries: int = 4
    waiting_limit: int = 6
    snapshot_entries: int = 6

    def without(self, dropped: set[int]) -> "Plan":
        """The same plan without the steps at these indexes."""
        return replace(self, steps=tuple(step for n, step in enumerate(self.steps) if n not in dropped))

    def story(self) -> str:
        gateways = ", ".join(f"gate{n} with {lanes}" for n, lanes in enumerate(self.gateways))
        return "\n".join([f"seed {self.seed}: lanes: {gateways}; {len(self.clients)} clients", *map(str, self.steps)])


def plan(seed: int, kinds: Sequence[str] = FAULTS) -> Plan:
    """Derive the plan of a seed, with faults of these kinds."""
    random = Random(seed)
    gateways = tuple(random.choice((1, 1, 2)) for _ in range(random.choice((2, 2, 3, 4))))
    clients = tuple(
        ((), True) if random.random() < 0.12 else (random.choice(CAPS), False) for _ in range(random.randint(3, 7))
    )
    length_s = random.uniform(6.0, 16.0)
    faults = random.sample(kinds, min(len(kinds), random.choice((0, 1, 1, 2, 3))))
    if DATA in faults and CLOCK in faults:
        faults.remove(CLOCK)
    author = _Author(random, len(gateways), len(clients), length_s)
    steps = [*author.arrivals(), *author.chatter(), *author.trouble(faults), *author.regrets(Random(f"{seed} regrets"))]
    set_back_s = -sum(min(0.0, step.args[0]) for step in steps if step.kind == "redis_clock")
    needs_reaping = any(step.kind in ("kill", "pause", "wipe", "failover", "restart", "control_loss") for step in steps)
    return Plan(
        seed=seed,
        gateways=gateways,
        clients=clients,
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        length_s=length_s,
        rest_s=(REST_LONG_S if needs_reaping else REST_S) + set_back_s,  # leases expire later by as much
        replies_first=random.random() < 0.5,
        sendq_bytes=random.choice((20_000, 20_000, 4_000)),
        page_entries=random.choice((4, 4, 500)),
        waiting_limit=random.choice((6, 6, 4096)),
        snapshot_entries=random.choice((3, 8, 512)),
    )


REST_S = 40.0
"""Longer than the 30 s after which a lane compares the heads of its logs, and so notices the last loss."""
REST_LONG_S = 100.0


class _Author:
    """Derives the steps from the random numbers of a seed."""

    def __init__(self, random: Random, gateways: int, clients: int, length_s: float) -> None:
        self.random = random
        self.gateways = gateways
        self.clients = clients
        self.length_s = length_s
        self.bursts = sorted(random.uniform(1.5, length_s - 0.5) for _ in range(random.randint(4, 9)))
        self.founders: dict[str, int] = {}  # room -> the first client, which most likely is its operator
        self._tokens = 0
        self._loses_tail: bool | None = None  # whether losses are of the newest data, or of all
        self._names = 0

    # -- what people do -------------------------------------------------------------------------------

    def arrivals(self) -> Iterator[Step]:
        comers = sorted((self.random.uniform(0.3, 1.0), client) for client in range(self.clients))
        for at, client in comers:
            yield Step(at, "connect", (client,))
            for room in self.random.sample(ROOMS, self.random.choice((1, 2, 2, 3))):
                self.founders.setdefault(room, client)
                yield Step(at + 0.001, "join", (client, room, ""))

    def chatter(self) -> Iterator[Step]:
        """Act in bursts: races need several actions at nearly the same time."""
        for burst in self.bursts:
            width_s = self.random.choice((0.002, 0.01, 0.2))
            rooms = self.random.choice((ROOMS, ROOMS[1:2], ROOMS[2:3]))
            for _ in range(self.random.randint(3, 11)):
                yield self._act(burst + self.random.uniform(0.0, width_s), self.random.choice(rooms))
            if self.random.random() < 0.4:
                yield from self._race(burst, self.random.choice(ROOMS[1:]))

    def regrets(self, random: Random) -> Iterator[Step]:
        """Delete messages soon after they were sent, or later."""
        for burst in self.bursts:
            if random.random() < 0.4:
                at = burst + random.choice((0.003, 0.02, 1.0))
                yield Step(at, "redact", (random.randrange(self.clients), random.choice(ROOMS)))

    def _race(self, at: float, room: str) -> Iterator[Step]:
        """Let others send and join while a room's operator takes away the permission."""
        random, operator = self.random, self.founders.get(room, 0)
        other = random.randrange(self.clients)
        line = random.choice(
            (
                f"MODE {room} +m",
                f"MODE {room} +m",
                f"KICK {room} {{}} :out",
                f"MODE {room} +b {{}}!*@*",
                f"MODE {room} +i",
            )
        )
        yield Step(at, "line", (operator, line, other))
        for client in (other, *random.choices(range(self.clients), k=2)):
            self._tokens += 1
            say = Step(at, "say", (client, "PRIVMSG", room, f"m{self._tokens}", "", ""))
            yield replace(say, at=at + random.uniform(-0.001, 0.001))
        yield Step(at + random.uniform(-0.001, 0.001), "join", (other, room, ""))
        yield Step(at + random.uniform(0.3, 1.0), "line", (operator, f"MODE {room} -mi"))

    def _act(self, at: float, room: str) -> Step:
        random = self.random
        client = random.randrange(self.clients)
        kind = random.choices(
            ("say", "whisper", "ping", "join", "part", "nick", "mode", "line"), (40, 6, 12, 9, 6, 7, 10, 10)
        )[0]
        if kind in ("say", "whisper"):
            self._tokens += 1
            target: str | int = room if kind == "say" else random.randrange(self.clients)
            verb = random.choices(("PRIVMSG", "NOTICE", "TAGMSG"), (8, 2, 1))[0]
            label = f"L{self._tokens}" if random.random() < 0.3 else ""
            # Few ids, so that messages of different clients have the same one.
            tag_id = f"i{self._tokens % 6}" if kind == "say" and self._tokens % 5 == 0 else ""
            return Step(at, "say", (client, verb, target, f"m{self._tokens}", label, tag_id))
        if kind == "ping":
            self._tokens += 1
            return Step(at, "line", (client, f"PING p{self._tokens}"))
        if kind == "join":
            return Step(at, "join", (client, room, random.choice(("", "", "secret"))))
        if kind == "part":
            return Step(at, "part", (client, room))
        if kind == "nick":
            return Step(at, "nick", (client, f"name{random.randrange(4)}"))
        other = random.randrange(self.clients)
        if kind == "mode":
            return self._mode(at, client, room, other)
        line = random.choice(
            (
                f"TOPIC {room} :topic {random.randrange(5)}",
                f"MODE {{}} {'+-'[random.randrange(5) % 2]}B",  # its own modes, if the client is drawn as the target
                f"KICK {room} {{}} :out",
                f"INVITE {{}} {room}",
                "AWAY :gone",
                "AWAY",
                f"SETNAME :real {random.randrange(3)}",
                "MONITOR + {}",
                "LIST",
                f"WHO {room}",
                f"WHO {room} %tcuihsnfdlaor,7",
                f"NAMES {room}",
                "WHOIS {}",
                f"CHATHISTORY {HISTORIES[self._tokens % len(HISTORIES)].format(room=room)}",
            )
        )
        return Step(at, "line", (client, line, other))

    def _mode(self, at: float, client: int, room: str, other: int) -> Step:
        return Step(at, "line", (client, f"MODE {room} {self.random.choice(MODES)}", other))

    # -- what fails -----------------------------------------------------------------------------------

    def trouble(self, faults: list[str]) -> Iterator[Step]:
        for fault in faults:
            write: Callable[[], Iterator[Step]] = getattr(self, f"_{fault}_faults")
            for _ in range(self.random.choice((1, 2, 3))):
                yield from write()

    def _moment(self) -> float:
        """Choose a time, mostly within a burst."""
        if self.random.random() < 0.8:
            return self.random.choice(self.bursts) + self.random.uniform(-0.01, 0.06)
        return self.random.uniform(0.2, self.length_s)

    def _lane(self) -> tuple[int, int]:
        return self.random.randrange(self.gateways), self.random.randrange(2)

    def _link_faults(self) -> Iterator[Step]:
        random, at, lane = self.random, self._moment(), self._lane()
        kind = random.choice(("trap", "trap", "cut", "overflow", "lag", "lag", "deafen", "deafen"))
        if kind == "trap":
            how = random.choice(("before", "after", "late"))
            yield Step(at, "trap", (*lane, how, random.uniform(0.01, 3.0)))
        elif kind == "cut":
            yield Step(at, "cut", (*lane, random.random() < 0.5))
        elif kind == "overflow":
            yield Step(at, "overflow", (*lane, random.choice((0, 0, 1, 2))))
        elif kind == "lag":
            yield Step(at, "lag", (*lane, random.choice((0.01, 0.1, 1.0, 7.0)), random.random() < 0.5))
        else:
            yield Step(at, "deafen", (*lane, random.choice((1, 1, 2, 9))))

    def _redis_faults(self) -> Iterator[Step]:
        random, at = self.random, self._moment()
        kind = random.choice(("stall", "stall", "restart", "flush_scripts", "control_loss"))
        if kind == "stall":
            yield Step(at, "stall", (random.choice((0.05, 1.0, 6.0, 12.0)),))
        elif kind == "restart":
            yield Step(at, "restart", (random.choice((0.02, 1.0, 6.0)),))
        elif kind == "flush_scripts":
            yield Step(at, "flush_scripts", ())
        else:
            yield Step(at, "control_loss", (random.choice((0.2, 0.5)), random.uniform(1.0, 10.0)))

    def _gateway_faults(self) -> Iterator[Step]:
        random, at = self.random, self._moment()
        gateway = random.randrange(self.gateways)
        if random.random() < 0.6:
            yield Step(at, "kill", (gateway,))
            if random.random() < 0.6:
                self._names += 1
                yield Step(at + random.uniform(0.1, 5.0), "start", (f"new{self._names}", random.choice((1, 2))))
        else:
            yield Step(at, "pause", (gateway, random.choice((0.05, 1.0, 6.0, 12.0, 25.0))))

    def _client_faults(self) -> Iterator[Step]:
        random, at = self.random, self._moment()
        client = random.randrange(self.clients)
        kind = random.choice(("reset", "leave", "storm", "slow", "slow", "fickle"))
        if kind == "reset":
            yield Step(at, "reset", (client,))
        elif kind == "leave":
            yield Step(at, "leave", (client, random.choice(("quit", "close", "reset"))))
            if random.random() < 0.7:
                yield Step(at + random.uniform(0.0, 2.0), "connect", (client,))
        elif kind == "fickle":
            yield Step(at, "join", (client, random.choice(ROOMS), ""))
            yield Step(at + random.uniform(0.0, 0.006), "leave", (client, random.choice(("quit", "close", "reset"))))
            yield Step(at + random.uniform(0.5, 2.0), "connect", (client,))
        elif kind == "storm":
            yield Step(at, "storm", (random.randrange(self.gateways),))
        else:
            yield Step(at, "slow", (client, random.choice((0.1, 1.0, 8.0))))

    def _clock_faults(self) -> Iterator[Step]:
        random, at = self.random, self._moment()
        by_s = random.choice((-1, 1)) * random.choice((0.01, 1.0, 20.0, 90.0))
        if random.random() < 0.6:
            yield Step(at, "redis_clock", (by_s,))
        else:
            yield Step(at, "lane_clock", (random.randrange(self.gateways), by_s))

    def _data_faults(self) -> Iterator[Step]:
        """Let Redis lose its newest data, or all data."""
        random, at = self.random, self._moment()
        if self._loses_tail is None:
            self._loses_tail = random.random() < 0.65
        if self._loses_tail:
            yield Step(at - random.choice((0.002, 0.02, 0.5)), "replicate", ())
            yield Step(at, "failover", (random.choice((0.01, 0.5, 3.0)),))
        else:
            yield Step(at, "wipe", (random.random() < 0.6,))
