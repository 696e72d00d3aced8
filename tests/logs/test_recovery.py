"""The outcome of an append whose answer was lost, if its entry was not applied."""

from gateway.chat.effects import Joined, MessageSent
from gateway.chat.snapshot import dump
from gateway.logs.in_flight import InFlight
from tests.stage.rooms import ROOM, join, joined, opened, said
from tests.stage.worlds import Stage


def test_an_own_event_in_a_reloaded_room_has_happened_once(stage: Stage) -> None:
    """The append was executed, the connection lost, and later entries trimmed: the entry comes with the base."""
    node, other = stage.node(), stage.node()
    followed, seen = joined(stage, node, "ann"), joined(stage, other, "bob")
    node.say(ROOM, said(node, "once"))
    node.turn()
    stage.until_executed(lambda: len(stage.entries(ROOM)) == 3)
    node.link.drop("cut")
    stage.until(lambda: other.shown[-1].endswith("once"))
    stage.command("XTRIM", stage.keys.log(ROOM), "MAXLEN", 1)
    base = dump(followed.room)
    other.say(ROOM, said(other, "after"))
    stage.until(lambda: other.shown[-1].endswith("after"))
    before = stage.entries(ROOM)[0][0].partition("-")[0]
    stage.command("SET", stage.keys.base(ROOM), f"1 {seen.replica.epoch} {int(before) - 1}-0\n{base}")
    stage.connect(node)
    stage.until(lambda: followed.replica.last == seen.replica.last)
    stage.round_trip()
    line = said(node, "once")
    assert len(stage.entries(ROOM)) == 2
    assert [type(outcome) for outcome in node.outcomes[line]] == [MessageSent]
    node.say(ROOM, said(node, "next"))
    stage.until(lambda: other.shown[-1].endswith("next"))
    assert sum("once" in shown for shown in other.shown) == 1


def test_an_own_join_in_a_reloaded_room_has_happened(stage: Stage) -> None:
    """Its effect is not reported separately, but the room has it when the sender is notified."""
    node = stage.node()
    followed = opened(stage, node)
    node.link.is_deaf = True
    node.say(ROOM, join(node, "ann"))
    node.turn()
    stage.round_trip()
    node.link.is_deaf = False
    followed.replica.repair()  # nothing was there, so the repair is a load
    stage.until(lambda: bool(node.outcomes))
    (outcome,) = node.outcomes[join(node, "ann")]
    assert isinstance(outcome, Joined)
    assert [member.nick for member in followed.room.members.values()] == ["ann"]
    assert len(stage.entries(ROOM)) == 1


def test_an_inbox_that_cannot_be_read_refuses_what_goes_there(stage: Stage) -> None:
    node = stage.node()
    stage.command("SET", stage.keys.log("@gone.0"), "x")
    stage.command("HSET", stage.keys.head("@gone.0"), "epoch", "e", "last", "0-0")
    node.link.drop("cut")
    node.say("@gone.0", ":n PRIVMSG x :hi")
    node.log_writer._queue("@gone.0").recent.append(InFlight(f"{node.lane}:1", b""))
    stage.connect(node)
    stage.until(lambda: node.outcomes == {":n PRIVMSG x :hi": [None]})
    assert node.whys == ["cut"]
