"""Networks for black-box tests: a shared one of two gateways for each file, new ones for tests that cause faults."""

import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.network.harness import Broker, Gateway, Network, Peer


@pytest.fixture
def network(redis_url: str, prefix: str) -> Iterator[Network]:
    """Return a network for one test."""
    network = Network(redis_url, prefix)
    yield network
    network.close()


@pytest.fixture(scope="module")
def shared(redis_url: str) -> Iterator[Network]:
    """Return the network that the tests of a file share. Each test uses its own rooms and nicks."""
    network = Network(redis_url, f"t{secrets.token_hex(6)}:")
    yield network
    network.close()


@pytest.fixture(scope="module")
def pair(shared: Network) -> tuple[Gateway, Gateway]:
    """Return two gateways of the shared network."""
    one, other = shared.gateways(2)
    return one, other


Visit = Callable[..., Peer]
"""(Number of the gateway, nick, capabilities, rooms ...) -> a peer. Without a nick it has sent nothing yet."""


@pytest.fixture
def visit(pair: tuple[Gateway, Gateway]) -> Iterator[Visit]:
    """Connect peers to the shared gateways. They have left, and their nicks are free, when the next test begins."""
    peers: list[Peer] = []

    def enter(at: int, nick: str = "", caps: str = "", *rooms: str) -> Peer:
        peers.append(Peer(pair[at], nick, caps))
        if rooms:
            peers[-1].do(f"JOIN {','.join(rooms)}")
        return peers[-1]

    yield enter
    for peer in peers:
        peer.send("QUIT" if peer.nick else "/quit")
        assert peer.is_closed()
        peer.close()


@pytest.fixture
def broker() -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory:
        broker = Broker(Path(directory))
        yield broker
        broker.kill()


@pytest.fixture
def fragile(broker: Broker, prefix: str) -> Iterator[Network]:
    """Return a network whose Redis the test may break."""
    network = Network(broker.url, prefix)
    yield network
    network.close()
