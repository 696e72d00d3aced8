"""Lanes append to shared logs under every fault: at the end all replicas agree, and each line is there once.

One seed gives one run; a failure names it. Between any two steps a connection may break before or after the server
has executed a command, published messages may be lost, and the server may stall, restart or lose its scripts.
"""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from gateway.broker.keys import Keys
from gateway.chat.events import decode
from gateway.logs import replica, subscriptions
from tests.simulation.scripts import snapshot
from tests.simulation.server import Connection, SimulatedSelector, SimulatedServer
from tests.stage.node import Node, Story

KEYS = Keys("t:")
ROOMS = ("#one", "#two", "#three")
LANES = 4
STEPS = 700
REST_LIMIT = 20_000


class Run:
    """One run of a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.server = SimulatedServer(replies_first=bool(seed % 2))
        self.selector = SimulatedSelector()
        self.nodes = [Node(self.selector, KEYS, f"gate0{n}.0") for n in range(LANES)]
        self.connections: dict[Node, Connection] = {}
        self.said: list[tuple[str, str]] = []  # (log, line)
        for node in self.nodes:
            for name in (*ROOMS, f"@{node.lane}"):
                node.follow(name)
        self.steps: list[tuple[int, Callable[[], None]]] = [
            (30, self.say),
            (30, self.turn),
            (30, self.serve),
            (30, self.receive),
            (30, self.exchange),
            (2, self.serve_late),
            (6, self.cut),
            (3, self.lose),
            (4, self.end),
            (15, self.connect),
            (2, self.deafen),
            (10, self.snapshot),
            (1, self.stall),
            (1, self.restart),
            (1, self.flush_scripts),
            (2, self.check),
            (10, self.pass_time),
        ]

    # -- what may happen ------------------------------------------------------------------------------

    @property
    def node(self) -> Node:
        return self.random.choice(self.nodes)

    def say(self) -> None:
        node = self.node
        name = self.random.choice((*ROOMS, *(f"@{other.lane}" for other in self.nodes)))
        for _ in range(self.random.choice((1, 1, 2, 5))):
            line = f"{node.lane} says {len(self.said)}"
            self.said.append((name, line))
            node.say(name, line)

    def turn(self) -> None:
        self.node.turn()

    def serve(self) -> None:
        self._serve([one for one in self.server.connections.values() if not one.is_abandoned])

    def serve_late(self) -> None:
        """Execute commands of connections that their lanes have abandoned."""
        self._serve([one for one in self.server.connections.values() if one.is_abandoned])

    def _serve(self, connections: list[Connection]) -> None:
        if connections:
            self.server.serve(self.random.choice(connections), self.random.choice((1, 3, None)))

    def exchange(self) -> None:
        """Let one lane and the server exchange everything while the others wait."""
        node = self.node
        connection = self.connections.get(node)
        for _ in range(self.random.choice((2, 5, 20))):
            node.turn()
            if connection is not None and not connection.is_abandoned:
                self.server.serve(connection)
                self.selector.poll(connection.id)

    def receive(self) -> None:
        connection = self.connections.get(self.node)
        if connection is not None:
            self.selector.poll(connection.id)

    def connect(self) -> None:
        self._connect(self.node)

    def _connect(self, node: Node) -> None:
        if not self._is_attached(node):
            end = self.selector.know(self.server.connect())
            self.connections[node] = end.connection
            node.link.attach(end)  # type: ignore[arg-type]

    def _is_attached(self, node: Node) -> bool:
        connection = self.connections.get(node)
        return connection is not None and not connection.is_abandoned

    def cut(self) -> None:
        """Let the link abandon its connection. Its commands may still run, and run late."""
        self.node.link.drop("cut")

    def lose(self) -> None:
        """Lose the bytes on their way in both directions, and the connection."""
        node = self.node
        connection = self.connections.get(node)
        if connection is not None:
            kept = self.random.randint(0, len(connection.requests))
            while len(connection.requests) > kept:
                connection.requests.pop()
        node.link.drop("lost")

    def end(self) -> None:
        """Close a connection at the server. Some of its replies are lost."""
        connection = self.connections.get(self.node)
        if connection is not None and connection.is_open:
            del connection.replies[self.random.randint(0, len(connection.replies)) :]
            connection.close()
            self.server.connections.pop(connection.id, None)

    def deafen(self) -> None:
        self.node.link.is_deaf ^= True

    def stall(self) -> None:
        self.server.is_stalled ^= True

    def restart(self) -> None:
        self.server.restart()

    def flush_scripts(self) -> None:
        self.server.flush_scripts()

    def check(self) -> None:
        self.node.subscriptions.check_positions()

    def pass_time(self) -> None:
        self.server.store.advance(self.random.choice((0, 500, 5000)))

    def snapshot(self) -> None:
        """Write a lane's snapshot, and trim entries whose outcome every lane knows.

        An entry that is trimmed before its sender knows the outcome would be sent again: a log must be kept for longer
        than the longest loss of a connection.
        """
        story = self.node.stories[self.random.choice(ROOMS)]
        if story.is_live and story.replica.epoch:
            heard = {line for node in self.nodes for line in node.outcomes}
            entries = self.entries(story.name)
            needed = next((len(entries) - n for n, lines in enumerate(entries) if not heard.issuperset(lines)), 0)
            kept = max(needed, self.random.choice((1, 5, 50)))
            epoch, last = story.position
            no_bound = f"{10**12}"  # of bytes, age (ms) and the gateway's clock (ms)
            words = (epoch, last, f"1 {epoch} {last}\n{story.dump()}", f"{kept}", *[no_bound] * 3)
            keys = [key(story.name).encode() for key in (KEYS.log, KEYS.head, KEYS.base, KEYS.rejected)]
            snapshot(self.server.store, lambda _channel, _payload: 0, keys, [word.encode() for word in words])

    # -- and the end ----------------------------------------------------------------------------------

    def misbehave(self) -> None:
        weights = [weight for weight, _ in self.steps]
        for _, step in self.random.choices(self.steps, weights, k=STEPS):
            step()

    def come_to_rest(self) -> None:
        """Run without further faults until everything that was begun has ended."""
        self.server.is_stalled = False
        for node in self.nodes:
            node.link.is_deaf = False
        moved = 1
        for last in (False, True):
            for _ in range(REST_LIMIT):
                for node in self.nodes:
                    self._connect(node)
                    node.turn()
                moved = self.server.serve() + self.selector.poll()
                if not moved and all(self._is_attached(node) for node in self.nodes):
                    break
            assert not moved, "it does not come to rest"
            if not last:
                for node in self.nodes:
                    node.subscriptions.check_positions()

    def entries(self, name: str) -> list[list[str]]:
        """Return the lines of each entry of a log."""
        entries = self.server.store.xrange(KEYS.log(name).encode(), b"-", b"+")
        return [decode(id.decode(), "", fields[3]).lines for id, fields in entries]

    def replicas(self, name: str) -> list[Story]:
        return [node.stories[name] for node in self.nodes if name in node.stories]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set small limits, so that short logs have many pages and queues are full."""
    monkeypatch.setattr(replica, "PAGE_ENTRIES", 4)
    monkeypatch.setattr(subscriptions, "PAGE_ENTRIES", 4)
    monkeypatch.setattr(replica, "WAITING_LIMIT", 6)


