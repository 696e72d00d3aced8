"""The rejected-event sets: which events a lane marks, and that a failover loses no mark."""

from gateway.chat.effects import Effect, Reason, Rejection
from gateway.chat.events import NOBODY, Entry
from gateway.logs.rejected_events import RejectedEvents
from gateway.wire.message import Message
from tests.stage.node import Node
from tests.stage.worlds import Stage

ROOM = "#room"
ENTRY = Entry("5-1", "g.0:1", ["g.0.1", NOBODY, "g.0.1"], ["a", "b", "c"], b"")


def rejection(index: int, sid: str = "g.0.1") -> Effect:
    return Rejection(index, sid, Reason.NO_CHANGE, Message(""))


def marked(stage: Stage, node: Node, name: str = ROOM) -> set[bytes]:
    stage.round_trip(node)
    return set(stage.command("SMEMBERS", stage.keys.rejected(name)))


def test_each_rejected_event_of_an_entry_is_marked(stage: Stage) -> None:
    node = stage.node()
    RejectedEvents(node.link, stage.keys).mark(ROOM, ENTRY, [rejection(0), rejection(2)])
    assert marked(stage, node) == {b"5-1.0", b"5-1.2"}


def test_an_event_of_no_session_is_not_marked(stage: Stage) -> None:
    node = stage.node()
    RejectedEvents(node.link, stage.keys).mark(ROOM, ENTRY, [rejection(1, NOBODY)])
    assert marked(stage, node) == set()


def test_marks_are_added_again_for_rooms_that_are_still_followed(stage: Stage) -> None:
    node = stage.node()
    rejected_events = RejectedEvents(node.link, stage.keys)
    rejected_events.mark(ROOM, ENTRY, [rejection(0)])
    rejected_events.mark("#left", ENTRY, [rejection(0)])
    assert marked(stage, node, "#left") == {b"5-1.0"}
    stage.command("DEL", stage.keys.rejected(ROOM), stage.keys.rejected("#left"))  # a failover has lost them
    rejected_events.renew({ROOM})
    assert marked(stage, node) == {b"5-1.0"}
    assert marked(stage, node, "#left") == set()
    assert stage.command("TTL", stage.keys.rejected(ROOM)) > 0
