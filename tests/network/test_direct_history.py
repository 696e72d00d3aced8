"""IRCv3 chathistory of direct messages: each session reads its own, the same on both sides, and no others."""

import time

import pytest

from tests.network.harness import Gateway, Network, Peer
from tests.network.test_history import CAPS, EVER, batch, named, tag, targets

Pair = tuple[Gateway, Gateway]


class Talk:
    """Two users on two gateways, and the direct messages as each of them received them."""

    def __init__(self, shared: Network, pair: Pair, suffix: str, caps: str = CAPS) -> None:
        self.alice = shared.peer(pair[0], f"alice{suffix}", caps)
        self.bob = shared.peer(pair[1], f"bob{suffix}", caps)
        self.seen: list[str] = []
        for i in range(6):
            one, other = (self.alice, self.bob) if i % 2 else (self.bob, self.alice)
            [echo] = one.do(f"PRIVMSG {other.nick} :m{i}")
            assert other.sync() == [echo]
            self.seen.append(echo)
            until_later(other, echo)


def until_later(peer: Peer, said: str) -> None:
    """Direct messages within one millisecond in two inboxes have no defined order."""
    said_ms = int(tag(said, "msgid").partition("-")[0])
    while time.time() * 1000 < said_ms + 1:
        peer.sync()


@pytest.fixture(scope="module")
def talk(shared: Network, pair: Pair) -> Talk:
    return Talk(shared, pair, "d")


def test_both_read_the_same_with_the_other_s_nick_as_target(talk: Talk) -> None:
    """IRCv3 chathistory: "history sent between the current user and the target nickname, including outgoing"."""
    assert batch(talk.alice.do("CHATHISTORY LATEST BOBD * 50"), "bobd") == talk.seen
    assert batch(talk.bob.do("CHATHISTORY LATEST aliced * 50"), "aliced") == talk.seen
    assert batch(talk.bob.do("CHATHISTORY LATEST aliced * 2"), "aliced") == talk.seen[-2:]


@pytest.mark.parametrize("kind", ["msgid", "timestamp"])
def test_all_subcommands_by_msgid_and_by_time(talk: Talk, kind: str) -> None:
    """IRCv3 chathistory, "Subcommands"."""
    seen = talk.seen
    first, _, behind_first = named(seen, 0, kind)
    third, at, behind = named(seen, 3, kind)
    fifth, at_fifth, _ = named(seen, 5, kind)
    between = seen[behind_first + 1 : at_fifth]
    for command, expected in (
        (f"BEFORE aliced {third} 2", seen[:at][-2:]),
        (f"AFTER aliced {third} 1", seen[behind + 1 :][:1]),
        (f"LATEST aliced {third} 50", seen[behind + 1 :]),
        (f"AROUND aliced {third} 2", [*seen[:at][-1:], seen[at]]),
        (f"BETWEEN aliced {first} {fifth} 2", between[:2]),
        (f"BETWEEN aliced {fifth} {first} 2", between[-2:]),
    ):
        assert batch(talk.bob.do(f"CHATHISTORY {command}"), "aliced") == expected


def test_nobody_else_reads_it(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory, "Security Considerations": not another user, not the next owner of the nick."""
    talk = Talk(shared, pair, "s")
    eve = shared.peer(pair[0], "eves", CAPS)
    assert batch(eve.do("CHATHISTORY LATEST bobs * 50"), "bobs") == []
    assert batch(eve.do("CHATHISTORY LATEST alices * 50"), "alices") == []
    assert targets(eve.do(f"CHATHISTORY TARGETS {EVER} 50")) == []
    talk.alice.send("QUIT")
    assert talk.alice.is_closed()
    for gateway in pair:
        impostor = shared.peer(gateway, "alices", CAPS)
        assert batch(impostor.do("CHATHISTORY LATEST bobs * 50"), "bobs") == []
        assert targets(impostor.do(f"CHATHISTORY TARGETS {EVER} 50")) == []
        impostor.send("QUIT")
        assert impostor.is_closed()
    assert batch(talk.bob.do("CHATHISTORY LATEST alices * 50"), "alices") == talk.seen


def test_it_is_found_under_a_new_nick(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory: "history involving other nicknames if ... the target nickname has changed"."""
    talk = Talk(shared, pair, "r")
    talk.bob.do("NICK robr")
    [echo] = talk.alice.do("PRIVMSG robr :by your new name")
    assert talk.bob.sync()[-1] == echo
    assert batch(talk.alice.do("CHATHISTORY LATEST robr * 50"), "robr") == [*talk.seen, echo]
    talk.alice.do("NICK alisonr")
    assert batch(talk.alice.do("CHATHISTORY LATEST robr * 50"), "robr") == [*talk.seen, echo]


def test_what_was_refused_by_the_other_s_gateway_was_never_received(shared: Network, pair: Pair) -> None:
    """A nick without an owner: there is no message, so there is no history."""
    alice = shared.peer(pair[0], "alicex", CAPS)
    assert " 401 " in alice.do("PRIVMSG nobodyx :hello?")[0]
    assert batch(alice.do("CHATHISTORY LATEST nobodyx * 50"), "nobodyx") == []


def test_reactions_are_played_back_to_who_asks_for_events(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory: TAGMSG with draft/event-playback."""
    talk = Talk(shared, pair, "p", f"{CAPS} draft/event-playback")
    [echo] = talk.bob.do("@+draft/react=x TAGMSG alicep")
    talk.bob.do("@+typing=active TAGMSG alicep")
    talk.alice.sync()
    assert batch(talk.alice.do("CHATHISTORY LATEST bobp * 50"), "bobp") == [*talk.seen, echo]
    plain: Peer = Talk(shared, pair, "q").alice
    assert len(batch(plain.do("CHATHISTORY LATEST bobq * 50"), "bobq")) == 6


def test_targets_are_peers_and_rooms_by_their_latest_message(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory, "TARGETS": channels and users, each with the time of its latest message."""
    talk = Talk(shared, pair, "t")
    latest = tag(talk.seen[-1], "time")
    assert targets(talk.alice.do(f"CHATHISTORY TARGETS {EVER} 50")) == [["bobt", latest]]
    talk.alice.do("JOIN #targets")
    [said] = [line for line in talk.alice.do("PRIVMSG #targets :later") if "PRIVMSG" in line]
    found = targets(talk.alice.do(f"CHATHISTORY TARGETS {EVER} 50"))
    assert sorted(found) == [["#targets", tag(said, "time")], ["bobt", latest]]
    assert [at for _, at in found] == sorted(at for _, at in found)
    before = f"timestamp=2000-01-01T00:00:00.000Z timestamp={latest}"
    assert ["bobt", latest] not in targets(talk.alice.do(f"CHATHISTORY TARGETS {before} 50"))
