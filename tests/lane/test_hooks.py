"""Hooks are called in the order of registration."""

from gateway.lane.hooks import Hooks, call_all


def test_calls_come_in_order_with_their_arguments() -> None:
    hooks, called = Hooks(), list[str]()
    hooks.rekeyed += [lambda lane: called.append(f"first {lane}"), lambda lane: called.append(f"second {lane}")]
    call_all(hooks.rekeyed, "g.0")
    assert called == ["first g.0", "second g.0"]


def test_each_lane_has_its_own() -> None:
    Hooks().turn.append(lambda: None)
    assert not Hooks().turn
