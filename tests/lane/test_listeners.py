"""What the Redis link and its probe report reaches the parts by the hooks, the probe last."""

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.lane.hooks import Hooks
from gateway.lane.listeners import LinkEvents
from tests.stage.parts import Context


class World:
    """The events of a link; ``called``: the hooks, in order."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.context, hooks = Context(), Hooks()
        for name in ("link_up", "link_down", "redis_unavailable", "redis_available", "writes_taken"):
            getattr(hooks, name).append(lambda name=name: self.called.append(name))
        self.events = LinkEvents(self.context, hooks)
        probe: Any = SimpleNamespace(
            link_up=lambda: self.called.append("probe up"), link_down=lambda why: self.called.append(f"probe: {why}")
        )
        self.events.probe = probe


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_connection_is_probed_after_all_else_was_sent_on_it(world: World) -> None:
    world.events.link_up()
    assert world.called == ["link_up", "probe up"]


def test_the_probe_learns_why_a_connection_was_lost(world: World) -> None:
    world.events.link_down("closed by the server")
    assert world.called == ["link_down", "probe: closed by the server"]


def test_a_lane_is_ready_from_the_first_proof_on(world: World) -> None:
    assert not world.context.is_ready
    world.events.link_proven()
    world.events.link_down("lost")
    assert world.context.is_ready


def test_redis_goes_away_and_comes_back(world: World) -> None:
    world.events.redis_unavailable()
    world.events.redis_available()
    world.events.writes_taken()
    assert world.called == ["redis_unavailable", "redis_available", "writes_taken"]


def test_a_fault_of_the_link_is_one_of_the_lane(world: World) -> None:
    world.events.link_fault(ValueError("ours"))
    assert world.context.faults == ["link: ours"]