@pytest.mark.parametrize("seed", range(150))
def test_whatever_fails_all_agree_and_each_line_is_there_once(seed: int) -> None:
    run = Run(seed)
    for node in run.nodes:
        for name, value in (("last", "0-0"), ("epoch", node.lane)):
            run.server.store.hsetnx(KEYS.head(f"@{node.lane}").encode(), name.encode(), value.encode())
    run.misbehave()
    run.come_to_rest()

    for name in (*ROOMS, *(f"@{node.lane}" for node in run.nodes)):
        stories = run.replicas(name)
        reference = stories[0]
        said = sorted(line for log, line in run.said if log == name)
        assert all(story.is_live for story in stories)
        assert all(story.lines == reference.lines for story in stories), name
        assert sorted(reference.lines) == said, name
        log = [line for lines in run.entries(name) for line in lines]
        assert log == reference.lines[len(reference.lines) - len(log) :], "the log is the end of what was folded"
        for node in run.nodes:
            own = [line for line in reference.lines if line.startswith(f"{node.lane} ")]
            assert own == sorted(own, key=lambda line: int(line.rpartition(" ")[2])), "a lane's lines keep their order"
        for story in stories:
            assert max(Counter(story.origins).values(), default=1) == 1, "an entry was folded twice"

    for node in run.nodes:
        own = [line for _, line in run.said if line.startswith(f"{node.lane} ")]
        assert node.log_writer.queued == 0
        assert {line: len(node.outcomes.get(line, [])) for line in own} == dict.fromkeys(own, 1), "each has one outcome"
        assert None not in [outcome for outcomes in node.outcomes.values() for outcome in outcomes]
