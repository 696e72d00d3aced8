"""Faults that only a simulated server can produce, step by step."""

import pytest

from gateway.broker.keys import Keys
from gateway.chat.events import decode
from gateway.logs.recent_appends import AGES
from tests.simulation.server import Connection, SimulatedSelector, SimulatedServer
from tests.stage.node import Node, Story

KEYS = Keys("t:")
ROOM = "#room"


class Network:
    """A server and the links to it. Nothing moves by itself."""

    def __init__(self) -> None:
        self.server = SimulatedServer()
        self.selector = SimulatedSelector()
        self.nodes: list[Node] = []

    def node(self) -> Node:
        node = Node(self.selector, KEYS, f"gate0{len(self.nodes)}.0")
        self.nodes.append(node)
        return node

    def attach(self, node: Node) -> Connection:
        """Attach a new connection that has sent its greeting and read nothing yet."""
        end = self.selector.know(self.server.connect())
        node.link.attach(end)  # type: ignore[arg-type]
        return end.connection

    def connect(self, node: Node) -> Connection:
        connection = self.attach(node)
        while not node.link.is_connected:
            self.server.serve(connection)
            self.selector.poll(connection.id)
        return connection

    def settle(self, *connections: Connection) -> None:
        """Run everything, or only these connections, until nothing moves."""
        moved = 1
        while moved:
            for node in self.nodes:
                node.turn()
            if connections:
                moved = sum(self.server.serve(one) + self.selector.poll(one.id) for one in connections)
            else:
                moved = self.server.serve() + self.selector.poll()

    def follow(self, node: Node) -> Story:
        story = node.follow(ROOM)
        self.settle()
        assert story.is_live
        return story

    def lines(self) -> list[str]:
        entries = self.server.store.xrange(KEYS.log(ROOM).encode(), b"-", b"+")
        return [line for id, fields in entries for line in decode(id.decode(), "", fields[3]).lines]


@pytest.fixture
def network() -> Network:
    return Network()


def test_what_is_still_under_way_when_two_connections_were_lost_never_runs(network: Network) -> None:
    """The second connection is lost before the server has executed the CLIENT KILL of the first."""
    node = network.node()
    first = network.connect(node)
    story = network.follow(node)
    node.say(ROOM, "before")
    network.settle()
    node.say(ROOM, "once")
    node.turn()
    node.link.drop("cut, and the append is still under way")
    second = network.attach(node)
    while second.replies or second.requests:
        network.server.serve(second)
        network.selector.poll(second.id)
        second.requests.clear()  # the greeting was answered; the commands after it are lost
    node.link.drop("cut")
    third = network.connect(node)
    network.settle(third)
    assert story.lines == ["before", "once"]
    network.server.serve(first)
    network.settle()
    assert network.lines() == story.lines == ["before", "once"]


def test_after_a_restart_no_stranger_is_ended(network: Network) -> None:
    """A client id of the previous process belongs to another connection now."""
    node, other = network.node(), network.node()
    network.connect(node)
    network.server.restart()
    network.server.reuse_client_ids()
    network.selector.poll()
    assert not node.link.is_connected
    network.connect(other)
    half = network.attach(node)
    network.server.serve(half, at_most=2)
    network.selector.poll()
    node.link.drop("lost while greeting")
    network.connect(node)
    network.settle()
    assert other.whys == []
    assert other.link.is_connected


@pytest.mark.parametrize("seen", ["first", "second"])
def test_a_restart_that_lost_the_tail(network: Network, seen: str) -> None:
    """The connection is lost at the same moment: entries in flight are sent again, after those that were restored."""
    node = network.node()
    network.connect(node)
    story = network.follow(node)
    saved = network.server.store.save()
    node.say(ROOM, "first")
    network.settle()
    if seen == "first":
        saved = network.server.store.save()
    node.say(ROOM, "second")
    node.turn()
    network.server.serve()  # executed, but neither the reply nor the entry has arrived
    for connection in network.server.connections.values():
        connection.replies.clear()
    network.server.restart(saved)
    network.selector.poll()
    network.connect(node)
    network.settle()
    assert story.lines == network.lines() == ["first", "second"]
    assert {line: len(outcomes) for line, outcomes in node.outcomes.items()} == {"first": 1, "second": 1}


def test_a_wiped_server(network: Network) -> None:
    """In a log without a state, the lane restores the entries that it remembers."""
    node = network.node()
    network.connect(node)
    story = network.follow(node)
    node.say(ROOM, "before")
    network.settle()
    network.server.store.wipe()
    network.server.restart()
    network.selector.poll()
    node.say(ROOM, "after")
    network.connect(node)
    network.settle()
    assert story.lines == network.lines() == ["before", "after"]
    assert story.beginnings == 2


def test_a_snapshot_that_expires_with_its_log(network: Network) -> None:
    node = network.node()
    network.connect(node)
    story = network.follow(node)
    node.say(ROOM, "before")
    network.settle()
    node.snapshots.put_off_expiry(ROOM)
    network.settle()
    network.server.store.advance(31 * 24 * 3600 * 1_000_000)
    for _ in range(AGES + 1):
        node.log_writer.recent.age()
    node.say(ROOM, "after")
    network.settle()
    assert story.lines == network.lines() == ["after"]
