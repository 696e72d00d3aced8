"""A Redis that lost data: the lanes restore rooms from the most recent state that any of them has."""

from functools import partial

import pytest

from gateway.chat import events
from gateway.chat.effects import Reason
from gateway.chat.snapshot import dump
from gateway.lane.rooms.local_room import LocalRoom
from gateway.logs.scripts import APPEND
from tests.stage.node import Node
from tests.stage.rooms import ROOM, join, joined, opened, said
from tests.stage.worlds import Stage


def wipe(stage: Stage) -> None:
    keys = stage.keys
    stage.command("DEL", keys.log(ROOM), keys.head(ROOM), keys.base(ROOM), keys.rejected(ROOM))


def lose_tail(stage: Stage, count: int) -> None:
    """Remove the newest entries of a log, as a failover to a replica that lags does."""
    lost = stage.entries(ROOM)[-count:]
    stage.command("XDEL", stage.keys.log(ROOM), *(entry_id for entry_id, _, _ in lost))
    stage.command("HSET", stage.keys.head(ROOM), "last", stage.entries(ROOM)[-1][0])


def nicks(followed: LocalRoom) -> list[str]:
    return [member.nick for member in followed.room.members.values()]


def agree(stage: Stage, *rooms: LocalRoom) -> None:
    """Run until all replicas are at the end of the log. Then they must be equal."""
    for node in stage.nodes:
        if node.link.is_connected:
            node.subscriptions.check_positions()
    stage.round_trip()
    stage.until(
        lambda: all((it.replica.epoch, it.replica.last) == stage.head(ROOM) and not it.reloading_state for it in rooms)
    )
    stage.round_trip()
    assert len({dump(followed.room) for followed in rooms}) == 1


def tell(stage: Stage, node: Node, line: str) -> None:
    node.say(ROOM, line)
    stage.until(lambda: bool(node.outcomes.get(line)))


@pytest.mark.parametrize("cut", [True, False])
def test_a_wiped_room_is_as_it_was(stage: Stage, cut: bool) -> None:
    """FLUSHALL closes no connection. A restart without data does."""
    ann, bob = stage.node(), stage.node()
    rooms = [joined(stage, ann, "ann"), joined(stage, bob, "bob")]
    tell(stage, ann, events.topic_set("ann!u@h", ROOM, "kept"))
    tell(stage, ann, events.mode_set("ann!u@h", ROOM, "+v bob", ["gate01.0.1"]))
    agree(stage, *rooms)
    known = dump(rooms[0].room)
    wipe(stage)
    for node in stage.nodes if cut else ():
        node.link.drop("cut")
        stage.connect(node)
    agree(stage, *rooms)
    assert dump(rooms[0].room) == known
    ann.say(ROOM, said(ann, "on"))
    stage.until(lambda: bob.shown[-1].endswith("PRIVMSG #room :on"))
    late = stage.node()
    agree(stage, *rooms, opened(stage, late))


def test_a_wiped_room_that_is_loaded_twice_is_seeded_once(stage: Stage) -> None:
    """The second answer was in flight already when the first one caused the seed."""
    ann = stage.node()
    room = joined(stage, ann, "ann")
    ann.rooms_reloaded.clear()
    wipe(stage)
    room.replica.repair()
    room.replica.repair()
    agree(stage, room)
    assert nicks(room) == ["ann"]
    assert all(old.members for _, old, _ in ann.rooms_reloaded)


def test_the_first_member_of_a_wiped_room_is_an_ordinary_member(stage: Stage) -> None:
    ann, eve = stage.node(), stage.node()
    room = joined(stage, ann, "ann")
    wipe(stage)
    eves = joined(stage, eve, "eve")
    assert eves.room.is_operator("gate01.0.1"), "it knows no better yet"
    eve.say(ROOM, said(eve, "first"))
    agree(stage, room, eves)
    assert nicks(room) == ["ann", "eve"]
    assert room.room.is_operator("gate00.0.1")
    assert not room.room.is_operator("gate01.0.1")
    assert [line for line in ann.shown if "PRIVMSG" in line] == [":eve!u@h PRIVMSG #room :first"]


def test_the_lane_with_the_newer_state_seeds_the_room(stage: Stage) -> None:
    """The lane that had missed the last entries comes first, and its seed is replaced."""
    behind, ahead = stage.node(), stage.node()
    rooms = [joined(stage, behind, "ann"), joined(stage, ahead, "bob")]
    agree(stage, *rooms)
    behind.link.is_deaf = True
    tell(stage, ahead, events.quitted("bob!u@h", "bye"))
    tell(stage, ahead, join(ahead, "cat"))
    ahead.link.drop("cut")
    wipe(stage)
    behind.link.is_deaf = False
    behind.subscriptions.check_positions()
    stage.round_trip(behind)
    stage.until(lambda: rooms[0].replica.epoch == stage.head(ROOM)[0])
    assert nicks(rooms[0]) == ["ann", "bob"]
    tell(stage, behind, said(behind, "between"))
    stage.connect(ahead)
    agree(stage, *rooms)
    assert nicks(rooms[0]) == ["ann", "cat"]
    assert sum(line.endswith("between") for line in ahead.shown) == 1


def test_a_new_epoch_is_not_replaced_after_a_minute(stage: Stage) -> None:
    ann, eve = stage.node(), stage.node()
    room = joined(stage, ann, "ann")
    ann.link.drop("cut")
    wipe(stage)
    eves = joined(stage, eve, "eve")
    name, born, made, rank = stage.head(ROOM)[0].split(":")
    long_ago = f"{name}:{int(born) - 61_000_000}:{int(made) - 61_000_000}:{rank}"
    stage.command("HSET", stage.keys.head(ROOM), "epoch", long_ago)
    eves.replica.repair()
    stage.until(lambda: eves.replica.epoch == long_ago)
    for _ in range(13):
        ann.log_writer.recent.age()
    stage.connect(ann)
    stage.until(lambda: room.replica.epoch == long_ago)
    agree(stage, room, eves)
    assert nicks(room) == ["eve"]


