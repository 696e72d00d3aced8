"""The turn of a lane: its order, its waits, a fault, a stall, other settings, the end."""

from dataclasses import replace

import pytest

from gateway.lane.lane import LONGEST_WAIT_S
from tests.fuzz.lanes import World


@pytest.fixture
def world() -> World:
    return World()


def test_posted_calls_run_in_the_next_turn(world: World) -> None:
    called: list[str] = []
    world.lane.post(lambda: called.append("posted"))
    assert not called
    world.lane.turn(0.0)
    assert called == ["posted"]


def test_timers_come_before_the_turn_s_hooks_and_these_before_the_append(world: World) -> None:
    called: list[str] = []
    parts = world.lane.parts
    parts.hooks.turn.insert(0, lambda: called.append("turn"))
    world.lane.context.later(0.0, lambda: called.append("timer"))
    world.turn()
    assert called[:2] == ["timer", "turn"]


def test_a_turn_waits_until_the_next_timer_and_never_longer_than_the_limit(world: World) -> None:
    assert 0.0 <= world.lane.timeout_s() <= LONGEST_WAIT_S
    world.lane.context.later(0.0, lambda: None)
    assert world.lane.timeout_s() == 0.0


def test_after_a_stall_no_client_is_read_until_the_lease_is_renewed_and_the_replicas_have_caught_up(
    world: World,
) -> None:
    socket = world.client()
    world.turn(2)
    world.time_s += 20.0  # the lane's thread did not run
    socket.inbound += b"NICK ann\r\nUSER a 0 * :a\r\n"
    world.lane.turn(0.0)
    assert not world.lane.parts.clients
    world.time_s += 1.0  # a beat
    world.turn(5)
    assert world.lane.parts.clients


def test_other_settings_reach_the_parts(world: World) -> None:
    context = world.lane.context
    settings = replace(context.settings, history_messages=7, retry_queue_bytes=8, retry_queue_age_s=9.0)
    world.lane.reload(settings, context.server, None)
    assert world.lane.parts.snapshots.retention.entries == 7
    assert world.lane.parts.outgoing.retry_queue.limits == (8, 9.0)


def test_the_end_closes_every_connection(world: World) -> None:
    socket = world.client()
    world.turn(2)
    world.lane.end()
    assert world.lane.context.is_stopping
    assert socket.is_closed
    assert not world.lane.parts.link.is_connected
