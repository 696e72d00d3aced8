"""The whole network in one thread, from one seed: real lanes under every fault.

A few fixed seeds; ``make simulate`` runs any number. ``python -m tests.simulation --seed N`` shrinks and prints one
that fails.
"""

import pytest

from tests.simulation.plan import plan
from tests.simulation.running import run
from tests.simulation.shrinking import story


@pytest.mark.parametrize("seed", range(1, 51))
def test_the_invariants_hold(seed: int) -> None:
    outcome = run(plan(seed))
    assert not outcome.violations, f"{story(outcome)}\nseed {seed}"


def test_a_seed_gives_the_same_run_twice() -> None:
    one, other = story(run(plan(7))), story(run(plan(7)))
    assert one == other