def test_lost_entries_are_restored_by_their_own_lanes(stage: Stage) -> None:
    """Each lane restores its entries in order, before new ones, with the same origins. No sender gets an error."""
    ann, bob = stage.node(), stage.node()
    rooms = [joined(stage, ann, "ann"), joined(stage, bob, "bob")]
    for n in range(3):
        tell(stage, ann, said(ann, f"a{n}"))
        tell(stage, bob, said(bob, f"b{n}"))
    for node in stage.nodes:
        node.link.drop("cut")
        node.say(ROOM, said(node, f"{node.lane} is back"))
    lose_tail(stage, 4)
    for node in stage.nodes:
        stage.connect(node)
    stage.until(lambda: len(stage.entries(ROOM)) == 10)
    agree(stage, *rooms)
    texts = [events.decode(*entry).lines[0].rpartition(":")[2] for entry in stage.entries(ROOM)][2:]
    assert [text for text in texts if text[0] == "a"] == ["a0", "a1", "a2"]
    assert [text for text in texts if text[0] == "b"] == ["b0", "b1", "b2"]
    assert texts.index("a2") < texts.index("gate00.0 is back")
    assert len(texts) == 8
    assert all(len(outcomes) == 1 for node in stage.nodes for outcomes in node.outcomes.values())
    assert all(followed.is_replayed(f"{node.lane}:4") for followed, node in zip(rooms, stage.nodes, strict=True))


def test_a_lost_join_is_restored_with_the_entries_after_it(stage: Stage) -> None:
    ann, bob = stage.node(), stage.node()
    rooms = [joined(stage, ann, "ann"), joined(stage, bob, "bob")]
    tell(stage, bob, said(bob, "hello"))
    agree(stage, *rooms)
    for node in stage.nodes:
        node.link.drop("cut")
    lose_tail(stage, 2)
    stage.connect(ann)
    stage.until(lambda: nicks(rooms[0]) == ["ann"])
    stage.connect(bob)
    agree(stage, *rooms)
    assert nicks(rooms[0]) == ["ann", "bob"]


def test_an_entry_that_comes_twice_is_rejected_the_second_time(stage: Stage) -> None:
    ann = stage.node()
    room = joined(stage, ann, "ann")
    tell(stage, ann, said(ann, "once"))
    _, origin, payload = stage.entries(ROOM)[-1]
    keys = stage.keys
    replies: list[object] = []
    ann.link.run(APPEND, replies.append, (keys.log(ROOM), keys.head(ROOM)), "*", origin, payload, keys.live(ROOM), "")
    stage.until(lambda: bool(replies))
    agree(stage, room)
    assert [effect.reason for effect in ann.rejections] == [Reason.DUPLICATE]


def test_direct_messages_that_an_inbox_has_lost_are_restored(stage: Stage) -> None:
    """Their sender does not follow that log: it checks after reconnecting. The owner accepts each once."""
    ann = stage.node()
    inbox = "@gate00.7"
    for field, value in (("last", "0-0"), ("epoch", "of the lane")):
        stage.command("HSETNX", stage.keys.head(inbox), field, value)
    for n in range(3):
        ann.say(inbox, f"dm {n}")
        stage.until(partial(ann.outcomes.__contains__, f"dm {n}"))
    ann.link.drop("cut")
    stage.command("XDEL", stage.keys.log(inbox), *(entry_id for entry_id, _, _ in stage.entries(inbox)[1:]))
    ann.say(inbox, "new")
    stage.connect(ann)
    stage.until(lambda: "new" in ann.outcomes)
    assert [events.decode(*entry).lines for entry in stage.entries(inbox)] == [["dm 0"], ["dm 1"], ["dm 2"], ["new"]]
    assert [origin for _, origin, _ in stage.entries(inbox)] == [f"gate00.0:{n}" for n in (1, 2, 3, 4)]
    assert all(len(outcomes) == 1 for outcomes in ann.outcomes.values())


def test_a_second_loss_while_entries_are_restored(stage: Stage) -> None:
    ann = stage.node()
    room = joined(stage, ann, "ann")
    for n in range(5):
        tell(stage, ann, said(ann, f"{n}"))
    ann.link.drop("cut")
    lose_tail(stage, 4)
    stage.connect(ann)
    stage.until(lambda: len(stage.entries(ROOM)) == 4)
    ann.link.drop("cut")
    stage.connect(ann)
    stage.until(lambda: len(stage.entries(ROOM)) == 6)
    agree(stage, room)
    texts = [events.decode(*entry).lines[0].rpartition(":")[2] for entry in stage.entries(ROOM)][1:]
    assert texts == ["0", "1", "2", "3", "4"]


def test_what_waits_for_a_recovery_is_called_although_redis_took_no_writes_for_a_while(stage: Stage) -> None:
    """No other event is queued for the log that would cause another check."""
    ann = stage.node()
    joined(stage, ann, "ann")
    ann.say(ROOM, said(ann, "on its way"))
    ann.log_writer.send()
    called: list[str] = []
    ann.log_writer.after_recovery(ROOM, lambda: called.append("whole"))
    ann.log_writer._is_refused = True  # as after -MISCONF to another log
    stage.round_trip()
    ann.turn()
    assert called == []
    ann.log_writer.writes_taken()
    stage.step()
    assert called == ["whole"]
