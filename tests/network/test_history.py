"""CHATHISTORY: earlier messages of a room (IRCv3 chathistory), read from any gateway."""

import re

import pytest
import redis

from gateway.broker.keys import Keys
from tests.network.harness import Gateway, Network
from tests.network.history import texts

Pair = tuple[Gateway, Gateway]

CAPS = "batch draft/chathistory message-tags server-time echo-message"
EVER = "timestamp=2000-01-01T00:00:00.000Z timestamp=2999-01-01T00:00:00.000Z"


END = "@draft/chathistory-end "


def batch(lines: list[str], room: str) -> list[str]:
    """Return the lines in a chathistory batch as they would have come live. Check the batch itself."""
    opening, *inside, closing = lines
    reference = opening.split("+")[1].split(" ")[0]
    assert opening.removeprefix(END) == f":irc.test BATCH +{reference} chathistory {room}"
    assert closing == f":irc.test BATCH -{reference}"
    assert all(line.startswith(f"@batch={reference};time=") for line in inside)
    return [f"@{line.partition(';')[2]}" for line in inside]


def tag(line: str, name: str) -> str:
    found = re.search(rf"[@;]{name}=([^; ]*)", line)
    assert found, line
    return found[1]


def named(lines: list[str], at: int, kind: str) -> tuple[str, int, int]:
    """A reference to a line, and the first and the last line that it names. A millisecond may have several."""
    name = "msgid" if kind == "msgid" else "time"
    same = [i for i, line in enumerate(lines) if tag(line, name) == tag(lines[at], name)]
    return f"{kind}={tag(lines[at], name)}", same[0], same[-1]


class Talk:
    """Two members of a room on two gateways, and ten messages as they came live."""

    def __init__(self, shared: Network, pair: Pair, room: str, suffix: str) -> None:
        self.room = room
        self.alice = shared.peer(pair[0], f"alice{suffix}", CAPS, room)
        self.bob = shared.peer(pair[1], f"bob{suffix}", CAPS, room)
        self.alice.sync()
        self.said: list[str] = []
        for i in range(10):
            peer = (self.alice, self.bob)[i % 2]
            self.said += [line for line in peer.do(f"PRIVMSG {room} :m{i}") if f" :m{i}" in line]
        self.alice.sync()
        self.bob.sync()


@pytest.fixture(scope="module")
def talk(shared: Network, pair: Pair) -> Talk:
    return Talk(shared, pair, "#Talk", "h")


def test_latest_gives_the_newest_exactly_as_they_were(talk: Talk) -> None:
    """IRCv3 chathistory, "LATEST"; "Returned message notes": the same time and msgid, ascending; any spelling."""
    assert batch(talk.bob.do("CHATHISTORY LATEST #talk * 50"), "#Talk") == talk.said
    assert batch(talk.alice.do("CHATHISTORY latest #Talk * 3"), "#Talk") == talk.said[-3:]


def test_before_and_after_exclude_the_message_named(talk: Talk) -> None:
    """IRCv3 chathistory, "BEFORE", "AFTER", "LATEST" with a msgid."""
    fifth = tag(talk.said[5], "msgid")
    assert batch(talk.bob.do(f"CHATHISTORY BEFORE #talk msgid={fifth} 3"), "#Talk") == talk.said[2:5]
    assert batch(talk.bob.do(f"CHATHISTORY AFTER #talk msgid={fifth} 3"), "#Talk") == talk.said[6:9]
    assert batch(talk.bob.do(f"CHATHISTORY LATEST #talk msgid={fifth} 3"), "#Talk") == talk.said[7:]
    assert batch(talk.bob.do(f"CHATHISTORY LATEST #talk msgid={fifth} 50"), "#Talk") == talk.said[6:]


def test_timestamps_exclude_their_millisecond(talk: Talk) -> None:
    """IRCv3 chathistory, a `timestamp` in the format of server-time."""
    time = tag(talk.said[5], "time")
    before = [line for line in talk.said if tag(line, "time") < time]
    after = [line for line in talk.said if tag(line, "time") > time]
    assert batch(talk.alice.do(f"CHATHISTORY BEFORE #talk timestamp={time} 50"), "#Talk") == before
    assert batch(talk.alice.do(f"CHATHISTORY AFTER #talk timestamp={time} 50"), "#Talk") == after
    assert batch(talk.alice.do(f"CHATHISTORY LATEST #talk timestamp={time} 50"), "#Talk") == after


