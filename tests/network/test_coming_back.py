"""A gateway that was declared dead comes back with a new id: its clients stay, and others see them return."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.network.harness import DEADLINE_S, Gateway, Network, Peer
from tests.network.test_direct_history import until_later

CAPS = "echo-message message-tags"


@contextmanager
def declared_dead(gateway: Gateway, witness: Peer, nick: str) -> Iterator[list[str]]:
    """Stop a gateway until the witness, on another one, sees its user quit. Return the lines of the witness."""
    gateway.process.send_signal(signal.SIGSTOP)
    try:
        seen = witness.until(f":{nick}!")
        while " QUIT :Gateway " not in seen[-1]:
            seen += witness.until(f":{nick}!")
        yield seen
    finally:
        gateway.process.send_signal(signal.SIGCONT)


def until(fits: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not fits():
        assert time.monotonic() < deadline, problem


def bodies(lines: list[str]) -> list[str]:
    """Return lines without tags, and without the source's user and host."""
    untagged = [line.partition(" ")[2] if line.startswith("@") else line for line in lines]
    return [
        f"{line.partition('!')[0]} {line.partition(' ')[2]}" if "!" in line.split(" ")[0] else line for line in untagged
    ]


def test_clients_stay_and_keep_their_rooms_and_modes_and_others_see_them_return(network: Network) -> None:
    first, second = network.gateways(2)
    ann = network.peer(first, "ann", "", "#a", "#b")
    amy = network.peer(first, "amy", "", "#a")
    bob = network.peer(second, "bob", "", "#a")
    ann.do("TOPIC #b :ann's", "MODE #a +v amy", "MODE #a +i")
    bob.sync()
    amy.sync()
    with declared_dead(first, bob, "amy"):
        pass
    seen = bob.until(" MODE #a +v amy")
    assert bodies(seen) == [":ann JOIN #a", ":hubbub MODE #a +o ann", ":amy JOIN #a", ":hubbub MODE #a +v amy"]
    first.wait_log("lease_recovered")
    assert ann.do("MODE #a +m", "MODE #b +m")[-1].endswith(" MODE #b +m")
    assert [b.split(" QUIT")[0] for b in bodies(amy.sync())] == [
        ":ann",
        ":ann JOIN #a",
        ":hubbub MODE #a +o ann",
        ":ann MODE #a +m",
    ]
    amy.do("PRIVMSG #a :voiced")
    assert bodies(bob.sync()) == [":ann MODE #a +m", ":amy PRIVMSG #a :voiced"]
    names = [line for line in bob.do("NAMES #a") if " 353 " in line]
    assert sorted(names[0].rpartition(":")[2].split()) == ["+amy", "@ann", "bob"]
    assert any(" 332 ann #b :ann's" in line for line in ann.do("TOPIC #b"))


def test_what_is_typed_meanwhile_arrives_once_and_in_order(network: Network) -> None:
    first, second = network.gateways(2)
    ann = network.peer(first, "ann", CAPS, "#a")
    bob = network.peer(second, "bob", "", "#a")
    ann.sync()
    with declared_dead(first, bob, "ann"):
        bob.do("PRIVMSG #a :are you there?")
        ann.send(*(f"PRIVMSG #a :{i}" for i in range(20)), "TOPIC #a :new", "PRIVMSG bob :direct")
    lines = bodies(bob.until("PRIVMSG bob :direct"))
    assert [line for line in lines if "#a" in line and "MODE" not in line] == [
        ":ann JOIN #a",
        *(f":ann PRIVMSG #a :{i}" for i in range(20)),
        ":ann TOPIC #a :new",
    ]
    assert bodies(ann.sync()) == [
        ":bob PRIVMSG #a :are you there?",
        *(f":ann PRIVMSG #a :{i}" for i in range(20)),
        ":ann TOPIC #a :new",
        ":ann PRIVMSG bob :direct",
    ]


def test_who_came_back_is_found_under_the_nick_and_can_be_written_to(network: Network) -> None:
    first, second = network.gateways(2)
    ann = network.peer(first, "ann", "", "#a")
    bob = network.peer(second, "bob", "", "#a")
    stranger = network.peer(second, "stranger")
    with declared_dead(first, bob, "ann"):
        pass
    bob.until(" JOIN #a")
    ann.sync()
    whois = stranger.do("WHOIS ann")
    assert " 311 stranger ann ann " in whois[0]
    assert any(" 319 stranger ann :@#a" in line for line in whois)
    stranger.do("PRIVMSG ann :hello")
    assert bodies(ann.sync())[-1] == ":stranger PRIVMSG ann :hello"
    assert " 433 " in stranger.do("NICK ann")[0]
    assert bodies(ann.do("NICK anna"))[-1] == ":ann NICK anna"
    assert bodies(bob.sync())[-1] == ":ann NICK anna"
    stranger.do("NICK ann")
    assert stranger.do("MODE ann")[0].split(" ")[1:3] == ["221", "ann"]
    ann.send("QUIT :bye")
    assert bodies(bob.until(" QUIT "))[-1] == ":anna QUIT :Quit: bye"


