"""One run of a plan, and the checker's result. The same plan always gives the same run."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from gateway.logs import history, replica, room_replica, subscriptions
from tests.simulation import checker
from tests.simulation.network import Network
from tests.simulation.plan import Plan


@dataclass
class Outcome:
    """The result of a run: violations of invariants, exemptions by reason, and the network at rest."""

    network: Network
    violations: list[str]
    exempt: Counter[str] = field(default_factory=Counter)

    @property
    def rules(self) -> set[str]:
        """The names of the violated invariants."""
        return {violation.partition(":")[0] for violation in self.violations}


def run(plan: Plan) -> Outcome:
    """Run a plan to its end, and check all invariants."""
    with _tuned(plan), quiet():
        network = Network(plan)
        network.run()
        violations, exempt = checker.check(network)
    return Outcome(network, violations, exempt)


@contextmanager
def _tuned(plan: Plan) -> Iterator[None]:
    """Set small pages, queues and snapshot distances, so that short logs go through everything that long logs do."""
    tuned: list[tuple[Any, str, int]] = [
        (replica, "PAGE_ENTRIES", plan.page_entries),
        (subscriptions, "PAGE_ENTRIES", plan.page_entries),
        (history, "PAGE_ENTRIES", plan.page_entries),
        (replica, "WAITING_LIMIT", plan.waiting_limit),
        (room_replica, "SNAPSHOT_ENTRIES", plan.snapshot_entries),
    ]
    before = [getattr(module, name) for module, name, _ in tuned]
    for module, name, value in tuned:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name, _), value in zip(tuned, before, strict=True):
            setattr(module, name, value)


@contextmanager
def quiet() -> Iterator[None]:
    """Run without log output, and without garbage collection, which a run does not need."""
    config = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        structlog.configure(**config)
