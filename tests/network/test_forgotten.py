"""Gateways restore data that Redis has lost: the owners of nicks, and the inboxes of users."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.heartbeat.leases import client
from tests.network.harness import DEADLINE_S, Broker, Network


@pytest.fixture
def broker() -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory:
        broker = Broker(Path(directory))
        yield broker
        broker.kill()


@pytest.fixture
def network(broker: Broker, prefix: str) -> Iterator[Network]:
    network = Network(broker.url, prefix)
    yield network
    network.close()


def ask(broker: Broker, *words: str) -> Any:
    with client(broker.url) as connection:
        return connection.execute_command(*words)


def until(fits: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not fits():
        assert time.monotonic() < deadline, problem


@pytest.mark.parametrize("connections", ["kept", "broken"])
def test_after_a_wipe_nicks_are_still_their_owners_and_people_are_found(
    broker: Broker, network: Network, connections: str
) -> None:
    first, second = network.gateways(2)
    ann = network.peer(first, "ann", "", "#a")
    bob = network.peer(second, "bob")
    key = ask(broker, "HGET", f"{network.prefix}secrets", "cloak")
    broker.command("FLUSHALL")
    if connections == "broken":
        broker.command("CLIENT", "KILL", "TYPE", "pubsub")
    until(lambda: any(" 311 bob ann " in line for line in bob.do("WHOIS ann")), "the claim is not made again")
    assert " 433 " in bob.do("NICK ann")[0]
    until(lambda: ask(broker, "HLEN", f"{network.prefix}{{@{gateway_id(first.log)}.0}}:head") == 2, "no inbox")
    bob.do("PRIVMSG ann :hello")
    assert ann.sync()[-1].endswith(" PRIVMSG ann :hello")
    until(lambda: ask(broker, "HGET", f"{network.prefix}secrets", "cloak") == key, "the cloak key is not published")
    info = f"{network.prefix}{{gw:{gateway_id(first.log)}}}:info"
    until(lambda: ask(broker, "HGET", info, "lanes") == b"1", "the number of lanes is not published")
    first.kill()
    assert " QUIT " in bob.do("JOIN #a")[-1] or any(" QUIT " in line for line in bob.until(" QUIT "))
    until(lambda: " 433 " not in " ".join(bob.do("NICK ann")), "a dead gateway's nick is not freed")


def gateway_id(log: str) -> str:
    return next(line for line in log.splitlines() if '"listening"' in line).split('"gateway": "')[1].split('"')[0]


def test_whose_nick_was_taken_while_it_was_forgotten_goes_by_the_session_id(broker: Broker, network: Network) -> None:
    first, second = network.gateways(2)
    ann = network.peer(first, "ann", "", "#a")
    bob = network.peer(second, "bob", "", "#a")
    ann.sync()
    broker.command("DEL", f"{network.prefix}{{nick:ann}}")
    eve = network.peer(second, "ann", "")
    broker.command("CLIENT", "KILL", "TYPE", "pubsub")
    line = ann.until(" NICK ")[-1]
    assert line.startswith(":ann!ann@")
    sid = line.rpartition(" ")[2]
    assert bob.until(" NICK ")[-1].endswith(f" NICK {sid}")
    eve.do("JOIN #a")
    bob.do(f"PRIVMSG {sid} :you", "PRIVMSG ann :eve")
    assert ann.sync()[-1].endswith(f" PRIVMSG {sid} :you")
    assert eve.sync()[-1].endswith(" PRIVMSG ann :eve")
