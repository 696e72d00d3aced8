"""Nothing is published, or applied from a page, before Redis's replicas have it."""

from collections.abc import Iterator

import pytest

from tests.stage.node import Node
from tests.stage.worlds import Simulated, Stage

ROOM = "#room"
INBOX = "@gate01.0"


@pytest.fixture(params=[False, True], ids=["message-first", "reply-first"])
def world(request: pytest.FixtureRequest) -> Simulated:
    world = Simulated(request.param)
    world.server.replicas = 1
    return world


@pytest.fixture
def stage(world: Simulated, prefix: str) -> Iterator[Stage]:
    stage = Stage(world, prefix, replicas=1)
    yield stage
    stage.close()


def steps(stage: Stage) -> None:
    for _ in range(20):
        stage.step()


def pair(stage: Stage) -> tuple[Node, Node]:
    """Two nodes that follow a room with a message."""
    nodes = stage.node(), stage.node()
    stories = [node.follow(ROOM) for node in nodes]
    stage.until(lambda: all(story.is_live for story in stories))
    nodes[0].say(ROOM, "before")
    stage.until(lambda: all(story.lines == ["before"] for story in stories))
    return nodes


def test_what_is_said_comes_to_all_in_one_order_once(stage: Stage) -> None:
    one, other = pair(stage)
    for i in range(20):
        (one if i % 2 else other).say(ROOM, f"{i}")
    stage.until(lambda: all(len(node.stories[ROOM].lines) == 21 for node in (one, other)))
    assert one.stories[ROOM].lines == other.stories[ROOM].lines
    assert all(len(found) == 1 for node in (one, other) for found in node.outcomes.values())


def test_nobody_hears_it_while_replicas_are_missing(stage: Stage, world: Simulated) -> None:
    one, other = pair(stage)
    world.server.replicas = 0
    one.say(ROOM, "unsafe")
    steps(stage)
    assert one.lagging == [True]
    assert len(stage.entries(ROOM)) == 2
    other.subscriptions.check_positions()  # the head shows it, as at every PING
    late = stage.node()
    story = late.follow(ROOM)
    steps(stage)
    assert one.stories[ROOM].lines == other.stories[ROOM].lines == ["before"]
    assert not story.is_live
    assert "unsafe" not in one.outcomes
    one.say("#other", "what is said meanwhile waits in its queue")
    steps(stage)
    assert stage.entries("#other") == []
    world.server.replicas = 1
    stories = [one.stories[ROOM], other.stories[ROOM], story]
    stage.until(lambda: all(story.lines == ["before", "unsafe"] for story in stories))
    assert one.lagging == [True, False]
    assert len(one.outcomes["unsafe"]) == 1


def test_an_entry_that_was_appended_before_the_link_broke_is_published_after_it(stage: Stage, world: Simulated) -> None:
    one, other = pair(stage)
    world.server.replicas = 0
    one.say(ROOM, "unsafe")
    steps(stage)
    one.link.drop("cut")
    world.server.replicas = 1
    stage.connect(one)
    stage.until(lambda: all(node.stories[ROOM].lines == ["before", "unsafe"] for node in (one, other)))
    assert len(one.outcomes["unsafe"]) == 1


def test_an_inbox_of_another_lane_has_it_when_the_replicas_do(stage: Stage, world: Simulated) -> None:
    one, other = stage.node(), stage.node()
    stage.command("HSET", stage.keys.head(INBOX), "epoch", "e:1:1:0-0", "last", "0-0")
    inbox = other.follow(INBOX)
    stage.until(lambda: inbox.is_live)
    one.say(INBOX, "hello")
    stage.until(lambda: "hello" in one.outcomes and inbox.lines == ["hello"])
    world.server.replicas = 0
    one.say(INBOX, "later")
    steps(stage)
    assert "later" not in one.outcomes
    assert inbox.lines == ["hello"]
    world.server.replicas = 1
    stage.until(lambda: "later" in one.outcomes and inbox.lines == ["hello", "later"])
