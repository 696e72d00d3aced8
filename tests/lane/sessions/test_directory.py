"""Queries about the users and rooms of the network: bounded, in steps, and by the lane's own replicas where it can."""

from typing import Any, cast

import pytest

from gateway.broker.keys import Keys
from gateway.broker.port import LOST
from gateway.chat.errors import Unavailable
from gateway.chat.room import Room
from gateway.directory.nicks import NickDirectory
from gateway.directory.room_list import RoomList, written
from gateway.directory.user_counts import UserCounts
from gateway.lane.loop.limiter import PLACES
from gateway.lane.loop.tasks import Wait
from gateway.lane.rooms.directory_updates import DirectoryPublisher
from gateway.lane.sessions.directory import FEW_USERS, USERS_AT_ONCE, Directory
from gateway.lane.sessions.nicks import Nicks
from gateway.lane.sessions.rooms import Rooms
from tests.chat.log import with_members
from tests.stage.parts import Context, RedisPort, Running

KEYS = Keys("t:")


class World:
    """The directory of a lane. ``loaded``: its replicas; ``reachable``: whether the server of a nick is."""

    def __init__(self) -> None:
        self.context, self.redis = Context(), RedisPort()
        self.rooms: dict[str, Room] = {}
        self.link: Wait[None] = Wait()
        self.link.fulfil(None)
        self.written = 0
        port: Any = self.redis
        self.directory = Directory(
            self.context,
            cast(Nicks, self),
            NickDirectory(port, KEYS, self.context.id),
            cast(Rooms, self),
            RoomList(port, KEYS),
            UserCounts(port, KEYS, self.context.id),
            cast(DirectoryPublisher, self),
        )

    async def reachable(self, _nick: str) -> None:
        await self.link

    def loaded(self, name: str) -> Room | None:
        return self.rooms.get(name)

    def write(self) -> None:
        """Write the lane's own counts, as the publisher."""
        self.written += 1

    def answer_users(self, *nicks: str) -> None:
        """Answer that many look-ups of nicks."""
        for nick in nicks:
            self.redis.answer("HGETALL", claim(nick))

    def listed(self, name: str, members: int = 2, age_s: float = 0.0) -> bytes:
        room = with_members(*"abcdefgh"[:members]).room
        room.name = name
        return written(room, self.context.wall_now - age_s).encode()


def claim(nick: str) -> dict[bytes, bytes]:
    fields = {"sid": f"other.0.{nick}", "nick": nick, "user": "u", "host": "h", "signon": "5", "registered": "1"}
    return {name.encode(): value.encode() for name, value in fields.items()} if nick else {}


@pytest.fixture
def world() -> World:
    return World()


def test_a_user_is_found_by_the_claim_of_the_nick(world: World) -> None:
    found, missing = Running(world.directory.find("Bob")), Running(world.directory.find("eve"))
    assert world.redis.answer("HGETALL", claim("Bob"))[1] == KEYS.nick("bob")
    world.redis.answer("HGETALL", {})
    assert (found.result.nick, missing.result, missing.is_over) == ("Bob", None, True)


def test_a_query_waits_for_the_link_and_fails_if_the_reply_is_lost(world: World) -> None:
    world.link = Wait()
    finding = Running(world.directory.find("bob"))
    assert world.redis.verbs() == []
    world.link.fulfil(None)
    world.redis.answer("HGETALL", LOST)
    assert isinstance(finding.error, Unavailable)


def test_users_are_found_in_the_order_of_the_question(world: World) -> None:
    finding = Running(world.directory.find_all(["ann", "eve", "bob"]))
    world.answer_users("ann", "", "bob")
    assert [one and one.nick for one in finding.result] == ["ann", None, "bob"]


def test_few_users_are_looked_up_though_large_queries_are_under_way(world: World) -> None:
    many = [f"n{at}" for at in range(FEW_USERS + 1)]
    for _ in range(PLACES + 1):
        Running(world.directory.find_all(many))
    assert len(world.redis.verbs()) == PLACES * len(many), "one query waits"
    Running(world.directory.find_all(many[:FEW_USERS]))
    assert len(world.redis.verbs()) == PLACES * len(many) + FEW_USERS


def test_a_search_looks_at_users_in_steps_and_ends_with_enough(world: World) -> None:
    searching = Running(world.directory.search(lambda one: one.nick.startswith("b"), 2))
    world.redis.answer("ZRANGE", [b"other"])
    world.redis.answer("HGET", b"1")
    nicks = sorted(f"{letter}{at}" for letter in "abc" for at in range(USERS_AT_ONCE))
    world.redis.answer("SRANDMEMBER", [nick.encode() for nick in nicks])
    for first in (0, USERS_AT_ONCE):
        assert world.redis.verbs() == ["HGETALL"] * USERS_AT_ONCE
        world.answer_users(*nicks[first : first + USERS_AT_ONCE])
    assert [one.nick for one in searching.result] == ["b0", "b1"]
    assert world.redis.verbs() == []


def test_former_users_come_the_newest_first(world: World) -> None:
    asking = Running(world.directory.whowas("Bob"))
    records = [f"Bob\tu{at}\th\tirc\t{at}\tReal".encode() for at in (2, 1)]
    assert world.redis.answer("LRANGE", records)[1] == KEYS.whowas("bob")
    assert [one.user for one in asking.result] == ["u2", "u1"]


def test_all_rooms_are_read_page_by_page_without_stale_entries(world: World) -> None:
    listing = Running(world.directory.list_rooms())
    world.redis.answer("HSCAN", [b"7", [b"#a", world.listed("#a"), b"#old", world.listed("#old", age_s=1000.0)]])
    assert world.redis.answer("HSCAN", [b"0", [b"#b", world.listed("#b")]])[2] == b"7"
    assert [(one.name, one.members) for one in listing.result] == [("#a", 2), ("#b", 2)]


def test_a_room_that_the_lane_follows_is_listed_by_its_replica(world: World) -> None:
    """Its own user finds there what they have just done."""
    world.rooms["#a"] = with_members("ann", "bob", "cat").room
    world.rooms["#empty"] = Room("#empty")
    listing = Running(world.directory.list_rooms(["#A", "#Empty", "#b", "#none"]))
    values = [world.listed("#a"), world.listed("#empty"), world.listed("#b"), None]
    assert world.redis.answer("HMGET", values)[2:] == ("#a", "#empty", "#b", "#none")
    assert [(one.name, one.members) for one in listing.result] == [("#Room", 3), ("#b", 2)]


def test_rooms_are_counted(world: World) -> None:
    counting = Running(world.directory.count_rooms())
    world.redis.answer("HLEN", 7)
    assert counting.result == 7


def test_users_are_counted_after_the_lane_has_written_its_own(world: World) -> None:
    counting = Running(world.directory.user_counts())
    assert world.written == 1
    world.redis.answer("ZRANGE", [b"gate"])
    record = b'{"name":"irc","users":3,"invisible":0,"opers":0,"unknown":0,"peak":3}'
    world.redis.answer("HGETALL", {b"gate.0": record, b"gate.1": record, b"dead.0": record})
    assert [(one.gateway, one.users) for one in counting.result] == [("gate", 6)]
