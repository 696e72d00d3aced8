"""The rooms of a lane as handlers use them."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from gateway.chat.errors import ClientLeft
from gateway.chat.member import Member
from gateway.lane.clients.client import Clients
from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.sessions.rooms import Rooms
from gateway.logs.replica import ReplicaState
from tests.stage.parts import Context, Running, make_client


class World:
    """A lane with one client that follows the room #a. ``users``: what its clients see of others."""

    def __init__(self) -> None:
        self.context, self.clients = Context(), Clients()
        self.followed: dict[str, LocalRoom] = {}
        self.users = Mock(stale_names=set(), quit_shown=set())
        self.detached = Mock()
        self.changes = Mock()
        replicas: Any = SimpleNamespace(rooms=self.followed, open=self.open)
        self.rooms = Rooms(self.context, self.clients, replicas, self.users, self.changes, self.detached)
        self.client, self.connection = make_client(self.context, self.clients, "ann")

    def open(self, name: str) -> LocalRoom:
        return self.followed.setdefault(name, LocalRoom(name, Mock(), Mock()))

    def live(self, name: str = "#a") -> LocalRoom:
        room = self.open(name)
        room.replica.state, room.reloading_state = ReplicaState.LIVE, None
        return room


@pytest.fixture
def world() -> World:
    return World()


def test_a_room_is_loaded_once_its_replica_is(world: World) -> None:
    assert world.rooms.loaded("#A") is None
    room = world.open("#a")
    room.reloading_state = room.room
    assert world.rooms.loaded("#A") is None
    room.reloading_state = None
    assert world.rooms.loaded("#A") is room.room


def test_opening_a_live_room_does_not_wait(world: World) -> None:
    room = world.live()
    assert Running(world.rooms.open("#A")).result is room.room


def test_opening_waits_until_the_room_is_live(world: World) -> None:
    opening = [Running(world.rooms.open("#a")) for _ in range(2)]
    room = world.followed["#a"]
    assert not opening[0].is_over
    for call in room.waiting:
        call()
    assert [one.result for one in opening] == [room.room] * 2


def test_a_client_that_leaves_waits_for_the_room_no_more(world: World) -> None:
    """A room for which somebody waits is not closed."""
    opening = Running(world.rooms.open("#a"))
    opening.task.interrupt(ClientLeft())
    assert isinstance(opening.error, ClientLeft)
    assert world.followed["#a"].waiting == []


def test_a_room_without_a_log_is_new_and_has_the_position_of_its_replica(world: World) -> None:
    room = world.live()
    assert world.rooms.is_new("#A")
    room.replica.epoch, room.replica.last = "e1", "5-0"
    assert not world.rooms.is_new("#A")
    assert world.rooms.position("#A") == "5-0"


@pytest.mark.parametrize(("is_counted", "may_create"), [(True, False), (False, True)])
def test_an_address_makes_few_rooms_unless_it_is_this_machine_s(
    world: World, is_counted: bool, may_create: bool
) -> None:
    world.context.may_create = False
    world.connection.is_admitted = is_counted
    assert world.rooms.may_create(world.client.session) is may_create


def test_names_are_those_under_which_clients_see_users(world: World) -> None:
    room = world.live()
    assert world.rooms.client_side_nicks(room.room) == {}
    world.users.stale_names = {"other.0.1"}
    world.users.shown_nicks.return_value = {"other.0.1": "rob"}
    world.users.shown_quit_in.side_effect = lambda followed: ["other.0.2"] if followed is room else []
    assert world.rooms.client_side_nicks(room.room) == {"other.0.1": "rob", "other.0.2": ""}


def test_members_that_the_log_has_lost_are_asked_for_only_if_there_are_any(world: World) -> None:
    room = world.live()
    assert world.rooms.detached_members(world.client.session, room.room) == []
    room.detached[world.client] = 0
    lost = [Member("gate.0.0", "ann", "u", "h")]
    world.detached.seen_by.return_value = lost
    assert world.rooms.detached_members(world.client.session, room.room) == lost
    world.detached.seen_by.assert_called_once_with("gate.0.0", room)


def test_the_active_room_of_a_client_that_has_left_is_not_set(world: World) -> None:
    world.rooms.set_active(world.client.session, "#A")
    world.changes.set_active_room.assert_called_once_with(world.client, "#a")
    world.clients.clear()
    with pytest.raises(ClientLeft):
        world.rooms.set_active(world.client.session, "#A")
