"""Faults: Redis restarted under load, wiped, paused; a client that does not read; a gateway that stops."""

import json
import signal
import time

import pytest

from tests.network.harness import DEADLINE_S, Broker, Network, get, texts


def test_redis_killed_and_started_again_under_load_loses_nothing_and_doubles_nothing(
    broker: Broker, fragile: Network
) -> None:
    gateways = fragile.gateways(2, HUBBUB_LEASE_S="30")
    speakers = [fragile.peer(gateways[i % 2], f"s{i}", "echo-message", "#r") for i in range(4)]
    watcher = fragile.peer(gateways[0], "watcher", "", "#r")
    sent = []
    for i in range(400):
        if i == 150:
            broker.kill()
        if i == 250:
            broker.start()
        speaker = speakers[i % 4]
        speaker.send(f"PRIVMSG #r :{speaker.nick} {i}")
        sent.append(f"{speaker.nick} {i}")
    for speaker in speakers:
        speaker.send("PRIVMSG #r :end")
    lines: list[str] = []
    while texts(lines).count("end") < len(speakers):
        lines += watcher.until("PRIVMSG #r :end")
    heard = [text for text in texts(lines) if text != "end"]
    assert sorted(heard) == sorted(sent)
    for speaker in speakers:
        own = [text for text in heard if text.startswith(f"{speaker.nick} ")]
        assert own == [text for text in sent if text.startswith(f"{speaker.nick} ")], "an order was broken"


@pytest.mark.parametrize("cut", [False, True])
def test_a_wiped_redis_is_mended_from_the_gateways(broker: Broker, fragile: Network, cut: bool) -> None:
    """FLUSHALL closes no connection, a restart does. In both cases nobody leaves, and rooms keep their state."""
    first, second = fragile.gateways(2, HUBBUB_LEASE_S="30")
    alice = fragile.peer(first, "alice", "echo-message", "#w")
    bob = fragile.peer(second, "bob", "", "#w")
    alice.do("TOPIC #w :kept", "MODE #w +mv bob", "MODE #w +b *!*@nowhere", "PRIVMSG #w :before")
    assert texts(bob.sync()) == ["before"]
    broker.command("FLUSHALL")
    if cut:
        for kind in ("normal", "pubsub"):
            broker.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    seen = alice.do("PRIVMSG #w :after")
    assert texts(seen) == ["after"]
    assert [line for line in bob.sync() if " NOTICE " not in line] == seen
    for peer in (alice, bob):
        lines = peer.do("NAMES #w", "TOPIC #w", "MODE #w", "MODE #w b")
        assert {"@alice", "+bob"} == set(next(line for line in lines if " 353 " in line).split(" :")[1].split())
        assert any(" 332 " in line and line.endswith(":kept") for line in lines)
        assert any(" 324 " in line and line.endswith(" +mnt") for line in lines)
        assert any(" 367 " in line and "*!*@nowhere" in line for line in lines)
    late = fragile.peer(second, "late", "", "#w")
    assert any(" 404 " in line for line in late.do("PRIVMSG #w :muted"))


def test_a_redis_that_lost_its_newest_entries_gets_them_back(broker: Broker, fragile: Network) -> None:
    """Start again on an older append-only file: delivered messages are in the history, and are not shown again."""
    first, second = fragile.gateways(2, HUBBUB_LEASE_S="30")
    alice = fragile.peer(first, "alice", "", "#f")
    bob = fragile.peer(second, "bob", "", "#f")
    alice.do("PRIVMSG #f :kept")
    bob.do("PRIVMSG #f :kept too")
    broker.save()
    late = fragile.peer(second, "late", "", "#f")
    alice.do("PRIVMSG #f :lost", "TOPIC #f :lost as well")
    late.do("PRIVMSG #f :lost too")
    assert texts(bob.sync())[-2:] == ["lost", "lost too"]
    alice.sync()
    broker.kill()
    broker.restore()
    broker.start()
    for peer in (bob, alice, late):
        assert texts(peer.sync()) == [], "shown again"
    alice.do("PRIVMSG #f :on")
    for peer in (bob, late):
        lines = peer.sync()
        assert texts(lines) == ["on"]
    other = fragile.peer(first, "other", "batch draft/chathistory", "#f")
    history = other.do("CHATHISTORY LATEST #f * 50")
    log = [line.rpartition(" :")[2] for line in history if " PRIVMSG " in line]
    assert sorted(log[:2]) == ["kept", "kept too"]
    assert sorted(log[2:]) == ["lost", "lost too", "on"]
    assert any(" 332 " in line and line.endswith(":lost as well") for line in other.do("TOPIC #f"))