@pytest.mark.parametrize("kind", ["msgid", "timestamp"])
def test_around_has_what_is_named_and_as_much_before_as_behind(talk: Talk, kind: str) -> None:
    """IRCv3 chathistory, "AROUND": both sides, not more than the limit in all."""
    reference, at, _ = named(talk.said, 5, kind)
    assert batch(talk.bob.do(f"CHATHISTORY AROUND #talk {reference} 4"), "#Talk") == talk.said[at - 2 : at + 2]
    assert batch(talk.bob.do(f"CHATHISTORY AROUND #talk {reference} 1"), "#Talk") == talk.said[at : at + 1]
    assert batch(talk.bob.do(f"CHATHISTORY AROUND #talk {reference} 50"), "#Talk") == talk.said


def test_between_goes_from_the_first_to_the_second_and_has_neither(talk: Talk) -> None:
    """IRCv3 chathistory, "BETWEEN": counted from the first, forwards or backwards; the order shown is ascending."""
    second, eighth = (f"msgid={tag(talk.said[at], 'msgid')}" for at in (2, 8))
    assert batch(talk.bob.do(f"CHATHISTORY BETWEEN #talk {second} {eighth} 50"), "#Talk") == talk.said[3:8]
    assert batch(talk.bob.do(f"CHATHISTORY BETWEEN #talk {eighth} {second} 50"), "#Talk") == talk.said[3:8]
    assert batch(talk.bob.do(f"CHATHISTORY BETWEEN #talk {second} {eighth} 2"), "#Talk") == talk.said[3:5]
    assert batch(talk.bob.do(f"CHATHISTORY BETWEEN #talk {eighth} {second} 2"), "#Talk") == talk.said[6:8]
    assert batch(talk.bob.do(f"CHATHISTORY BETWEEN #talk {second} {second} 2"), "#Talk") == []


def test_between_takes_a_timestamp_and_a_msgid(talk: Talk) -> None:
    """IRCv3 chathistory, "BETWEEN": <timestamp | msgid> <timestamp | msgid>."""
    second, eighth = f"msgid={tag(talk.said[2], 'msgid')}", f"timestamp={tag(talk.said[8], 'time')}"
    expected = [line for line in talk.said[3:] if tag(line, "time") < tag(talk.said[8], "time")]
    assert batch(talk.bob.do(f"CHATHISTORY BETWEEN #talk {second} {eighth} 50"), "#Talk") == expected
    assert batch(talk.bob.do(f"CHATHISTORY BETWEEN #talk {eighth} {second} 50"), "#Talk") == expected