def test_whose_nick_was_taken_meanwhile_is_called_by_the_session_id(network: Network) -> None:
    first, second = network.gateways(2)
    ann = network.peer(first, "ann", "", "#a")
    bob = network.peer(second, "bob", "", "#a")
    with declared_dead(first, bob, "ann"):
        while " 433 " in " ".join(bob.do("NICK ann")):
            pass
    named = [line for line in bodies([*ann.until(" NICK "), *ann.sync()]) if " NICK " in line]
    assert named[0].startswith(":ann NICK "), "before anybody else is seen to be called so"
    sid = [line for line in named if not line.startswith(":bob ")][-1].rpartition(" ")[2]
    assert sid.count(".") == 2
    bob.do(f"PRIVMSG {sid} :who are you?")
    assert bodies(ann.sync())[-1] == f":ann PRIVMSG {sid} :who are you?"
    ann.do("NICK ann2")
    assert bodies(bob.sync())[-1] == f":{sid} NICK ann2"


def test_it_may_happen_again_and_again(network: Network) -> None:
    first, second = network.gateways(2, "--lanes", "2")
    peers = [network.peer(first, f"p{i}", "", "#a") for i in range(4)]
    bob = network.peer(second, "bob", "", "#a")
    for round_ in range(2):
        with declared_dead(first, bob, "p0"):
            for peer in peers:
                peer.send(f"PRIVMSG #a :{round_}")
        seen: list[str] = []
        while len(seen) < len(peers):
            seen += [line for line in bob.until(f"PRIVMSG #a :{round_}") if " PRIVMSG " in line]
        assert sorted(line.partition("!")[0] for line in seen) == [":p0", ":p1", ":p2", ":p3"]
    for peer in peers:
        peer.sync()
    names = [line for line in bob.do("NAMES #a") if " 353 " in line]
    assert sorted(names[0].rpartition(":")[2].split()) == ["@p0", "bob", "p1", "p2", "p3"]


def test_who_leaves_while_the_gateway_stands_still_is_gone(network: Network) -> None:
    first, second = network.gateways(2)
    ann = network.peer(first, "ann", "", "#a")
    network.peer(first, "amy", "", "#a")
    bob = network.peer(second, "bob", "", "#a")
    with declared_dead(first, bob, "ann"):
        ann.close()
    bob.until(":amy!")
    until(lambda: "ann" not in " ".join(bob.do("NAMES #a")), "a ghost stays")
    until(lambda: " 433 " not in " ".join(bob.do("NICK ann")), "the nick stays taken")


def test_a_join_under_way_is_done_under_the_new_id(network: Network) -> None:
    first, second = network.gateways(2)
    ann = network.peer(first, "ann", "", "#a")
    bob = network.peer(second, "bob", "", "#a", "#b")
    with declared_dead(first, bob, "ann"):
        ann.send("JOIN #b", "NICK anna", "PRIVMSG #b :hello")
    assert bodies(bob.until("PRIVMSG #b"))[-1] == ":anna PRIVMSG #b :hello"
    assert any(" 366 " in line for line in ann.sync())


def test_direct_messages_of_before_are_in_the_history(network: Network) -> None:
    """IRCv3 chathistory: a session keeps its direct history when its id changes, and so does the other user."""
    caps = f"{CAPS} batch draft/chathistory"
    first, second = network.gateways(2)
    ann = network.peer(first, "ann", caps, "#a")
    bob = network.peer(second, "bob", caps, "#a")
    echoes = ann.do("PRIVMSG bob :one")
    until_later(bob, echoes[-1])
    echoes += [line for line in bob.do("PRIVMSG ann :two") if line.endswith(":two")]
    with declared_dead(first, bob, "ann"):
        pass
    bob.until(":ann!ann@")
    first.wait_log("lease_recovered")
    ann.sync()
    echoes += [line for line in bob.do("PRIVMSG ann :three") if " PRIVMSG " in line]
    ann.sync()
    for peer, other in ((ann, "bob"), (bob, "ann")):
        inside = peer.do(f"CHATHISTORY LATEST {other} * 9")[1:-1]
        assert [f"@{line.partition(';')[2]}" for line in inside] == [line for line in echoes if " PRIVMSG " in line]
