"""The checker: all invariants, asserted over a run that is at rest."""

from collections import Counter

from tests.simulation.evidence import Evidence
from tests.simulation.invariants.delivery import ExactlyOnceInOrder, OnlyOwnMessages, WholeMessages
from tests.simulation.invariants.history import CompleteHistory, HiddenHistory
from tests.simulation.invariants.invariant import Invariant
from tests.simulation.invariants.sending import Barrier, OneOutcome, SenderOrder
from tests.simulation.invariants.state import Agreement, ClientView, IntactLogs, NoLeaks, NoOrphans, RestoredRooms
from tests.simulation.network import Network

INVARIANTS: tuple[type[Invariant], ...] = (
    IntactLogs,
    ExactlyOnceInOrder,
    OnlyOwnMessages,
    WholeMessages,
    CompleteHistory,
    HiddenHistory,
    OneOutcome,
    SenderOrder,
    Barrier,
    ClientView,
    Agreement,
    RestoredRooms,
    NoOrphans,
    NoLeaks,
)


def check(network: Network) -> tuple[list[str], Counter[str]]:
    """Each violation of an invariant as "NAME: description", and the count of exemptions by reason."""
    evidence = Evidence(network)
    violations = [f"{one.__name__}: {violation}" for one in INVARIANTS for violation in one(evidence).check()]
    return violations, +evidence.exempt