def test_nothing_to_return_is_an_empty_batch(talk: Talk) -> None:
    """IRCv3 chathistory: an empty batch, so that the client need not wait."""
    assert batch(talk.bob.do("CHATHISTORY BEFORE #talk timestamp=1999-01-01T00:00:00.000Z 5"), "#Talk") == []
    assert batch(talk.bob.do("CHATHISTORY AFTER #talk timestamp=2999-01-01T00:00:00.000Z 5"), "#Talk") == []


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("NEWEST #talk * 5", "INVALID_PARAMS NEWEST :Unknown command"),
        ("LATEST #talk", "INVALID_PARAMS LATEST :Insufficient parameters"),
        ("LATEST #talk * 5 6", "INVALID_PARAMS LATEST :Too many parameters"),
        ("LATEST #talk * five", "INVALID_PARAMS LATEST five :Invalid limit"),
        ("LATEST #talk * 0", "INVALID_PARAMS LATEST 0 :Invalid limit"),
        ("BEFORE #talk * 5", "INVALID_PARAMS BEFORE * :Invalid message reference"),
        ("AFTER #talk timestamp=today 5", "INVALID_PARAMS AFTER timestamp=today :Invalid timestamp"),
        (
            "AFTER #talk timestamp=2026-02-30T00:00:00.000Z 5",
            "INVALID_PARAMS AFTER timestamp=2026-02-30T00:00:00.000Z :Invalid timestamp",
        ),
        ("AFTER #talk msgid=abc 5", "INVALID_PARAMS AFTER msgid=abc :Unknown message"),
        ("LATEST #not-in-there * 5", "INVALID_TARGET LATEST #not-in-there :Messages could not be retrieved"),
        (f"LATEST {'x' * 65} * 5", f"INVALID_TARGET LATEST {'x' * 65} :Messages could not be retrieved"),
        ("BETWEEN #talk timestamp=2026-01-01T00:00:00.000Z 5", "INVALID_PARAMS BETWEEN :Insufficient parameters"),
        ("AROUND #talk * 5", "INVALID_PARAMS AROUND * :Invalid message reference"),
        (
            "AFTER #talk number=5 5",
            "INVALID_MSGREFTYPE AFTER #talk number=5 :number-based history requests are not supported",
        ),
        ("TARGETS timestamp=2026-01-01T00:00:00.000Z 5", "INVALID_PARAMS TARGETS :Insufficient parameters"),
        (
            "TARGETS timestamp=2026-01-01T00:00:00.000Z msgid=1-0-0-aaaaaaaa 5",
            "INVALID_PARAMS TARGETS msgid=1-0-0-aaaaaaaa :Invalid timestamp",
        ),
    ],
)
def test_what_cannot_be_answered_fails(talk: Talk, command: str, answer: str) -> None:
    """IRCv3 chathistory, "Errors and Warnings"."""
    assert talk.alice.do(f"CHATHISTORY {command}")[-1:] == [f":irc.test FAIL CHATHISTORY {answer}"]


@pytest.mark.parametrize(
    ("command", "is_end"),
    [
        ("LATEST #talk * 10", True),
        ("LATEST #talk * 9", False),
        ("LATEST #talk msgid={5} 4", True),
        ("LATEST #talk msgid={5} 3", False),
        ("BEFORE #talk msgid={5} 5", True),
        ("BEFORE #talk msgid={5} 4", False),
        ("BEFORE #talk msgid={0} 4", True),
        ("AFTER #talk msgid={5} 4", True),
        ("AFTER #talk msgid={5} 3", False),
        ("AROUND #talk msgid={5} 10", True),
        ("AROUND #talk msgid={5} 8", False),
        ("BETWEEN #talk msgid={0} msgid={9} 8", True),
        ("BETWEEN #talk msgid={9} msgid={0} 7", False),
        ("TARGETS timestamp=2999-01-01T00:00:00.000Z timestamp=2000-01-01T00:00:00.000Z 5", True),
    ],
)
def test_the_batch_tells_where_nothing_is_left(talk: Talk, command: str, is_end: bool) -> None:
    """The tag draft/chathistory-end, on the opening BATCH alone: there is no more in the direction asked for."""
    opening, *others = talk.bob.do(f"CHATHISTORY {command.format(*(tag(line, 'msgid') for line in talk.said))}")
    assert opening.startswith(END) == is_end
    assert not [line for line in others if "chathistory-end" in line]


def test_only_members_may_read(shared: Network, pair: Pair, talk: Talk) -> None:
    """IRCv3 chathistory, "Security Considerations"."""
    outsider = shared.peer(pair[1], "outsider", CAPS)
    assert " FAIL CHATHISTORY INVALID_TARGET " in outsider.do("CHATHISTORY LATEST #talk * 5")[0]


def test_the_capability_must_be_negotiated(shared: Network, pair: Pair, talk: Talk) -> None:
    """IRCv3 chathistory: "The draft/chathistory capability MUST be negotiated"."""
    plain = shared.peer(pair[1], "uncapped", "", "#talk")
    assert plain.do("CHATHISTORY LATEST #talk * 5")[0].startswith(":irc.test 421 uncapped CHATHISTORY ")
    assert talk.alice.do("CHATHISTORY")[-1:] == [":irc.test 461 aliceh CHATHISTORY :Not enough parameters"]


def test_without_batch_the_lines_come_as_they_are(shared: Network, pair: Pair, talk: Talk) -> None:
    """IRCv3 chathistory: limited functionality without the related capabilities."""
    bare = shared.peer(pair[1], "bare", "draft/chathistory", "#talk")
    assert bare.do("CHATHISTORY LATEST #talk * 2") == [line.partition(" ")[2] for line in talk.said[-2:]]


