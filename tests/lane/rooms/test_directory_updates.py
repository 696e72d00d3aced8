"""What a lane writes to the directory: gathered, once a turn, while Redis is there."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.broker.keys import Keys
from gateway.chat.network import GatewayCounts
from gateway.chat.room import Room
from gateway.lane.clients.client import Clients
from gateway.lane.rooms.directory_updates import DirectoryPublisher
from gateway.lane.rooms.local_room import LocalRoom, RoomReplicas
from tests.stage.parts import Context, RedisPort, make_client


class World:
    """A publisher; ``rooms`` and ``counts``: what it wrote."""

    def __init__(self) -> None:
        self.context, self.redis = Context(), RedisPort()
        self.written: list[str] = []
        self.counts: list[GatewayCounts] = []
        self.connections = 3
        room_list: Any = SimpleNamespace(
            write=lambda room, _now: self.written.append(room.name), prune=lambda _now: self.written.append("pruned")
        )
        user_counts: Any = SimpleNamespace(write=self.counts.append)
        self.rooms: dict[str, Any] = {}
        replicas = cast(RoomReplicas, SimpleNamespace(rooms=self.rooms))
        redis: Any = self.redis
        self.publisher = DirectoryPublisher(
            self.context, redis, Keys("t:"), replicas, room_list, user_counts, lambda: self.connections
        )

    def room(self, name: str, *members: str) -> LocalRoom:
        room = Room(name)
        room.members.update(dict.fromkeys(members))  # type: ignore[arg-type]
        local = cast(LocalRoom, SimpleNamespace(room=room, reloading_state=None))
        self.rooms[name] = _Hashable(local)
        return cast(LocalRoom, self.rooms[name])


class _Hashable:
    def __init__(self, local: Any) -> None:
        self.room, self.reloading_state = local.room, local.reloading_state


@pytest.fixture
def world() -> World:
    return World()


def test_a_room_that_changed_often_in_a_turn_is_written_once(world: World) -> None:
    room = world.room("#a")
    for _ in range(3):
        world.publisher.room_changed(room)
    world.publisher.turn()
    world.publisher.turn()
    assert world.written == ["#a"]


def test_while_redis_is_away_nothing_is_written_and_nothing_is_forgotten(world: World) -> None:
    world.redis.is_connected = False
    world.publisher.room_changed(world.room("#a"))
    world.publisher.turn()
    assert not world.written
    world.redis.is_connected = True
    world.publisher.turn()
    assert world.written == ["#a"]


def test_users_are_counted_by_what_they_are(world: World) -> None:
    clients = Clients()
    sessions = [make_client(world.context, clients, nick)[0].session for nick in ("ann", "bob")]
    sessions[0].invisible, sessions[1].oper = True, "root"
    for session in sessions:
        world.publisher.user_changed(session)
    world.publisher.turn()
    counts = world.counts[-1]
    assert (counts.users, counts.invisible, counts.opers, counts.unknown, counts.peak) == (2, 1, 1, 1, 2)
    world.publisher.user_left(sessions[0])
    world.publisher.turn()
    counts = world.counts[-1]
    assert (counts.users, counts.invisible, counts.peak) == (1, 0, 2)


def test_after_a_rekey_a_user_is_not_counted_twice(world: World) -> None:
    session = make_client(world.context, Clients(), "ann")[0].session
    world.publisher.user_changed(session)
    world.context.rekey("gat1")
    session.sid = world.context.current_sid(session.sid)
    world.publisher.rekeyed()
    world.publisher.user_changed(session)
    world.publisher.turn()
    assert (world.counts[-1].users, world.counts[-1].gateway) == (1, "gat1")


def test_a_renewal_writes_all_rooms_that_have_members(world: World) -> None:
    world.room("#a", "g.0.1")
    world.room("#empty")
    world.publisher.renew()
    assert world.written == ["#a", "pruned"]
    assert len(world.counts) == 1
