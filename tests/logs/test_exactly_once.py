"""Exactly once: with any loss of a connection, a line is in its log once, and its sender is notified once."""

import pytest

from gateway.chat.events import decode
from tests.stage.node import Node, Story, snapshot_of
from tests.stage.worlds import Stage

ROOM = "#room"
INBOX = "@gate00.7"


def settled(stage: Stage, node: Node) -> Story:
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    return story


def lines(stage: Stage, name: str = ROOM) -> list[str]:
    """Return all lines of a log in Redis."""
    return [line for entry in stage.entries(name) for line in decode(*entry).lines]


def launch(stage: Stage, node: Node, line: str, name: str = ROOM, executed: bool = True) -> None:
    """Send a line and lose the connection: after the server has executed it, or before it was sent."""
    node.say(name, line)
    node.log_writer.send()
    if executed:
        node.link.flush()
        stage.until_executed(lambda: line in lines(stage, name))
    node.link.drop("cut")


def open_inbox(stage: Stage) -> None:
    for field, value in (("last", "0-0"), ("epoch", "of the lane")):
        stage.command("HSETNX", stage.keys.head(INBOX), field, value)


@pytest.mark.parametrize("executed", [True, False])
def test_a_line_in_flight_when_the_connection_is_lost(stage: Stage, executed: bool) -> None:
    node = stage.node()
    story = settled(stage, node)
    node.say(ROOM, "first")
    stage.until(lambda: story.lines == ["first"])
    launch(stage, node, "second", executed=executed)
    assert "second" not in node.outcomes
    node.say(ROOM, "third")
    stage.connect(node)
    stage.until(lambda: story.lines == ["first", "second", "third"])
    stage.round_trip()
    assert lines(stage) == story.lines
    assert {line: len(outcomes) for line, outcomes in node.outcomes.items()} == dict.fromkeys(story.lines, 1)
    assert story.origins == ["gate00.0:1", "gate00.0:2", "gate00.0:3"], "it went again as the same entry"


@pytest.mark.parametrize("executed", [True, False])
def test_the_line_that_makes_a_log(stage: Stage, executed: bool) -> None:
    node = stage.node()
    story = settled(stage, node)
    launch(stage, node, "first", executed=executed)
    stage.connect(node)
    stage.until(lambda: story.lines == ["first"])
    stage.round_trip()
    assert lines(stage) == ["first"]
    assert node.outcomes == {"first": [(story.replica.last, 0)]}


@pytest.mark.parametrize("executed", [True, False])
def test_a_connection_lost_again_and_again(stage: Stage, executed: bool) -> None:
    node = stage.node()
    story = settled(stage, node)
    launch(stage, node, "once", executed=executed)
    for _ in range(3):
        stage.connect(node)
        node.turn()
        node.link.drop("cut")
    stage.connect(node)
    stage.until(lambda: story.lines == ["once"])
    stage.round_trip()
    assert lines(stage) == ["once"]
    assert len(node.outcomes["once"]) == 1


@pytest.mark.parametrize("executed", [True, False])
def test_a_line_to_another_lanes_inbox(stage: Stage, executed: bool) -> None:
    node = stage.node()
    open_inbox(stage)
    launch(stage, node, "psst", INBOX, executed)
    node.say(INBOX, "more")
    node.say("@dead00.0", "nobody")
    stage.connect(node)
    stage.until(lambda: len(node.outcomes) == 3)
    stage.round_trip()
    assert lines(stage, INBOX) == ["psst", "more"]
    first, second = (entry_id for entry_id, _, _ in stage.entries(INBOX))
    assert node.outcomes == {"psst": [(first, 0)], "more": [(second, 0)], "nobody": [None]}
    assert node.log_writer.queued == 0


@pytest.mark.parametrize("executed", [True, False])
def test_a_line_to_an_inbox_that_is_gone_is_refused(stage: Stage, executed: bool) -> None:
    node = stage.node()
    open_inbox(stage)
    launch(stage, node, "psst", INBOX, executed)
    stage.command("DEL", stage.keys.log(INBOX), stage.keys.head(INBOX))
    stage.connect(node)
    stage.until(lambda: node.outcomes == {"psst": [None]})
    assert stage.command("EXISTS", stage.keys.log(INBOX)) == 0


