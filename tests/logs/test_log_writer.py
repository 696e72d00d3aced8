"""Appending: the contract of append.lua, the chain of positions, and the events of one entry."""

from typing import Any

from gateway.chat.events import decode, id_key
from gateway.logs.in_flight import ENTRY_LIMIT_BYTES, PendingEvent
from tests.stage.node import Node
from tests.stage.worlds import Stage

ROOM = "#room"


def append(stage: Stage, node: Node, epoch: str, origin: str = "g.0:1", new_epoch: str = "made") -> Any:
    """Return the reply to an append of one line with this expected epoch."""
    replies: list[Any] = []
    node.append(replies.append, ROOM, epoch, origin, "hi", new_epoch)
    stage.until(lambda: bool(replies))
    return replies[0]


def now_us(stage: Stage) -> int:
    """Return the time of the server's clock."""
    seconds, microseconds = stage.command("TIME")
    return int(seconds) * 1_000_000 + int(microseconds)


def test_a_log_that_was_loaded_as_empty_is_made_by_the_first_append(stage: Stage) -> None:
    before = now_us(stage)
    entry_id = append(stage, stage.node(), "")
    after = now_us(stage)
    epoch, last = stage.head(ROOM)
    assert last == entry_id.decode()
    assert stage.entries(ROOM) == [(entry_id.decode(), "g.0:1", b"w.0.1\r\nhi\r\n")]
    name, born, made, rank = epoch.split(":")
    assert (name, made, rank) == ("made", born, "0-0")
    assert before <= int(born) <= after


def test_a_log_that_another_made_meanwhile_refuses_and_tells_its_epoch(stage: Stage) -> None:
    node = stage.node()
    append(stage, node, "", new_epoch="first")
    epoch = stage.head(ROOM)[0].encode()
    assert epoch.startswith(b"first:")
    assert append(stage, node, "", new_epoch="second") == [epoch]
    assert append(stage, node, "stranger") == [epoch]
    assert len(stage.entries(ROOM)) == 1


def test_the_epoch_expected_is_accepted_and_so_is_any(stage: Stage) -> None:
    node = stage.node()
    append(stage, node, "", new_epoch="first")
    epoch = stage.head(ROOM)[0]
    assert isinstance(append(stage, node, epoch), bytes)
    assert isinstance(append(stage, node, "*"), bytes)
    assert stage.head(ROOM)[0] == epoch


def test_a_log_that_does_not_exist_is_not_made_if_one_was_expected(stage: Stage) -> None:
    node = stage.node()
    assert append(stage, node, "*") == [b""]
    assert append(stage, node, "first") == [b""]
    assert stage.command("EXISTS", stage.keys.log(ROOM), stage.keys.head(ROOM)) == 0


def test_published_is_what_was_appended_with_its_predecessor(stage: Stage) -> None:
    node = stage.node()
    node.link.held = []
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    ids = [append(stage, node, "*" if n else "", f"g.0:{n}").decode() for n in range(3)]
    stage.until(lambda: len(node.link.held or ()) == 3)
    told = [payload.decode().split("\n", 1) for (payload,) in (late.args for late in node.link.held)]
    assert told == [
        [f"{id} {before} {stage.head(ROOM)[0]} g.0:{n}", "w.0.1\r\nhi\r\n"]
        for n, (before, id) in enumerate(zip(["0-0", *ids[:2]], ids, strict=True))
    ]
    assert ids == sorted(ids, key=id_key)


def test_all_that_gathers_is_one_entry_and_one_entry_is_in_flight(stage: Stage) -> None:
    node = stage.node()
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    node.say(ROOM, "a", "b", "c")
    node.turn()
    node.say(ROOM, "d")
    node.turn()
    node.say(ROOM, "e")
    node.turn()
    assert node.log_writer.appended == 1
    stage.until(lambda: story.lines == ["a", "b", "c", "d", "e"])
    entries = stage.entries(ROOM)
    assert [decode(*entry).lines for entry in entries] == [["a", "b", "c"], ["d", "e"]]
    assert [origin for _, origin, _ in entries] == ["gate00.0:1", "gate00.0:2"]
    assert node.outcomes == {
        line: [(entries[at][0], index)] for at, lines in enumerate(["abc", "de"]) for index, line in enumerate(lines)
    }


