"""A lane's barrier over its logs: a PONG is never sent too early, and it is always sent."""

from gateway.logs.barrier import Barrier
from gateway.logs.replica import ReplicaState
from tests.stage.node import Node, Story
from tests.stage.worlds import Stage

ROOM = "#room"


def lose_tail(stage: Stage, name: str) -> None:
    """As a restart from a file that is a little too old. All connections are closed."""
    entries = stage.entries(name)
    stage.command("XDEL", stage.keys.log(name), entries[-1][0])
    stage.command("HSET", stage.keys.head(name), "last", entries[-2][0])


class Pinged:
    """A node's barrier, and the PONGs that it has sent."""

    def __init__(self, stage: Stage, node: Node) -> None:
        self.story: Story = node.follow(ROOM)
        stage.until(lambda: self.story.is_live)
        self.barrier = Barrier(node.link, stage.keys, lambda name: node.stories[name].replica, ROOM)
        self.pongs: list[list[str]] = []  # the entries that had been applied before each
        turn = node.turn

        def with_barrier() -> None:
            self.barrier.turn()
            turn()

        node.turn = with_barrier  # type: ignore[method-assign]

    def ping(self) -> None:
        self.barrier.reach([ROOM], lambda: self.pongs.append(list(self.story.lines)))


def test_a_pong_comes_behind_what_was_in_the_log_even_if_its_entry_was_lost(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    pinged = Pinged(stage, node)
    stage.write(other, ROOM, "a")
    stage.until(lambda: pinged.story.lines == ["a"])
    node.link.is_deaf = True
    stage.write(other, ROOM, "b")
    stage.round_trip(other)
    pinged.ping()
    stage.until(lambda: bool(pinged.pongs))
    assert pinged.pongs == [["a", "b"]]


def test_a_pong_comes_though_what_was_asked_for_was_lost_with_the_servers_tail(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    pinged = Pinged(stage, node)
    stage.write(other, ROOM, "a")
    stage.until(lambda: pinged.story.lines == ["a"])
    node.link.is_deaf = True
    stage.write(other, ROOM, "b")
    pinged.ping()
    stage.until(lambda: pinged.story.replica.state is ReplicaState.REPAIRING)
    node.link.is_deaf = False
    lose_tail(stage, ROOM)
    node.link.drop("the server was restarted")
    stage.connect(node)
    stage.until(lambda: bool(pinged.pongs))
    assert pinged.story.lines == ["a"]


def test_a_cancelled_ping_is_not_answered(stage: Stage) -> None:
    node = stage.node()
    pinged = Pinged(stage, node)
    answered: list[str] = []

    def pong() -> None:
        answered.append("pong")

    pinged.barrier.reach([ROOM], pong)
    assert len(pinged.barrier) == 1
    pinged.barrier.cancel(pong)
    pinged.ping()
    stage.until(lambda: bool(pinged.pongs))
    assert (answered, len(pinged.barrier)) == ([], 0)


def test_pings_of_a_time_without_a_connection_are_answered_by_the_next_one(stage: Stage) -> None:
    node = stage.node()
    pinged = Pinged(stage, node)
    node.link.drop("cut")
    pinged.ping()
    stage.step()
    assert len(pinged.barrier) == 1
    stage.connect(node)
    stage.until(lambda: bool(pinged.pongs))


def test_a_log_that_is_not_followed_any_more_counts_as_reached(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    pinged = Pinged(stage, node)
    barrier = Barrier(node.link, stage.keys, lambda _name: None, ROOM)
    stage.write(other, ROOM, "a")
    answered: list[bool] = []
    barrier.reach([ROOM], lambda: answered.append(True))
    barrier.turn()
    stage.until(lambda: bool(answered))
    assert pinged.story.is_live
