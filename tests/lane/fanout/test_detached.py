"""Reloaded rooms, and the clients that their logs have lost."""

from gateway.chat import events
from gateway.chat.effects import Departure
from gateway.chat.snapshot import dump, load
from tests.chat.log import sid_of, source_of
from tests.lane.fanout.stage import Stage, lines

BOB = source_of("bob")


def test_a_reloaded_room_shows_the_difference_and_keeps_its_clients() -> None:
    """The log has lost bob and the lane's own client: bob is shown to part, and the client is detached."""
    stage = Stage()
    alice = stage.client("alice")
    stage.join("#a", "cat")
    room = stage.room("#a")
    fresh = load(dump(room.room))
    stage.join("#a", "alice", "bob")
    lines(alice)
    old, room.room = room.room, fresh
    room.replica.last = "9-0"
    stage.detached.room_reloaded(room, old, True)
    assert lines(alice) == [
        f":{BOB} PART #a",
        ":hubbub NOTICE #a :Messages may be missing here: see the room's history",
    ]
    assert list(room.detached) == [alice]
    assert [member.nick for member in stage.detached.seen_by(sid_of("alice"), room)] == ["alice"]
    stage.changes.remove_detached(room, alice, Departure.PART, "away for too long")
    assert lines(alice) == [f":{source_of('alice')} PART #a :away for too long"]
    assert not room.clients
    assert not room.detached


def test_a_detached_member_that_joins_again_sees_only_the_difference_of_its_ranks() -> None:
    stage = Stage()
    alice = stage.client("alice")
    stage.join("#a", "cat", "alice")
    stage.do("#a", "cat", events.mode_set("", "#a", "+o alice", [sid_of("alice")]))
    lines(alice)
    room = stage.room("#a")
    old, room.room = room.room, load(dump(room.room))
    room.room.remove(sid_of("alice"))
    room.replica.last = "9-0"
    stage.detached.room_reloaded(room, old, False)
    assert lines(alice) == []
    stage.join("#a", "alice")
    assert lines(alice) == [":hubbub MODE #a -o alice"]
    assert not room.detached


def test_the_quit_of_detached_members_is_shown_when_they_get_new_session_ids() -> None:
    stage = Stage()
    alice, amy = stage.client("alice"), stage.client("amy")
    stage.join("#a", "alice", "amy")
    room = stage.room("#a")
    room.detached[alice] = 1
    lines(alice), lines(amy)
    room.replica.last = "9-0"
    stage.detached.drop(room)
    assert lines(amy) == [f":{source_of('alice')} QUIT :Gateway gwa is gone"]
    assert lines(alice) == []
