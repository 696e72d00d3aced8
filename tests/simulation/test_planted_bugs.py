"""The simulation finds each planted bug: the test of the test."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import chain

import pytest

from tests.simulation import planted
from tests.simulation.plan import DATA, plan
from tests.simulation.running import run

SEEDS = 300
"""How many are tried if the known seed no longer shows a bug."""

Plant = Callable[[], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("plant", "faults", "known"),
    [
        pytest.param(plant, faults, known, id=plant.__name__)
        for plant, faults, known in (
            (planted.gaps_are_not_repaired, ("link",), 4),
            (planted.pages_are_applied_backwards, ("link",), 0),
            (planted.duplicate_entries_are_accepted, (DATA,), 1),
            (planted.restored_entries_are_shown_twice, (DATA,), 1),
            (planted.a_wiped_room_is_not_seeded, (DATA,), 3),
            (planted.abandoned_connections_are_not_killed, ("link",), 13),
            (planted.dead_gateways_are_not_reaped, ("gateway",), 1),
            (planted.events_of_dead_gateways_are_accepted, ("gateway",), 0),
            (planted.pong_does_not_wait, ("link",), 15),
            (planted.a_quit_misses_rooms_that_are_being_joined, ("client", "redis"), 146),
            (planted.every_log_shows_a_new_nick, (), 0),
            (planted.rejected_events_stay_in_the_history, ("link",), 2),
            (planted.hidden_ranges_are_ignored, ("client",), 3),
            (planted.everybody_reads_all_direct_messages, (), 2),
        )
    ],
)
def test_a_planted_bug_is_noticed(plant: Plant, faults: tuple[str, ...], known: int) -> None:
    for seed in chain((known,), range(SEEDS)):
        candidate = plan(seed, faults)
        with plant():
            is_noticed = bool(run(candidate).violations)
        if is_noticed and not run(candidate).violations:
            return
    raise AssertionError(f"{SEEDS} seeds do not show it")