def test_a_labeled_request_is_answered_by_its_batch(shared: Network, pair: Pair, talk: Talk) -> None:
    """IRCv3 labeled-response: "an existing type applicable to the entire response" carries the label."""
    peer = shared.peer(pair[0], "labelled", f"{CAPS} labeled-response", "#talk")
    first, *rest = peer.do("@label=h CHATHISTORY LATEST #talk * 4")
    assert first.startswith("@label=h :irc.test BATCH +")
    assert batch([first.partition(" ")[2], *rest], "#Talk") == talk.said[-4:]
    [empty, end] = peer.do("@label=i CHATHISTORY AFTER #talk timestamp=2999-01-01T00:00:00.000Z 5")
    assert empty.startswith("@label=i;draft/chathistory-end ")
    assert " BATCH -" in end


def test_only_what_was_said_is_history_and_client_tags_are_kept(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory: PRIVMSG and NOTICE only without event-playback; tags as they were sent."""
    alice = shared.peer(pair[0], "alicek", CAPS, "#kinds")
    bob = shared.peer(pair[1], "bobk", CAPS, "#kinds")
    alice.sync()
    live = [
        line
        for command in (
            "@+a=b PRIVMSG #kinds :tagged",
            "NOTICE #kinds :noticed",
            "@+typing=done TAGMSG #kinds",
            "TOPIC #kinds :PRIVMSG",
            "MODE #kinds +s",
        )
        for line in alice.do(command)
    ]
    bob.sync()
    assert batch(bob.do("CHATHISTORY LATEST #kinds * 50"), "#kinds") == live[:2]


def test_what_was_refused_is_not_history(shared: Network, pair: Pair) -> None:
    """A message that the fold rejects (sent while +m was in flight) is never shown."""
    alice = shared.peer(pair[0], "alicev", CAPS, "#rejected")
    bob = shared.peer(pair[1], "bobv", CAPS, "#rejected")
    alice.sync()
    heard: list[str] = []
    for i in range(20):
        alice.send("MODE #rejected +m")
        bob.send(f"PRIVMSG #rejected :maybe {i}")
        alice.sync()
        heard += [line for line in bob.sync() if " PRIVMSG " in line]
        alice.do("MODE #rejected -m")
        bob.sync()
    assert batch(alice.do("CHATHISTORY LATEST #rejected * 50"), "#rejected") == heard


def test_pages_cut_inside_entries_and_the_limit_is_kept(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory, ISUPPORT CHATHISTORY; many events of one turn are one entry of the log."""
    alice = shared.peer(pair[0], "alicep", CAPS, "#pages")
    bob = shared.peer(pair[1], "bobp", CAPS, "#pages")
    alice.sync()
    count = 450
    alice.send(*(f"PRIVMSG #pages :p{i}" for i in range(count)))
    said = alice.sync()
    assert len(said) == count
    bob.sync()
    assert batch(bob.do("CHATHISTORY LATEST #pages * 500"), "#pages") == said
    assert batch(bob.do("CHATHISTORY LATEST #pages * 300"), "#pages") == said[-300:]
    assert batch(bob.do(f"CHATHISTORY AFTER #pages {EVER.split(maxsplit=1)[0]} 300"), "#pages") == said[:300]
    assert batch(bob.do(f"CHATHISTORY BETWEEN #pages {EVER} 9999"), "#pages") == said
    backwards: list[str] = said[-1:]
    while len(page := batch(bob.do(f"CHATHISTORY BEFORE #pages msgid={tag(backwards[0], 'msgid')} 97"), "#pages")):
        backwards = page + backwards
    assert backwards == said
    forwards: list[str] = said[:1]
    while len(page := batch(bob.do(f"CHATHISTORY AFTER #pages msgid={tag(forwards[-1], 'msgid')} 97"), "#pages")):
        forwards += page
    assert forwards == said


def targets(lines: list[str]) -> list[list[str]]:
    """Return (name, time) of each line in a batch of targets. Check the batch itself."""
    opening, *inside, closing = lines
    reference = opening.split("+")[1].split(" ")[0]
    assert opening.removeprefix(END) == f":irc.test BATCH +{reference} draft/chathistory-targets"
    assert closing == f":irc.test BATCH -{reference}"
    head = f"@batch={reference} :irc.test CHATHISTORY TARGETS "
    assert all(line.startswith(head) for line in inside)
    return [line.removeprefix(head).split(" ") for line in inside]


def test_targets_are_the_rooms_one_is_in_by_the_time_of_their_latest_message(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory, "TARGETS": only the latest counts, and only messages; the window's ends are excluded."""
    alice = shared.peer(pair[0], "alicet", CAPS, "#t1,#T2,#t3,#silent")
    bob = shared.peer(pair[1], "bobt", CAPS, "#t1,#t2,#t3,#silent")
    alice.sync()
    said = [
        next(line for line in alice.do(f"PRIVMSG {room} :x") if "PRIVMSG" in line) for room in ("#t2", "#t1", "#t3")
    ]
    alice.do("TOPIC #t2 :later")
    bob.do("PART #t3")
    two, one, _ = (tag(line, "time") for line in said)
    expected = sorted([["#t1", one], ["#T2", two]], key=lambda pair: pair[1])
    assert sorted(targets(bob.do(f"CHATHISTORY TARGETS {EVER} 50"))) == sorted(expected)
    backwards = " ".join(reversed(EVER.split(" ")))
    assert len(targets(bob.do(f"CHATHISTORY TARGETS {EVER} 1"))) == 1
    assert targets(bob.do(f"CHATHISTORY TARGETS {backwards} 1"))[0][1] == max(one, two)
    before = f"timestamp=2000-01-01T00:00:00.000Z timestamp={two}"
    assert ["#T2", two] not in targets(bob.do(f"CHATHISTORY TARGETS {before} 50"))
    after = f"timestamp={two} timestamp=2999-01-01T00:00:00.000Z"
    assert ["#T2", two] not in targets(bob.do(f"CHATHISTORY TARGETS {after} 50"))


def test_isupport_tells_limit_and_references(shared: Network, pair: Pair) -> None:
    """IRCv3 chathistory, "ISUPPORT tokens"."""
    tokens = " ".join(shared.peer(pair[0], "tokens").welcome).split(" ")
    assert "CHATHISTORY=1000" in tokens
    assert "MSGREFTYPES=msgid,timestamp" in tokens


def test_what_is_no_entry_of_ours_in_a_log_is_passed_over(network: Network) -> None:
    """Changes by hand or by another program: reading a room and its history still work."""
    one, other = network.gateways(2)
    alice = network.peer(one, "alice", CAPS, "#odd")
    alice.do("PRIVMSG #odd :before")
    with redis.Redis.from_url(network.redis_url) as client:
        client.xadd(Keys(network.prefix).log("#odd"), {"x": "y"})
        client.xadd(Keys(network.prefix).log("#odd"), {"x": "y", "e": "", "o": b"\xff"})
    alice.do("PRIVMSG #odd :behind")
    bob = network.peer(other, "bob", CAPS, "#odd")
    for member in (alice, bob):
        assert texts(member, "#odd") == ["before", "behind"]
    alice.do("PRIVMSG #odd :now")
    assert bob.until(" :now")


def test_what_is_no_entry_of_ours_on_a_rooms_channel_stops_no_room(network: Network) -> None:
    """Changes by hand: a bad stream id, or another type under a room's key, affects that room alone."""
    one, other = network.gateways(2)
    alice = network.peer(one, "alice", CAPS, "#odd", "#even")
    bob = network.peer(other, "bob", CAPS, "#odd", "#even")
    keys = Keys(network.prefix)
    with redis.Redis.from_url(network.redis_url) as client:
        epoch, last = (word.decode() for word in client.hmget(keys.head("#odd"), "epoch", "last"))
        client.publish(keys.live("#odd"), f"x {last} {epoch} w.0:1\nw.0.1\r\n:n!u@h PRIVMSG #odd :forged\r\n")
        alice.do("PRIVMSG #odd :goes on")
        assert bob.until(" :goes on")
        client.delete(keys.log("#even"))
        client.set(keys.log("#even"), "x")
        alice.do("PRIVMSG #even :nowhere")
        alice.do("PRIVMSG #odd :still")
        assert bob.until(" :still")
    assert "redis_unavailable" not in one.log + other.log