def test_a_stalled_reader_is_cut_at_its_limit_without_slowing_others(network: Network) -> None:
    gateway = network.gateway(HUBBUB_SENDQ_BYTES="65536")
    talker = network.peer(gateway, "talker", "", "#s")
    listener = network.peer(gateway, "listener", "", "#s")
    stalled = network.peer(gateway, "stalled", "", "#s")
    stalled.shrink_receive_buffer()
    text = "x" * 400
    deadline = time.monotonic() + DEADLINE_S
    left: list[str] = []
    while not left:
        assert time.monotonic() < deadline, "the stalled reader was never cut"
        for _ in range(100):
            talker.send(f"PRIVMSG #s :{text}")
        talker.sync()
        lines = listener.sync()
        assert len(texts(lines)) == 100
        left = [line for line in lines if " QUIT " in line]
    assert left[0].endswith("QUIT :SendQ exceeded")


def test_a_gateway_that_stops_tells_everyone_and_frees_its_nicks_at_once(network: Network) -> None:
    first, second = network.gateways(2)
    leaving = network.peer(first, "leaving", "", "#t")
    staying = network.peer(second, "staying", "", "#t")
    assert first.stop() == 0
    assert "ERROR :Closing link: The gateway is shutting down" in leaving.until("ERROR")[-1]
    assert ":leaving!leaving@" in staying.until(" QUIT ")[-1]
    staying.do("NICK leaving")
    assert staying.do("NICK leaving2")[0].startswith(":leaving!")


def test_who_leaves_while_redis_is_away_frees_the_nick_when_it_is_back(broker: Broker, fragile: Network) -> None:
    gateway = fragile.gateway(HUBBUB_LEASE_S="60")
    leaving = fragile.peer(gateway, "leaving", "", "#away")
    broker.kill()
    leaving.send("QUIT :while Redis is unavailable")
    assert leaving.is_closed()
    broker.start()
    other = fragile.peer(gateway, "other")
    while " 433 " in " ".join(other.do("NICK leaving")):
        pass
    assert other.do("WHOIS leaving")[0].startswith(":irc.test 311 leaving leaving other ")


def test_a_redis_that_stands_still_is_noticed_and_used_again(broker: Broker, fragile: Network) -> None:
    gateway = fragile.gateway("--admin", "127.0.0.1:0", HUBBUB_LEASE_S="60")
    admin = json.loads(gateway.wait_log("admin"))["port"]
    alice = fragile.peer(gateway, "alice", "echo-message", "#still")
    broker.pause()
    alice.send("PRIVMSG #still :kept")
    gateway.wait_log("redis_unavailable")
    status, reason = get(admin, "/readyz")
    assert (status, reason.partition(":")[0]) == (503, "no connection to Redis")
    broker.go_on()
    assert texts(alice.until("PRIVMSG #still :kept")) == ["kept"]
    gateway.wait_log("redis_available")
    assert get(admin, "/readyz") == (200, "ready\n")
    assert gateway.log.count('"redis_unavailable"') == gateway.log.count('"redis_available"') == 1


def test_many_who_join_at_once_are_all_told_everybody(network: Network) -> None:
    gateways = network.gateways(2)
    peers = [network.peer(gateways[i % 2], f"many{i}") for i in range(60)]
    for peer in peers:
        peer.send("JOIN #many")
    for peer in peers:
        peer.sync()
    listed = " ".join(line.partition(" :")[2] for line in peers[7].do("NAMES #many") if " 353 " in line)
    assert {name.lstrip("@") for name in listed.split()} == {peer.nick for peer in peers}


def test_a_gateway_that_was_stopped_for_a_moment_goes_on(network: Network) -> None:
    first, second = network.gateways(2, HUBBUB_LEASE_S="6")
    alice = network.peer(first, "alice", "", "#p")
    bob = network.peer(second, "bob", "", "#p")
    first.process.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + 2.5  # more than a third of the lease, less than all of it
    while time.monotonic() < deadline:
        bob.do("PRIVMSG #p :meanwhile")
    first.process.send_signal(signal.SIGCONT)
    assert "meanwhile" in texts(alice.do("PRIVMSG #p :back"))
    assert texts(bob.sync()) == ["back"]
    first.wait_log("stalled")
