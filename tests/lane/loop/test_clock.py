"""The lane's clock where it decides what is too old."""

import pytest

from tests.fuzz.lanes import World


def test_a_wall_clock_that_is_set_forward_makes_nothing_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis's clock may be the same machine's, so that the two of them are no check on each other."""
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
