"""What an invariant is."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from tests.simulation.evidence import Evidence


class Invariant(ABC):
    """One promise of the network, stated by the docstring of its class. docs/architecture.md lists them all."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    @abstractmethod
    def check(self) -> Iterator[str]:
        """Describe each violation."""

    def exempt(self, reason: str, count: int = 1) -> None:
        """Count what cannot be demanded, as Redis has lost the data for it."""
        self.evidence.exempt[reason] += count
