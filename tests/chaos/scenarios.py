"""The faults: each scenario builds its network, lets the crowd speak, breaks something, and lets it go on."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.stage import Stage


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault. ``on_all_servers``: played on each server program of the machine, not on the first alone."""

    name: str
    fault: str
    play: Callable[[Stage], None]
    on_all_servers: bool


SCENARIOS: list[Scenario] = []


def scenario(
    fault: str, *, on_all_servers: bool = False
) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    def register(play: Callable[[Stage], None]) -> Callable[[Stage], None]:
        SCENARIOS.append(Scenario(play.__name__, fault, play, on_all_servers))
        return play

    return register
