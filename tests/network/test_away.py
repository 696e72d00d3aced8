"""Redis unavailable: messages wait in order and are sent later, or are refused, and every command is answered."""

import json

from tests.network.harness import Broker, Network, Peer, get, texts

CAPS = "echo-message standard-replies"


def answered(peer: Peer, *lines: str) -> list[str]:
    """Return the answers to lines and to a PING after them, although Redis does not answer.

    tests/lane/clients/test_unanswered_commands.py measures in virtual time how long they take.
    """
    return peer.do(*lines)


def test_what_is_typed_while_redis_stands_still_is_kept_in_order_and_ping_is_answered(
    broker: Broker, fragile: Network
) -> None:
    first, second = fragile.gateways(2, HUBBUB_LEASE_S="60")
    alice = fragile.peer(first, "alice", "standard-replies", "#still")
    bob = fragile.peer(second, "bob", "", "#still")
    alice.sync()
    said = [f"line {i}" for i in range(300)]  # more than a client may have under way while Redis is available
    broker.pause()
    answers = answered(alice, *[f"PRIVMSG #still :{text}" for text in said])
    assert [line.split(" ")[1:4] for line in answers] == [["FAIL", "PING", "TEMPORARILY_UNAVAILABLE"]]
    broker.go_on()
    alice.do("PRIVMSG #still :and on")
    assert texts(bob.until(":and on")) == [*said, "and on"]


def test_what_does_not_fit_is_refused_by_name_and_so_is_all_behind_it(broker: Broker, fragile: Network) -> None:
    gateway = fragile.gateway(HUBBUB_LEASE_S="60", HUBBUB_RETRY_QUEUE_BYTES="8192")
    alice = fragile.peer(gateway, "alice", CAPS, "#full")
    plain = fragile.peer(gateway, "plain", "", "#full")
    broker.kill()
    gateway.wait_log("redis_unavailable")
    lines = [f"PRIVMSG #full :{i} {'x' * (400 if i < 20 else 1)}" for i in range(40)]
    for peer in (alice, plain):
        peer.send(*lines, "PING :at once")
    refused = [line for line in alice.until(" PONG ") if " FAIL PRIVMSG TEMPORARILY_UNAVAILABLE #full :" in line]
    assert 20 < len(refused) < 40, "the small lines behind the first that did not fit must be refused as well"
    assert len([line for line in plain.until(" PONG ") if " NOTICE plain :PRIVMSG #full failed: " in line]) == len(
        refused
    )
    broker.start()
    gateway.wait_log("redis_available")
    heard = texts(plain.do("PRIVMSG #full :end"))
    kept = [line.partition(" :")[2] for line in lines][: len(lines) - len(refused)]
    assert heard == kept, "what was kept is sent on in order, without a hole"


def test_what_waits_too_long_is_refused_and_never_sent(broker: Broker, fragile: Network) -> None:
    gateway = fragile.gateway(HUBBUB_LEASE_S="60", HUBBUB_RETRY_QUEUE_AGE_S="5")
    alice = fragile.peer(gateway, "alice", CAPS, "#old")
    bob = fragile.peer(gateway, "bob", "", "#old")
    broker.kill()
    gateway.wait_log("redis_unavailable")
    alice.send("PRIVMSG #old :too old", "PRIVMSG bob :this as well")
    assert alice.until(" FAIL ")[-1].startswith(":irc.test FAIL PRIVMSG TEMPORARILY_UNAVAILABLE ")
    alice.until(" FAIL ")
    alice.send("PRIVMSG #old :young")
    broker.start()
    alice.until("PRIVMSG #old :young")
    assert texts(bob.sync()) == ["young"]


def test_a_change_that_was_answered_by_fail_does_not_happen_later(broker: Broker, fragile: Network) -> None:
    gateway = fragile.gateway(HUBBUB_LEASE_S="60")
    alice = fragile.peer(gateway, "alice", CAPS, "#state")
    bob = fragile.peer(gateway, "bob", "", "#state")
    broker.kill()
    gateway.wait_log("redis_unavailable")
    commands = ["TOPIC #state :later", "NICK later", "MODE #state +m", "KICK #state bob", "AWAY :later", "PART #state"]
    answers = answered(alice, *commands, "JOIN #other", "INVITE bob #state")
    failed = [line.split(" ")[2] for line in answers if " FAIL " in line]
    assert failed == ["TOPIC", "NICK", "MODE", "KICK", "AWAY", "PART", "JOIN", "INVITE", "PING"]
    broker.start()
    gateway.wait_log("redis_available")
    alice.do("PRIVMSG #state :what else")
    seen = bob.sync()
    assert [line.partition(" ")[2] for line in seen] == ["PRIVMSG #state :what else"]
    assert alice.do("TOPIC #state")[0].split(" ")[1] == "331"


def test_a_nick_in_other_letters_that_fails_stays_its_holder_s(broker: Broker, fragile: Network) -> None:
    gateway = fragile.gateway(HUBBUB_LEASE_S="60")
    alice = fragile.peer(gateway, "alice", CAPS)
    bob = fragile.peer(gateway, "bob")
    broker.pause()
    assert " FAIL NICK " in answered(alice, "NICK ALICE")[0]
    broker.go_on()
    assert " 433 " in bob.do("NICK alice")[0]


def test_a_redis_whose_memory_is_full_refuses_nobody_for_it(broker: Broker, fragile: Network) -> None:
    gateway = fragile.gateway("--admin", "127.0.0.1:0", HUBBUB_LEASE_S="60")
    admin = json.loads(gateway.wait_log("admin"))["port"]
    alice = fragile.peer(gateway, "alice", CAPS, "#oom")
    bob = fragile.peer(gateway, "bob", "", "#oom")
    alice.sync()
    broker.command("CONFIG", "SET", "maxmemory", "1")
    alice.send(*[f"PRIVMSG #oom :{i}" for i in range(5)])
    gateway.wait_log("redis_writes_refused")
    assert get(admin, "/readyz")[0] == 503
    assert " FAIL PING " in answered(alice, "PRIVMSG #oom :5")[0]
    broker.command("CONFIG", "SET", "maxmemory", "0")
    assert texts(bob.until("PRIVMSG #oom :5")) == [str(i) for i in range(6)]
    gateway.wait_log("redis_writes_accepted")
    assert get(admin, "/readyz") == (200, "ready\n")
    assert gateway.log.count('"redis_writes_refused"') == 1


def test_a_join_that_takes_effect_after_it_has_failed_shows_who_is_there(broker: Broker, fragile: Network) -> None:
    gateway = fragile.gateway(HUBBUB_LEASE_S="60")
    bob = fragile.peer(gateway, "bob", "", "#late")
    bob.do("TOPIC #late :what it is about")
    alice = fragile.peer(gateway, "alice", CAPS)
    broker.pause()
    assert " FAIL JOIN " in answered(alice, "JOIN #late")[0]
    broker.go_on()
    told = [line.split(" ")[1] for line in alice.until(" 366 ")]
    assert told == ["JOIN", "332", "333", "353", "366"]
