"""The end of a lane: clients leave spread over the time, then the inbox is closed, then the lane ends."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.chat.flood import TokenBucket
from gateway.lane.clients.client import Client, Clients
from gateway.lane.clients.dispatcher import Dispatcher
from gateway.lane.clients.drain import ANSWER_LIMIT_S, CLOSING_LIMIT_S, Drain
from gateway.lane.clients.handshake import Handshake
from gateway.logs.log_writer import LogWriter
from tests.stage.parts import Context, make_client


class World:
    """A lane with ten clients that leave as soon as they are told to.

    ``under_way``: what is called once nothing of a client is, by nick, for those that have something under way.
    """

    def __init__(self) -> None:
        self.context, self.clients = Context(), Clients()
        self.is_redis_up = True
        self.log_writer = SimpleNamespace(queued=0)
        self.left: list[tuple[float, str]] = []
        self.closed: list[Callable[[], None]] = []
        self.dismissed: list[object] = []
        self.is_closing = False
        self.under_way: dict[str, Callable[[], None]] = {}
        self.busy: set[str] = set()
        handshake = SimpleNamespace(pending={"pending": None}, dismiss=self.dismissed.append)
        dispatcher = SimpleNamespace(finish=lambda _client, done: done())
        self.drain = Drain(
            self.context,
            self.clients,
            cast(Handshake, handshake),
            cast(Dispatcher, dispatcher),
            lambda: self.is_redis_up,
            cast(LogWriter, self.log_writer),
            self._disconnect,
            self._when_idle,
            self.closed.append,
            lambda: self.is_closing,
        )
        for number in range(10):
            make_client(self.context, self.clients, f"u{number}")

    def _when_idle(self, client: Client, call: Callable[[], None]) -> None:
        if client.session.nick in self.busy:
            self.under_way[client.session.nick] = call
        else:
            call()

    def _disconnect(self, client: Client, _reason: str) -> None:
        if self.clients.pop(client.session.sid, None):
            self.left.append((self.context.now, client.session.nick))
            self.drain.end_if_empty()


@pytest.fixture
def world() -> World:
    return World()


def test_clients_leave_in_random_order_spread_over_the_time(world: World) -> None:
    began = world.context.now
    world.drain.begin(10.0)
    world.context.advance(10.1)
    times = [at - began for at, _ in world.left]
    assert len(times) == 10
    assert all(number <= at <= number + 1.01 for number, at in enumerate(times))
    assert [nick for _, nick in world.left] != [f"u{number}" for number in range(10)]
    assert world.dismissed == ["pending"]


def test_clients_that_are_still_registering_leave_at_once(world: World) -> None:
    for client in list(world.clients.values())[:3]:
        client.session.is_registered = False
    world.drain.begin(10.0)
    world.context.advance(0.0)
    assert sorted(nick for _, nick in world.left) == ["u0", "u1", "u2"]


def test_a_client_is_answered_before_it_leaves_and_not_held_back_by_flood_control(world: World) -> None:
    client = next(iter(world.clients.values()))
    client.bucket = TokenBucket(1.0, 1, world.context.now)
    world.busy = {"u0"}
    world.drain.begin(0.0)
    world.context.advance(ANSWER_LIMIT_S / 2)
    assert client.bucket is None
    assert [nick for _, nick in world.left].count("u0") == 0
    assert len(world.left) == 9
    world.under_way["u0"]()
    assert len(world.left) == 9, "not from within the fold of its last event"
    world.context.advance(0.0)
    assert len(world.left) == 10


def test_a_client_that_is_not_answered_in_time_leaves_all_the_same(world: World) -> None:
    world.busy = {f"u{number}" for number in range(10)}
    world.drain.begin(0.0)
    world.context.advance(ANSWER_LIMIT_S)
    assert len(world.left) == 10


def test_then_the_inbox_is_closed_and_the_lane_ends(world: World) -> None:
    world.drain.begin(0.0)
    world.context.advance(0.1)
    [inbox_closed] = world.closed
    assert not world.context.is_stopping
    inbox_closed()
    assert world.context.is_stopping


def test_the_lane_waits_for_clients_to_read_error_but_not_for_long(world: World) -> None:
    world.drain.begin(0.0)
    world.context.advance(0.1)
    world.is_closing = True
    world.closed[0]()
    assert not world.context.is_stopping
    world.context.advance(CLOSING_LIMIT_S + 0.1)
    assert world.context.is_stopping


def test_the_lane_waits_for_what_is_queued(world: World) -> None:
    world.drain.begin(0.0)
    world.context.advance(0.1)
    world.log_writer.queued = 1
    world.closed[0]()
    world.context.advance(1.0)
    assert not world.context.is_stopping
    world.log_writer.queued = 0
    world.context.advance(0.1)
    assert world.context.is_stopping


def test_without_redis_all_leave_at_once(world: World) -> None:
    world.is_redis_up = False
    world.drain.begin(0.0)
    assert len(world.left) == 10
    assert world.context.is_stopping


def test_in_a_hurry_nobody_is_waited_for(world: World) -> None:
    world.drain.begin(100.0)
    world.drain.hurry()
    assert len(world.left) == 10


def test_a_lane_that_does_not_end_goes_on_when_its_last_client_leaves(world: World) -> None:
    world.clients.clear()
    world.drain.end_if_empty()
    assert not world.closed
    assert not world.context.is_stopping
