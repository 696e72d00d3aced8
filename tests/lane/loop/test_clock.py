"""The lane's clock for ages of entries."""

import pytest

from tests.fuzz.lanes import World


def test_a_wall_clock_that_is_set_forward_makes_nothing_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis's clock may be the clock of the same machine, so the two cannot check each other."""
    world = World(sendq_bytes=1 << 20)
    world.turn()
    lane = world.lane
    before_ms = lane.context.steady_wall_ms()
    right = lane.context._wall
    monkeypatch.setattr(lane.context, "_wall", lambda: right() + 365 * 24 * 3600)
    world.time_s += 10
    world.turn()
    assert before_ms <= lane.context.steady_wall_ms() <= before_ms + 11_000
    monkeypatch.setattr(lane.context, "_wall", lambda: right() - 3600)
    world.turn()
    assert lane.context.steady_wall_ms() < before_ms, "one that is set back only makes things younger"