def test_an_entry_has_at_most_64_kb_whatever_the_alphabet(stage: Stage) -> None:
    node = stage.node()
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    lines = [f"{n:04}" + "\U0001f600" * 120 for n in range(400)] + [f"{n:04}" + "x" * 400 for n in range(400)]
    node.say(ROOM, *lines)
    stage.until(lambda: story.lines == lines)
    sizes = [len(payload) for _, _, payload in stage.entries(ROOM)]
    assert max(sizes) <= ENTRY_LIMIT_BYTES
    assert len(sizes) <= sum(sizes) // ENTRY_LIMIT_BYTES + 2


def test_one_line_longer_than_an_entry_may_be_goes_alone(stage: Stage) -> None:
    node = stage.node()
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    lines = ["a", "b" * (ENTRY_LIMIT_BYTES + 10), "c"]
    node.say(ROOM, *lines)
    stage.until(lambda: story.lines == lines)
    assert len(stage.entries(ROOM)) == 3


def test_all_lanes_see_one_order_and_each_lane_its_own(stage: Stage) -> None:
    nodes = [stage.node() for _ in range(3)]
    stories = [node.follow(ROOM) for node in nodes]
    for n in range(40):
        for node in nodes:
            node.say(ROOM, f"{node.lane} {n}")
        stage.step()
    stage.until(lambda: all(len(story.lines) == 120 for story in stories))
    assert stories[0].lines == stories[1].lines == stories[2].lines
    for node in nodes:
        assert [line for line in stories[0].lines if line.startswith(node.lane)] == [
            f"{node.lane} {n}" for n in range(40)
        ]
    assert {story.position for story in stories} == {stage.head(ROOM)}
    assert all(story.beginnings <= 2 for story in stories)  # the nodes that did not create the log load it again


def test_lines_wait_until_their_log_is_loaded(stage: Stage) -> None:
    node = stage.node(connected=False)
    story = node.follow(ROOM)
    node.say(ROOM, "early")
    node.turn()
    assert not node.log_writer.appended
    stage.connect(node)
    stage.until(lambda: story.lines == ["early"])


def test_another_lanes_inbox_takes_only_what_its_lane_has_made(stage: Stage) -> None:
    node = stage.node()
    node.say("@dead00.0", "to nobody", "nor this")
    stage.until(lambda: len(node.outcomes) == 2)
    assert node.outcomes == {"to nobody": [None], "nor this": [None]}
    assert stage.command("EXISTS", stage.keys.log("@dead00.0"), stage.keys.head("@dead00.0")) == 0


def test_another_lanes_inbox_tells_by_its_reply_where_a_line_is(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    for field, value in (("last", "0-0"), ("epoch", "of the lane")):
        stage.command("HSETNX", stage.keys.head("@gate01.0"), field, value)
    inbox = other.follow("@gate01.0")
    node.say("@gate01.0", "hello", "you")
    stage.until(lambda: len(node.outcomes) == 2 and len(inbox.lines) == 2)
    ((entry_id, _, _),) = stage.entries("@gate01.0")
    assert node.outcomes == {"hello": [(entry_id, 0)], "you": [(entry_id, 1)]}
    assert node.log_writer.queued == 0


def test_a_line_that_redis_refuses_is_refused_and_the_next_ones_go_on(stage: Stage) -> None:
    node = stage.node()
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    node.say(ROOM, "first")
    stage.until(lambda: story.lines == ["first"])
    stage.command("SET", stage.keys.log(ROOM), "no stream")
    node.say(ROOM, "lost")
    stage.until(lambda: node.outcomes.get("lost") == [None])
    stage.command("DEL", stage.keys.log(ROOM))
    node.say(ROOM, "kept")
    stage.until(lambda: story.lines == ["first", "kept"])


def test_what_is_queued_is_counted(stage: Stage) -> None:
    node = stage.node()
    node.log_writer.add(ROOM, PendingEvent("g.0.1", "a"))
    node.log_writer.add("@x.0", PendingEvent("g.0.1", "b"))
    assert node.log_writer.queued == 2
    assert not node.log_writer.is_idle(ROOM)
    assert node.log_writer.is_idle("#other")
