"""Rooms over their logs: the output, the difference after a reload, and the records for a reaper."""

from functools import partial

import pytest

from gateway.chat import events
from gateway.chat.effects import Joined, MessageSent
from gateway.chat.snapshot import dump
from gateway.lane.rooms.local_room import LocalRoom
from gateway.logs.in_flight import InFlight
from gateway.logs.room_replica import SNAPSHOT_ENTRIES
from gateway.logs.snapshots import ROOM_EXPIRY_S, SILENT_ROOM_EXPIRY_S
from tests.stage.node import Node
from tests.stage.worlds import Stage

ROOM = "#room"


def join(node: Node, nick: str) -> str:
    return events.joined(f"{nick}!u@h", ROOM, nick, {"token": 1, "seen": "99999999999999-0"})


def said(node: Node, text: str) -> str:
    return events.said("n!u@h", "PRIVMSG", ROOM, text)


def opened(stage: Stage, node: Node) -> LocalRoom:
    followed = node.replicas.open(ROOM)
    stage.until(lambda: followed.reloading_state is None)
    return followed


def joined(stage: Stage, node: Node, nick: str) -> LocalRoom:
    followed = opened(stage, node)
    node.say(ROOM, join(node, nick))
    stage.until(lambda: f"{node.lane}.1" in followed.room.members)
    return followed


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


def test_an_own_event_in_a_room_that_is_read_again_has_happened_once(stage: Stage) -> None:
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


def test_an_own_join_in_a_room_that_is_read_again_has_happened(stage: Stage) -> None:
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


def test_a_room_that_is_read_again_is_told_with_what_was_known_of_it(stage: Stage) -> None:
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


def test_a_mended_room_is_shown_what_it_missed_and_nothing_else(stage: Stage) -> None:
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


def test_a_reaper_can_find_every_room_however_it_was_opened(stage: Stage) -> None:
    """A room that was opened while Redis was unavailable, and a room that a wipe has deleted."""
    node = stage.node()
    opened(stage, node)
    node.link.drop("cut")
    away = node.replicas.open("#away")
    stage.command("DEL", stage.keys.lane_rooms(node.lane))
    stage.connect(node)
    stage.until(lambda: away.reloading_state is None)
    assert sorted(stage.command("SMEMBERS", stage.keys.lane_rooms(node.lane))) == [b"#away", b"#room"]


def test_a_room_that_is_closed_while_a_page_is_on_its_way_is_forgotten(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    joined(stage, other, "bob")
    followed = opened(stage, node)
    followed.replica.repair()
    node.replicas.close_idle(0.0)
    node.replicas.close_idle(1000.0)
    assert ROOM not in node.replicas.rooms
    again = node.replicas.open(ROOM)
    settled = len(node.rooms_live)
    stage.until(lambda: again.reloading_state is None)
    stage.round_trip()
    assert node.rooms_live[settled:] == [again]
    assert stage.command("SMEMBERS", stage.keys.lane_rooms(node.lane)) == [b"#room"]
    other.say(ROOM, said(other, "hi"))
    stage.until(lambda: node.shown[-1:] == [":bob!u@h PRIVMSG #room :hi"])


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


@pytest.mark.parametrize("entry_id", ["x", "", "1", "1-", "99999999999999999999-0", "9999999999999-0", "-1-0"])
def test_a_bad_stream_id_that_was_published_harms_no_room(stage: Stage, entry_id: str) -> None:
    """The log decides: that room is read again, on the same connection."""
    node, other = stage.node(), stage.node()
    followed, _ = joined(stage, node, "ann"), joined(stage, other, "bob")
    stage.until(lambda: f"{other.lane}.1" in followed.room.members)
    epoch, last = stage.head(ROOM)
    payload = events.encode([("w.0.1", said(node, "forged"))]).decode()
    stage.command("PUBLISH", stage.keys.live(ROOM), f"{entry_id} {last} {epoch} w.0:1\n{payload}")
    other.say(ROOM, said(other, "goes on"))
    stage.round_trip()
    for each in (node, other):
        each.subscriptions.check_positions()  # every 30 s: an id above the log's newest hides its entries
    stage.until(lambda: node.shown[-1].endswith("goes on") and other.shown[-1].endswith("goes on"))
    assert node.whys == other.whys == []
    assert followed.replica.last == stage.head(ROOM)[1]


def test_a_log_that_cannot_be_read_is_set_aside_and_the_others_go_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key has a value of another type."""
    node = stage.node()
    faults: list[str] = []
    monkeypatch.setattr(node.subscriptions, "_on_fault", lambda name, _error: faults.append(name))
    followed, base = joined(stage, node, "ann"), stage.keys.base(ROOM)
    stage.command("HSET", base, "x", "y")
    followed.replica.load()
    stage.until(lambda: faults == [ROOM])
    node.replicas.open("#other")
    node.say("#other", events.joined("ann!u@h", "#other", "ann", {"token": 1, "seen": "0-0"}))
    stage.until(lambda: any("JOIN #other" in line for line in node.shown))
    node.say(ROOM, said(node, "waits"))
    node.subscriptions.check_positions()
    stage.until(lambda: faults == [ROOM, ROOM])
    stage.command("DEL", base)
    node.subscriptions.check_positions()
    stage.until(lambda: node.shown[-1].endswith("waits"))
    assert node.whys == []


def test_what_cannot_be_taken_in_is_read_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    node, other = stage.node(), stage.node()
    faults: list[str] = []
    followed, _ = joined(stage, node, "ann"), joined(stage, other, "bob")
    stage.until(lambda: f"{other.lane}.1" in followed.room.members)
    monkeypatch.setattr(node.subscriptions, "_on_fault", lambda name, _error: faults.append(name))

    def break_down(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(followed, "deliver", break_down)
    other.say(ROOM, said(other, "breaks"))
    stage.until(lambda: faults == [ROOM])
    monkeypatch.setattr(followed, "deliver", partial(node._deliver, followed))
    other.say(ROOM, said(other, "goes on"))
    stage.until(lambda: node.shown[-1].endswith("goes on"))
    assert node.whys == []


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
