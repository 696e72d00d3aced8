"""When a snapshot is written, and when a room's keys expire."""

from gateway.chat import events
from gateway.chat.snapshot import dump
from gateway.lane.rooms.local_room import LocalRoom
from gateway.logs.room_replica import SNAPSHOT_ENTRIES
from gateway.logs.snapshots import ROOM_EXPIRY_S, SILENT_ROOM_EXPIRY_S
from tests.stage.node import Node
from tests.stage.rooms import ROOM, join, joined, opened, said
from tests.stage.worlds import Stage


def test_a_snapshot_is_written_where_it_stands_and_loaded_by_the_next(stage: Stage) -> None:
    node, late = stage.node(), stage.node()
    followed = joined(stage, node, "ann")
    for n in range(600):
        node.say(ROOM, said(node, f"{n}"))
        node.turn()
        stage.round_trip()
    node.replicas.write_snapshots()
    stage.round_trip()
    base = stage.command("GET", stage.keys.base(ROOM)).decode()
    assert base == f"1 {followed.replica.epoch} {followed.replica.last}\n{dump(followed.room)}"
    room = opened(stage, late)
    assert dump(room.room) == dump(followed.room)
    assert room.entries_since_base <= 1


def test_large_entries_bring_the_next_snapshot_nearer(stage: Stage) -> None:
    """A snapshot trims the log. Counted by entries alone, it could grow by 32 MB in between."""
    node = stage.node()
    followed = joined(stage, node, "ann")
    for n in range(9):
        node.say(ROOM, f"@+a={'x' * 60_000} {said(node, str(n))}")
    stage.until(lambda: node.shown[-1].endswith(":8"))
    assert followed.entries_since_base > 9 * 6
    node.snapshots.retention = node.snapshots.retention._replace(bytes=200_000)
    followed.entries_since_base += SNAPSHOT_ENTRIES
    node.replicas.write_snapshots()
    stage.round_trip()
    assert len(stage.entries(ROOM)) <= 4


def left(stage: Stage, node: Node, followed: LocalRoom) -> None:
    """Let the only member leave, so that the lane stops following the room."""
    node.say(ROOM, events.parted("n!u@h", ROOM))
    stage.until(lambda: not followed.room.members)
    node.replicas.close_idle(0.0)
    node.replicas.close_idle(1000.0)
    stage.round_trip()


def ttls_s(stage: Stage) -> set[int]:
    return {stage.command("TTL", key(ROOM)) for key in (stage.keys.log, stage.keys.head)}


def test_an_empty_room_in_which_nothing_was_said_is_kept_for_minutes(stage: Stage) -> None:
    node = stage.node()
    left(stage, node, joined(stage, node, "ann"))
    assert SILENT_ROOM_EXPIRY_S - 60 < min(ttls_s(stage)) <= max(ttls_s(stage)) <= SILENT_ROOM_EXPIRY_S


def test_one_in_which_something_was_said_is_kept_for_thirty_days(stage: Stage) -> None:
    node = stage.node()
    followed = joined(stage, node, "ann")
    node.say(ROOM, said(node, "something"))
    left(stage, node, followed)
    assert min(ttls_s(stage)) > ROOM_EXPIRY_S - 60


def test_a_room_that_somebody_else_has_joined_meanwhile_is_kept(stage: Stage) -> None:
    """The JOIN is in the log, and has not reached the lane that stops following the room."""
    node, other = stage.node(), stage.node()
    followed = joined(stage, node, "ann")
    node.say(ROOM, events.parted("n!u@h", ROOM))
    stage.until(lambda: not followed.room.members)
    node.link.is_deaf = True
    opened(stage, other)
    other.say(ROOM, join(other, "bob"))
    stage.until(lambda: bool(other.rooms_live) and other.replicas.rooms[ROOM].room.members != {})
    node.replicas.close_idle(0.0)
    node.replicas.close_idle(1000.0)
    stage.round_trip()
    assert min(ttls_s(stage)) > ROOM_EXPIRY_S - 60
    other.replicas.rooms[ROOM].put_off_expiry()  # as when one of its own clients joins
    stage.round_trip()
    assert min(ttls_s(stage)) > ROOM_EXPIRY_S - 60


def test_a_join_puts_the_expiry_off(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    left(stage, node, joined(stage, node, "ann"))
    followed = joined(stage, other, "bob")
    followed.put_off_expiry()  # by state_changes.py
    stage.round_trip()
    assert min(ttls_s(stage)) > ROOM_EXPIRY_S - 60
