"""Networks for black-box tests: one of two gateways for a whole file, and fresh ones for tests that break things."""

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.harness import Broker, Gateway, Network


@pytest.fixture
def network(redis_url: str, prefix: str) -> Iterator[Network]:
    """A network of the test's own."""
    network = Network(redis_url, prefix)
    yield network
    network.close()


@pytest.fixture(scope="module")
def shared(redis_url: str) -> Iterator[Network]:
    """A network that the tests of a file share: each uses rooms and nicks of its own."""
    network = Network(redis_url, f"t{secrets.token_hex(6)}:")
    yield network
    network.close()


@pytest.fixture(scope="module")
def pair(shared: Network) -> tuple[Gateway, Gateway]:
    """Two gateways of the shared network."""
    one, other = shared.gateways(2)
    return one, other


@pytest.fixture
def broker() -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory:
        broker = Broker(Path(directory))
        yield broker
        broker.kill()


@pytest.fixture
def fragile(broker: Broker, prefix: str) -> Iterator[Network]:
    """A network whose Redis the test may break."""
    network = Network(broker.url, prefix)
    yield network
    network.close()
