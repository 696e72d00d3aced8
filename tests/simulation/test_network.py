"""The whole network, in one thread and out of one seed: real lanes, and everything that can happen to them.

A few seeds that are always the same; ``make simulate`` runs as many as one likes. What fails is told and shrunk by
``python -m tests.simulation --seed N``.
"""

import pytest

from tests.simulation.plan import plan
from tests.simulation.running import run
from tests.simulation.shrinking import story


@pytest.mark.parametrize("seed", range(1, 51))
def test_the_invariants_hold(seed: int) -> None:
    outcome = run(plan(seed))
    assert not outcome.breaches, f"{story(outcome)}\nseed {seed}"


def test_a_seed_gives_the_same_run_twice() -> None:
    one, other = story(run(plan(7))), story(run(plan(7)))
    assert one == other
