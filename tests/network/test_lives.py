"""The history of a room that was empty meanwhile, on any gateway (docs/security.md)."""

import pytest

from tests.network.harness import Gateway, Network, Peer
from tests.network.history import texts
from tests.network.test_redaction import msgid
from tests.network.test_text import Person

Pair = tuple[Gateway, Gateway]

CAPS = "batch draft/chathistory draft/message-redaction message-tags echo-message"
EVER = "timestamp=2000-01-01T00:00:00.000Z timestamp=2999-01-01T00:00:00.000Z"


def say(peer: Peer, room: str, text: str) -> str:
    """Send a message. Return its msgid."""
    return msgid([line for line in peer.do(f"PRIVMSG {room} :{text}") if text in line])


def is_in_targets(peer: Peer, room: str) -> bool:
    return any(f" TARGETS {room} " in line for line in peer.do(f"CHATHISTORY TARGETS {EVER} 50"))


def leave(peer: Peer, how: str, room: str) -> None:
    if how == "QUIT":
        peer.send("QUIT :bye")
        assert peer.is_closed()
    else:
        peer.do(f"KICK {room} {peer.nick} :out" if how == "KICK" else f"PART {room}")


def is_shown_to_netcat(gateway: Gateway, name: str, room: str, text: str) -> bool:
    """Return whether a user with netcat who joins a room is shown a text."""
    person = Person(gateway, name)
    person.type(f"/join {room}")
    try:
        return any(text in line for line in person.seen())
    finally:
        person.close()


@pytest.mark.parametrize(("mode", "how"), [("+i", "PART"), ("+k key", "QUIT"), ("+s", "KICK"), ("+b x!*@*", "PART")])
def test_a_room_that_was_locked_when_it_became_empty_has_no_past_for_those_who_come(
    shared: Network, pair: Pair, mode: str, how: str
) -> None:
    room, suffix = f"#locked{mode[1]}", mode[1]
    alice = shared.peer(pair[0], f"alice{suffix}", CAPS, room)
    alice.do(f"MODE {room} {mode}")
    secret = say(alice, room, "secret")
    leave(alice, how, room)
    bob = shared.peer(pair[1], f"bob{suffix}", CAPS, room)
    assert texts(bob, room) == []
    assert not is_in_targets(bob, room)
    [refused] = bob.do(f"REDACT {room} {secret}")
    assert f" FAIL REDACT UNKNOWN_MSGID {room} " in refused
    say(bob, room, "mine")
    cat = shared.peer(pair[0], f"cat{suffix}", CAPS, room)
    assert texts(cat, room) == texts(bob, room) == ["mine"]
    assert is_in_targets(cat, room)
    assert not is_shown_to_netcat(pair[1], f"dan{suffix}", room, "secret")
    assert is_shown_to_netcat(pair[1], f"eve{suffix}", room, "mine")


def test_locking_an_empty_public_room_takes_its_past_from_nobody(shared: Network, pair: Pair) -> None:
    alice = shared.peer(pair[0], "alicepub", CAPS, "#public")
    say(alice, "#public", "hello")
    leave(alice, "PART", "#public")
    mallory = shared.peer(pair[1], "mallory", CAPS, "#public")
    mallory.do("MODE #public +isk key")
    assert texts(mallory, "#public") == ["hello"]
    say(mallory, "#public", "hidden")
    leave(mallory, "QUIT", "#public")
    bob = shared.peer(pair[1], "bobpub", CAPS, "#public")
    assert texts(bob, "#public") == ["hello"]


def test_members_read_on_while_somebody_is_there(shared: Network, pair: Pair) -> None:
    """A life ends with the last member, not with the first one."""
    alice = shared.peer(pair[0], "alicelast", CAPS, "#stays")
    bob = shared.peer(pair[1], "boblast", CAPS, "#stays")
    alice.do("MODE #stays +i")
    say(alice, "#stays", "ours")
    leave(alice, "QUIT", "#stays")
    bob.sync()
    assert texts(bob, "#stays") == ["ours"]


def test_nobody_reads_a_locked_room_whose_gateway_was_killed(network: Network) -> None:
    """SIGKILL to the gateway of all members: neither others nor those who come back read it, on any gateway."""
    one, *others = network.gateways(3)
    alice = network.peer(one, "alice", CAPS, "#vault")
    alice.do("MODE #vault +isk key")
    secret = say(alice, "#vault", "secret")
    strangers = [network.peer(gateway, f"bob{i}", CAPS) for i, gateway in enumerate(others)]
    for stranger in strangers:
        assert " 473 " in stranger.do("JOIN #vault")[-1]
    one.kill()
    for gateway in others:
        waiting = network.peer(gateway, f"w{gateway.port}")
        waiting.send("MONITOR + alice")
        waiting.until(" 731 ")  # her nick is free: the gateway is reaped
    for stranger in strangers:
        stranger.do("JOIN #vault key")
        assert texts(stranger, "#vault") == []
        assert not is_in_targets(stranger, "#vault")
        assert " UNKNOWN_MSGID " in stranger.do(f"REDACT #vault {secret}")[-1]
    again = network.peer(others[1], "alice", CAPS, "#vault")
    assert texts(again, "#vault") == []
    assert not is_shown_to_netcat(others[0], "dan", "#vault", "secret")
