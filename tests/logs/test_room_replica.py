"""A replica of a room: what is delivered, in which order, and what a reload reports."""

from gateway.chat.snapshot import dump
from tests.stage.rooms import ROOM, joined, said
from tests.stage.worlds import Stage


def test_what_is_said_is_shown_on_every_lane_in_one_order(stage: Stage) -> None:
    nodes = [stage.node(), stage.node()]
    rooms = [joined(stage, node, nick) for node, nick in zip(nodes, ("ann", "bob"), strict=True)]
    for n in range(10):
        for node in nodes:
            node.say(ROOM, said(node, f"{n}"))
        stage.step()
    stage.until(lambda: all(sum("PRIVMSG" in line for line in node.shown) == 20 for node in nodes))
    assert nodes[0].shown[-20:] == nodes[1].shown[-20:]
    assert dump(rooms[0].room) == dump(rooms[1].room)


def test_a_reload_reports_the_state_that_clients_knew(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    followed = joined(stage, node, "ann")
    known = dump(followed.room)
    node.rooms_reloaded.clear()
    for key in (stage.keys.log(ROOM), stage.keys.head(ROOM)):
        stage.command("DEL", key)
    joined(stage, other, "bob")
    stage.until(lambda: len(followed.room.members) == 2)
    (room, old, misses), *_ = node.rooms_reloaded
    assert room is followed
    assert dump(old) == known
    assert not misses
    assert [member.nick for member in followed.room.members.values()] == ["ann", "bob"]


def test_a_repaired_room_is_shown_what_it_missed_and_nothing_else(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    joined(stage, node, "ann")
    joined(stage, other, "bob")
    stage.round_trip()
    node.rooms_live.clear()
    node.rooms_reloaded.clear()
    node.shown.clear()
    node.link.drop("cut")
    other.say(ROOM, said(other, "missed"))
    stage.until(lambda: other.shown[-1].endswith("missed"))
    stage.connect(node)
    stage.until(lambda: bool(node.rooms_live))
    assert node.shown == [":bob!u@h PRIVMSG #room :missed"]
    assert node.rooms_reloaded == []
