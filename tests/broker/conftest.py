"""The suite of the log runs three times: against the simulated server in both orders that servers have for a
connection that publishes to itself, and against a real one."""

from collections.abc import Iterator

import pytest

from tests.broker.worlds import Real, Simulated, Stage


@pytest.fixture(params=["simulated", "simulated-replies-first", "real"])
def stage(request: pytest.FixtureRequest, prefix: str) -> Iterator[Stage]:
    kind: str = request.param
    world = Real(request.getfixturevalue("redis_url")) if kind == "real" else Simulated("first" in kind)
    made = Stage(world, prefix)
    yield made
    made.close()
