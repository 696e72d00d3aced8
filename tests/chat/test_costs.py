"""What commands cost in lines of flood control."""

import pytest

from gateway.chat import costs


@pytest.mark.parametrize(("count", "cost"), [(0, 0.0), (1, 0.0), (2, 0.25), (41, 10.0)])
def test_the_first_room_is_in_the_line_and_each_other_costs_a_quarter(count: int, cost: float) -> None:
    assert costs.rooms(count) == cost


@pytest.mark.parametrize(("count", "cost"), [(0, 0.0), (32, 0.5), (96, 1.5)])
def test_look_ups_and_masks_cost_by_number(count: int, cost: float) -> None:
    assert costs.lookups(count) == costs.masks(count) == cost


def test_what_does_much_work_for_a_short_answer_costs_several_lines() -> None:
    """Else a short command could keep Redis or the lane busy."""
    assert min(costs.NEW_ROOM, costs.SEARCH, costs.WRONG_PASSWORD) > 1.0
