"""Timers: in the order of their times, then of their setting."""

from gateway.lane.loop.timers import Timers


def test_what_is_due_is_called_in_order() -> None:
    timers, called = Timers(), list[str]()
    timers.at(2.0, lambda: called.append("second"))
    timers.at(1.0, lambda: called.append("first"))
    timers.at(2.0, lambda: called.append("third"))
    timers.at(3.0, lambda: called.append("not yet"))
    assert timers.next_due() == 1.0
    timers.run_due(2.0)
    assert called == ["first", "second", "third"]
    assert timers.next_due() == 3.0


def test_a_cancelled_timer_is_not_called() -> None:
    timers, called = Timers(), list[str]()
    timer = timers.at(1.0, lambda: called.append("cancelled"))
    timer.cancel()
    timers.run_due(5.0)
    assert not called
    assert timers.next_due() is None


def test_what_a_timer_sets_for_now_is_left_to_the_next_time() -> None:
    timers, called = Timers(), list[str]()

    def first() -> None:
        timers.at(1.0, lambda: called.append("again"))

    timers.at(1.0, first)
    timers.run_due(1.0)
    assert not called
    timers.run_due(1.0)
    assert called == ["again"]
