"""A Redis behind sentinels: gateways follow a failover without a restart, and acknowledged messages come once."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.harness import Network, texts
from tests.network.sentinels import Sentinels

SAID = 400


@pytest.fixture
def sentinels() -> Iterator[Sentinels]:
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory:
        sentinels = Sentinels(Path(directory))
        yield sentinels
        sentinels.close()


@pytest.fixture
def watched(sentinels: Sentinels, prefix: str) -> Iterator[Network]:
    network = Network(sentinels.url, prefix)
    yield network
    network.close()


def test_a_master_killed_under_load_is_followed_to_the_next(sentinels: Sentinels, watched: Network) -> None:
    first, second = watched.gateways(2, HUBBUB_LEASE_S="60")
    alice = watched.peer(first, "alice", "echo-message", "#s")
    bob = watched.peer(second, "bob", "", "#s")
    for i in range(SAID):
        alice.send(f"PRIVMSG #s :{i}")
        if i == SAID // 2:
            alice.until(f"PRIVMSG #s :{i // 2}")
            sentinels.kill_master()
    said = [str(i) for i in range(SAID)]
    assert texts(bob.until(f"PRIVMSG #s :{SAID - 1}")) == said
    alice.do("TOPIC #s :and changes are made")
    assert bob.sync()[-1].endswith("TOPIC #s :and changes are made")
    for gateway in (first, second):
        gateway.wait_log("redis_available")
        if "heartbeat_failed" in gateway.log:
            gateway.wait_log("heartbeat_recovered")
    command = [sys.executable, "-m", "gateway", "log", "#s", "--redis", sentinels.url, "--prefix", watched.prefix]
    told = subprocess.run([*command, "--format", "irc"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert [line.rpartition(" :")[2] for line in told.splitlines() if " PRIVMSG " in line] == said


def test_nothing_is_heard_before_the_replica_has_it(sentinels: Sentinels, watched: Network) -> None:
    first, second = watched.gateways(2, HUBBUB_LEASE_S="60", HUBBUB_REDIS_WAIT_REPLICAS="1")
    alice = watched.peer(first, "alice", "echo-message", "#w")
    bob = watched.peer(second, "bob", "", "#w")
    alice.do("PRIVMSG #w :safe", "PRIVMSG bob :safe as well")
    assert sorted(texts(bob.sync())) == ["safe", "safe as well"]
    alice.sync()
    sentinels.pause_replica()
    alice.send("PRIVMSG #w :unsafe")
    first.wait_log("too_few_replicas")
    alice.send("PING :heard nothing")
    bob.send("PING :heard nothing")
    assert texts([*alice.until(" PONG "), *bob.until(" PONG ")]) == []
    sentinels.continue_replica()
    assert texts(bob.until("PRIVMSG #w :unsafe")) == ["unsafe"]
    assert texts(alice.until("PRIVMSG #w :unsafe")) == ["unsafe"]
    first.wait_log("replicas_available")
    assert texts(bob.do("PRIVMSG #w :answer")) == []
    assert texts(alice.sync()) == ["answer"]
