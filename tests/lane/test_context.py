"""The context of a lane: time, timers, calls from other threads, identity."""

import pytest

from tests.stage.parts import Context


def test_the_time_of_a_turn_is_set_once() -> None:
    context = Context()
    context.time_s += 5.0
    before = context.now
    assert context.turn_began() == context.now == before + 5.0


def test_later_counts_from_the_present_and_not_from_the_begin_of_the_turn() -> None:
    context, called = Context(), list[float]()
    context.time_s += 3.0  # the turn waited for so long
    context.later(1.0, lambda: called.append(context.now))
    context.advance(10.0)
    assert called == [1_004.0]


def test_every_calls_at_each_interval_and_goes_on_after_a_fault() -> None:
    context, called = Context(), list[float]()

    def call() -> None:
        called.append(context.now)
        if len(called) == 1:
            raise ValueError("once")

    context.every(2.0, call)
    with pytest.raises(ValueError, match="once"):
        context.advance(7.0)
    context.advance(4.0)
    assert called == [1_002.0, 1_004.0, 1_006.0]


def test_a_wall_clock_that_is_set_forward_makes_nothing_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis's clock may be the clock of the same machine, so the two cannot check each other."""
    context = Context()
    before_ms, right = context.steady_wall_ms(), context._wall
    monkeypatch.setattr(context, "_wall", lambda: right() + 365 * 24 * 3600)
    context.advance(10.0)
    assert context.steady_wall_ms() == before_ms + 10_000
    monkeypatch.setattr(context, "_wall", lambda: right() - 3600)
    context.turn_began()
    assert context.steady_wall_ms() < before_ms, "one that is set back only makes things younger"


def test_posted_calls_run_in_order_also_those_that_a_call_posts() -> None:
    context, called = Context(), list[int]()

    def first() -> None:
        called.append(1)
        context.post(lambda: called.append(3))

    context.post(first)
    context.post(lambda: called.append(2))
    context.run_posted(0)
    assert called == [1, 2, 3]


def test_after_a_rekey_a_session_is_found_by_any_id_that_it_had() -> None:
    context = Context()
    context.rekey("gat1")
    context.rekey("gat2")
    assert context.id == "gat2.0"
    assert context.current_sid("gate.0.7") == context.current_sid("gat1.0.7") == "gat2.0.7"
    assert context.current_sid("other.0.7") == "other.0.7"
    assert context.former_prefixes == ("gat1.0.", "gate.0.")


def test_epochs_are_random_and_of_one_length() -> None:
    context = Context()
    epochs = {context.new_epoch() for _ in range(100)}
    assert len(epochs) == 100
    assert {len(epoch) for epoch in epochs} == {12}