@pytest.mark.parametrize("name", [ROOM, INBOX])
def test_a_stalled_server_runs_late_what_a_closed_connection_sent(stage: Stage, name: str) -> None:
    node = stage.node()
    story = settled(stage, node)
    open_inbox(stage)
    stage.world.stall()
    node.say(name, "once")
    node.turn()
    node.link.drop("no answer")
    node.link.attach(stage.world.connect())
    stage.world.resume()
    stage.until(lambda: len(node.outcomes) == 1 and story.is_live)
    stage.round_trip()
    assert lines(stage, name) == ["once"]
    assert len(node.outcomes["once"]) == 1


def test_a_line_whose_published_entry_was_lost_is_found_by_the_repair(stage: Stage) -> None:
    node = stage.node()
    story = settled(stage, node)
    node.link.is_deaf = True
    node.say(ROOM, "unheard")
    node.turn()
    stage.round_trip()
    assert node.outcomes == {}
    node.link.is_deaf = False
    node.subscriptions.check_positions() if story.replica.epoch else story.replica.repair()
    stage.until(lambda: len(node.outcomes) == 1)
    assert lines(stage) == story.lines == ["unheard"]


def test_a_line_that_was_answered_but_lost_with_the_servers_tail_goes_again(stage: Stage) -> None:
    """No node has acknowledged it yet: its entry had not come back."""
    node = stage.node()
    story = settled(stage, node)
    node.say(ROOM, "first")
    stage.until(lambda: story.lines == ["first"])
    node.link.is_deaf = True
    node.say(ROOM, "second")
    node.turn()
    stage.round_trip()
    stage.command("XDEL", stage.keys.log(ROOM), stage.entries(ROOM)[-1][0])
    stage.command("HSET", stage.keys.head(ROOM), "last", stage.entries(ROOM)[-1][0])
    node.link.drop("the server was restarted")
    node.link.is_deaf = False
    stage.connect(node)
    stage.until(lambda: story.lines == ["first", "second"])
    assert lines(stage) == story.lines
    assert len(node.outcomes["second"]) == 1


@pytest.mark.parametrize("answered", [True, False])
def test_a_line_that_lies_under_the_base_of_a_log_read_again(stage: Stage, answered: bool) -> None:
    """While the connection was lost, others appended, and a snapshot and a trim passed the position."""
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "a", "b")
    story = settled(stage, node)
    if answered:
        node.link.is_deaf = True
        node.say(ROOM, "mine")
        node.turn()
        stage.round_trip()
        node.link.is_deaf = False
        node.link.drop("cut")
    else:
        launch(stage, node, "mine")
    stage.write(writer, ROOM, "c", "d")
    ids = [entry_id for entry_id, _, _ in stage.entries(ROOM)]
    stage.command(
        "SET",
        stage.keys.base(ROOM),
        f"1 {stage.head(ROOM)[0]} {ids[3]}\n{snapshot_of(['all until c'], {node.lane: 1})}",
    )
    stage.command("XTRIM", stage.keys.log(ROOM), "MINID", ids[2])
    stage.connect(node)
    stage.until(lambda: story.lines == ["all until c", "d"])
    stage.until(lambda: "mine" in node.outcomes)
    node.say(ROOM, "next")
    stage.until(lambda: story.lines == ["all until c", "d", "next"])
    assert lines(stage) == ["mine", "c", "d", "next"]
    assert len(node.outcomes["mine"]) == 1


@pytest.mark.parametrize("is_first", [True, False])
def test_a_line_that_was_answered_but_did_not_come_back_is_looked_for(stage: Stage, is_first: bool) -> None:
    """Also the first entry of a log: there is no epoch yet to compare heads."""
    node = stage.node()
    story = settled(stage, node)
    if not is_first:
        node.say(ROOM, "before")
        stage.until(lambda: story.lines == ["before"])
    node.link.is_deaf = True
    node.say(ROOM, "unheard")
    node.turn()
    stage.round_trip()
    node.link.is_deaf = False
    node.log_writer.repair_unacknowledged()
    stage.until(lambda: "unheard" in node.outcomes)
    assert lines(stage) == story.lines
    node.log_writer.repair_unacknowledged()
    stage.round_trip()
    assert len(node.outcomes["unheard"]) == 1
