"""The client moves between gateways while users talk: real gateways, restarted one by one, and killed."""

import select
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from typing import cast

import pytest
import redis

from tests.client.running import Running, running
from tests.network.halfway import halfway
from tests.network.harness import DEADLINE_S, Gateway, Network
from tests.network.history import CAPS, texts

LOBBY = "#lobby"
Entries = list[tuple[bytes, dict[bytes, bytes]]]


@pytest.fixture
def network(redis_url: str, prefix: str) -> Iterator[Network]:
    network = Network(redis_url, prefix)
    yield network
    network.close()


def address(gateway: Gateway) -> str:
    return f"127.0.0.1:{gateway.port}"


def history(network: Network, gateway: Gateway) -> list[str]:
    return texts(network.peer(gateway, "reader", CAPS, LOBBY), LOBBY)


class Crowd:
    """Clients that send numbered lines. All of them must receive the same lines."""

    def __init__(self, clients: list[Running]) -> None:
        self.clients = clients
        self.said: dict[str, list[str]] = defaultdict(list)
        for client in clients:
            client.until(lambda session: session.is_settled)

    def talk(self) -> None:
        """Let each client send one line."""
        for client in self.clients:
            name = client.session.naming.wanted
            self.said[name].append(f"{name} {len(self.said[name])}")
            client.say(self.said[name][-1])

    def talk_until_ended(self, gateway: Gateway) -> int:
        """Let all clients talk until the gateway has ended. Return its exit status."""
        while True:
            self.talk()
            try:
                return gateway.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue

    def until_all_is_heard(self) -> None:
        count = sum(map(len, self.said.values()))
        for client in self.clients:
            client.until_shown(lambda client: len(client.heard()) >= count)
            client.until(lambda session: session.is_settled)


def test_a_rolling_restart_of_all_gateways_loses_and_doubles_nothing(network: Network) -> None:
    gateways = [network.start(HUBBUB_DRAIN_S="0.5") for _ in range(3)]
    ports = [gateway.wait_ready().port for gateway in gateways]
    addresses = [address(gateway) for gateway in gateways]
    with ExitStack() as stack:
        starts = [addresses[n:] + addresses[:n] for n in (0, 1, 2, 0, 1)]
        crowd = Crowd([stack.enter_context(running(*each, name=f"p{n}")) for n, each in enumerate(starts)])
        for place, port in enumerate(ports):
            gateways[place].process.terminate()
            assert crowd.talk_until_ended(gateways[place]) == 0
            gateways[place] = network.gateway(port=port, HUBBUB_DRAIN_S="0.5")
            crowd.talk()
        crowd.until_all_is_heard()
        heard = crowd.clients[0].heard()
        assert all(client.heard() == heard for client in crowd.clients), "one order for all"
        assert len(set(heard)) == len(heard)
        for name, lines in crowd.said.items():
            assert [text for text in heard if text.startswith(f"{name} ")] == lines
        assert history(network, gateways[0]) == heard
        for client in crowd.clients:
            assert client.session.has_delivered_all
            assert client.session.naming.current == client.session.naming.wanted
            assert any("The gateway is shutting down" in status for status in client.statuses())


def test_killed_between_the_append_and_the_echo(network: Network, redis_url: str) -> None:
    """The line is in the log, but its sender does not know. It finds it in the history, and does not send it again."""
    other = network.gateway(HUBBUB_LEASE_S="30")
    with halfway(redis_url) as between:
        doomed = network.gateway(redis_url=between.url, HUBBUB_LEASE_S="30")
        with running(address(doomed), address(other)) as alice, running(address(other), name="bob") as bob:
            crowd = Crowd([alice, bob])
            between.answers.close()
            alice.say("logged")
            bob.until_shown(lambda client: client.heard() == ["logged"])
            assert alice.heard() == []
            doomed.kill()
            alice.say("next")
            for client in crowd.clients:
                client.until_shown(lambda client: client.heard() == ["logged", "next"])
            assert history(network, other) == ["logged", "next"]
            assert alice.session.has_delivered_all


def test_killed_before_the_append_which_happens_all_the_same_when_the_client_has_said_it_again(
    network: Network, redis_url: str, prefix: str
) -> None:
    """Redis may still execute the append of a dead gateway. It is the same line, by its id."""
    other = network.gateway(HUBBUB_LEASE_S="30")
    with halfway(redis_url) as between, redis.Redis.from_url(redis_url) as store:
        doomed = network.gateway(redis_url=between.url, HUBBUB_LEASE_S="30")
        with running(address(doomed), address(other)) as alice, running(address(other), name="bob") as bob:
            crowd = Crowd([alice, bob])
            between.requests.close()
            alice.say("one")
            between.requests.until_held(b"PRIVMSG #lobby :one")
            doomed.kill()
            alice.say("two")
            bob.until_shown(lambda client: client.heard() == ["one", "two"])
            between.requests.open()
            await_times(store, f"{prefix}{{{LOBBY}}}:log", b":one", 2)
            bob.say("three")
            for client in crowd.clients:
                client.until_shown(lambda client: len(client.heard()) >= 3)
                assert client.heard() == ["one", "two", "three"]
            assert history(network, other) == ["one", "two", "three"]
            assert alice.session.has_delivered_all


def await_times(store: "redis.Redis", log: str, text: bytes, count: int) -> None:
    """Wait until this number of entries of a log contain a text."""
    deadline = time.monotonic() + DEADLINE_S
    while sum(text in fields[b"e"] for _, fields in cast(Entries, store.xrange(log))) < count:
        assert time.monotonic() < deadline
        select.select([], [], [], 0.01)
