"""Reading logs for handlers: few pages at once, after the replicas of Redis have them, by the present session ids."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from gateway.broker.keys import Keys, inbox
from gateway.broker.port import LOST, RedisPort
from gateway.chat.errors import Unavailable
from gateway.chat.events import encode, said
from gateway.chat.history_access import FIRST, LAST, HistoryAccess, Span
from gateway.chat.render import log_mark, msgid
from gateway.lane.rooms.history import PAGES_AT_ONCE, History
from gateway.logs.replication import ReplicaAcks
from tests.stage import parts
from tests.stage.parts import Context, Running

KEYS = Keys("t:")
ROOM = "#tea"
READABLE = HistoryAccess("#Tea")
ALL = Span(FIRST, LAST, 10, newest=False)
LINE = said("ann!u@h", "PRIVMSG", "#Tea", "hi")


class Acks:
    """The replicas of Redis: they have what was read once a test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], None], Callable[[], None]]] = []

    def after_replicated(self, done: Callable[[], None], lost: Callable[[], None]) -> None:
        self.waiting.append((done, lost))


class World:
    def __init__(self, acks: Acks | None = None) -> None:
        self.context, self.redis = Context(), parts.RedisPort()
        self.history = History(self.context, cast(RedisPort, self.redis), KEYS, cast(ReplicaAcks | None, acks))

    def read(self) -> Running:
        return Running(self.history.read(READABLE, ALL))

    def find(self, where: str, name: str) -> Running:
        return Running(self.history.find(where, msgid("5-0", 0, log_mark(name))))


def entry(sid: str = "other.0.1") -> list[Any]:
    return [b"5-0", [b"o", b"other.0:1", b"p", encode([(sid, LINE)])]]


@pytest.fixture
def world() -> World:
    return World()


def test_a_page_is_what_the_log_has_and_was_not_rejected(world: World) -> None:
    reading = world.read()
    world.redis.answer("page", [[entry()], 0])
    world.redis.answer("SMISMEMBER", [0])
    assert [past.line for past in reading.result.events] == [LINE]
    hidden = world.read()
    world.redis.answer("page", [[entry()], 0])
    world.redis.answer("SMISMEMBER", [1])
    assert hidden.result.events == []


def test_a_lost_reply_makes_the_command_unavailable(world: World) -> None:
    reading = world.read()
    world.redis.answer("page", LOST)
    assert isinstance(reading.error, Unavailable)


def test_few_pages_are_read_at_once_and_the_next_one_in_another_turn(world: World) -> None:
    readings = [world.read() for _ in range(PAGES_AT_ONCE + 1)]
    assert world.redis.verbs() == ["page"] * PAGES_AT_ONCE
    world.redis.answer("page", [[], 0])
    assert readings[0].is_over
    assert world.redis.verbs() == ["page"] * (PAGES_AT_ONCE - 1)
    world.context.advance(0.0)
    assert world.redis.verbs() == ["page"] * PAGES_AT_ONCE


def test_a_reading_that_fails_gives_its_place_back(world: World) -> None:
    for _ in range(PAGES_AT_ONCE):
        world.read()
        world.redis.answer("page", LOST)
    world.context.advance(0.0)
    world.read()
    assert world.redis.verbs() == ["page"]


def test_nothing_is_shown_before_the_replicas_of_redis_have_it() -> None:
    """Else a failover could take back what a user has read."""
    acks = Acks()
    world = World(acks)
    readings = [world.read(), world.read()]
    for _ in readings:
        world.redis.answer("page", [[], 0])
    assert not readings[0].is_over
    acks.waiting[0][0]()
    acks.waiting[1][1]()
    assert readings[0].result is not None
    assert isinstance(readings[1].error, Unavailable)


@pytest.mark.parametrize(("where", "log"), [("#Tea", ROOM), ("other.0.9", inbox("other.0"))])
def test_a_message_is_found_by_its_id_in_the_log_of_its_room_or_recipient(world: World, where: str, log: str) -> None:
    finding = world.find(where, log)
    words = world.redis.answer("XRANGE", [entry()])
    world.redis.answer("SMISMEMBER", [0])
    assert words[1:] == (KEYS.log(log), "5-0", "5-0")
    assert (finding.result.sid, finding.result.line) == ("other.0.1", LINE)


def test_a_message_of_a_session_with_a_new_id_is_its_own_still(world: World) -> None:
    world.context.rekey("gat1")
    finding = world.find(ROOM, ROOM)
    world.redis.answer("XRANGE", [entry("gate.0.7")])
    world.redis.answer("SMISMEMBER", [0])
    assert finding.result.sid == "gat1.0.7"


def test_an_id_of_another_log_finds_nothing(world: World) -> None:
    finding = world.find(ROOM, "#other")
    assert finding.is_over
    assert finding.result is None
