"""The longest turn of a lane, for /metrics."""

from gateway.lane.loop.turn_times import WINDOW_S, TurnTimes


def test_the_longest_turn_is_remembered_for_at_least_a_window_and_at_most_two() -> None:
    turns = TurnTimes(0.0)
    turns.took(1.0, 1.5)
    turns.took(2.0, 2.1)
    assert turns.longest_s == 0.5
    turns.took(WINDOW_S + 1.0, WINDOW_S + 1.25)
    assert turns.longest_s == 0.5
    turns.took(2 * WINDOW_S + 2.0, 2 * WINDOW_S + 2.125)
    assert turns.longest_s == 0.25
