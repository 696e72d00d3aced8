"""One run of a plan, and what the checker has to say of it. The same plan always gives the same run."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from gateway.lane.rooms import local_room
from gateway.logs import history, replica
from tests.simulation import checker
from tests.simulation.network import Network
from tests.simulation.plan import Plan


@dataclass
class Outcome:
    """What came of a run: the breaches of invariants, what was exempt from them, and the network as it was left."""

    network: Network
    breaches: list[str]
    exempt: Counter[str] = field(default_factory=Counter)

    @property
    def rules(self) -> set[str]:
        """The invariants that were breached."""
        return {breach.partition(":")[0] for breach in self.breaches}


def run(plan: Plan) -> Outcome:
    """Runs a plan to its end and checks what came of it."""
    with _tuned(plan), quiet():
        network = Network(plan)
        network.run()
        breaches, exempt = checker.check(network)
    return Outcome(network, breaches, exempt)


@contextmanager
def _tuned(plan: Plan) -> Iterator[None]:
    """Small pages, queues and distances of snapshots: so that short logs have all that long ones have."""
    tuned: list[tuple[Any, str, int]] = [
        (replica, "PAGE_ENTRIES", plan.page_entries),
        (local_room, "PAGE_ENTRIES", plan.page_entries),
        (history, "PAGE_ENTRIES", plan.page_entries),
        (replica, "WAITING_LIMIT", plan.waiting_limit),
        (local_room, "SNAPSHOT_ENTRIES", plan.snapshot_entries),
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
    """Without the gateways' own words, and without looking for garbage, of which a run makes little."""
    config = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        structlog.configure(**config)
