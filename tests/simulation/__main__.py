"""``python -m tests.simulation``: run many seeds on all cores, or print the story of one.

The first seed that violates an invariant is run again (it must fail alike), shrunk, and its story is printed.
"""

import argparse
import itertools
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from tests.simulation.plan import FAULTS, LOSSES, Plan, plan
from tests.simulation.running import Outcome, run
from tests.simulation.shrinking import shrink, story

BATCH = 50
Plans = Callable[[int], Plan]
"""Derives the plan of a seed."""


@dataclass
class Tally:
    """The result of a batch of seeds."""

    seeds: int = 0
    failing: list[int] = field(default_factory=list)
    exempt: Counter[str] = field(default_factory=Counter)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed alone, and print its story")
    parser.add_argument("--seeds", type=int, default=10_000, help="the number of seeds (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first seed; -1: from the time (%(default)s)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no batch of seeds after this time")
    parser.add_argument("--whole", action="store_true", help="do not shrink a failing plan")
    parser.add_argument("--losses", action="store_true", help="let Redis lose data, too")
    options = parser.parse_args()
    plans = partial(plan, kinds=LOSSES if options.losses else FAULTS)
    if options.seed is not None:
        return _one(plans(options.seed), is_shrunk=not options.whole)
    first = int(time.time()) * 1000 if options.first < 0 else options.first
    return _many(plans, first, options.seeds, options.seconds, is_shrunk=not options.whole)


def _one(planned: Plan, *, is_shrunk: bool) -> int:
    outcome = run(planned)
    if not outcome.violations:
        print(story(outcome))
        print(f"seed {planned.seed}: all invariants hold; exempt: {dict(outcome.exempt) or 'nothing'}")
        return 0
    _report(outcome, is_shrunk=is_shrunk)
    return 1


def _report(outcome: Outcome, *, is_shrunk: bool) -> None:
    """Print why a run failed, as short as possible."""
    again = run(outcome.network.plan)
    assert again.violations == outcome.violations, "a seed does not give the same run twice"
    if is_shrunk:
        shorter = run(shrink(outcome.network.plan, outcome.rules))
        print(f"{len(outcome.network.plan.steps)} steps, of which {len(shorter.network.plan.steps)} are needed:")
        print(story(shorter))
    else:
        print(story(outcome))
    print(f"\nseed {outcome.network.seed} fails:", *outcome.violations, sep="\n  ")
    print(f"again: python -m tests.simulation --seed {outcome.network.seed} (with --losses if it was given)")


def _many(plans: Plans, first: int, count: int, seconds: float, *, is_shrunk: bool) -> int:
    began = time.monotonic()
    total = Tally()
    with ProcessPoolExecutor() as pool:
        for tally in _tallies(pool, plans, first, count, began + seconds):
            total.seeds += tally.seeds
            total.exempt += tally.exempt
            total.failing += tally.failing
            if total.failing:
                break
    took = time.monotonic() - began
    rate = f"{total.seeds / took:.0f}/s on {os.cpu_count()} cores"
    print(f"seeds {first} to {first + total.seeds - 1}: {total.seeds} in {took:.0f} s ({rate})")
    print(f"exempt: {dict(total.exempt) or 'nothing'}")
    if total.failing:
        print(f"failing seeds: {total.failing}")
        _report(run(plans(total.failing[0])), is_shrunk=is_shrunk)
        return 1
    return 0


def _tallies(pool: ProcessPoolExecutor, plans: Plans, first: int, count: int, until: float) -> Iterator[Tally]:
    """Yield the results of batches in order. Some run ahead; none is begun after ``until``."""
    starts = iter(range(first, first + count, BATCH))
    ahead = [
        pool.submit(_batch, plans, start, min(BATCH, first + count - start))
        for start in itertools.islice(starts, 2 * (os.cpu_count() or 1))
    ]
    while ahead:
        yield ahead.pop(0).result()
        start = next(starts, None) if time.monotonic() < until else None
        if start is not None:
            ahead.append(pool.submit(_batch, plans, start, min(BATCH, first + count - start)))


def _batch(plans: Plans, first: int, count: int) -> Tally:
    tally = Tally(count)
    for seed in range(first, first + count):
        outcome = run(plans(seed))
        tally.exempt += outcome.exempt
        if outcome.violations:
            tally.failing.append(seed)
    return tally


if __name__ == "__main__":
    sys.exit(main())
