"""The test of the test: bugs are planted one at a time, and the simulation must notice each."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import chain

import pytest

from tests.simulation import planted
from tests.simulation.plan import DATA, plan
from tests.simulation.running import run

SEEDS = 300
"""So many are tried where the one that was found to show a bug does so no longer."""

Plant = Callable[[], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("plant", "faults", "known"),
    [
        pytest.param(plant, faults, known, id=plant.__name__)
        for plant, faults, known in (
            (planted.gaps_are_not_mended, ("link",), 4),
            (planted.pages_are_folded_backwards, ("link",), 0),
            (planted.entries_that_come_again_count, (DATA,), 1),
            (planted.what_was_put_back_is_shown_twice, (DATA,), 1),
            (planted.a_wiped_room_begins_anew, (DATA,), 3),
            (planted.old_connections_live_on, ("link",), 13),
            (planted.the_dead_are_not_reaped, ("gateway",), 1),
            (planted.the_gone_still_act, ("gateway",), 0),
            (planted.pong_comes_at_once, ("link",), 15),
            (planted.quits_miss_rooms_that_are_being_joined, ("client", "redis"), 146),
            (planted.a_new_nick_is_shown_by_every_log, (), 0),
            (planted.what_is_void_stays_in_the_history, ("link",), 2),
            (planted.everybody_reads_the_whole_past_of_a_room, ("client",), 3),
            (planted.everybody_reads_all_direct_messages, (), 2),
        )
    ],
)
def test_a_planted_bug_is_noticed(plant: Plant, faults: tuple[str, ...], known: int) -> None:
    for seed in chain((known,), range(SEEDS)):
        candidate = plan(seed, faults)
        with plant():
            is_noticed = bool(run(candidate).breaches)
        if is_noticed and not run(candidate).breaches:
            return
    raise AssertionError(f"{SEEDS} seeds do not show it")
