"""The faults. Each scenario builds its network, lets the crowd talk, causes a fault, and continues the talk."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.stage import Stage


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault. ``on_all_servers``: run on each server program of the machine, not only on the first one."""

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
