"""What clients see of joins, departures, nicks, profiles and modes, through one log or several."""

import pytest

from gateway.chat import events
from gateway.chat.capabilities import AWAY_NOTIFY, EXTENDED_JOIN, INVITE_NOTIFY, MESSAGE_REDACTION, SETNAME
from gateway.lane.clients.client import Client
from tests.chat.log import sid_of, source_of
from tests.lane.fanout.stage import Stage, lines

BOB = source_of("bob")


def two_rooms(caps: int = 0) -> tuple[Stage, Client]:
    """A client of the lane and bob, who is elsewhere, in #a and #b."""
    stage = Stage()
    alice = stage.client("alice", caps)
    for room in ("#a", "#b"):
        stage.join(room, "alice", "bob")
    lines(alice)
    return stage, alice


def test_a_join_shows_as_much_as_each_client_asks_for() -> None:
    stage = Stage()
    plain, modern = stage.client("alice"), stage.client("amy", EXTENDED_JOIN | AWAY_NOTIFY)
    stage.join("#a", "alice", "amy")
    lines(plain), lines(modern)
    stage.join("#a", "bob", away="out", account="bobby")
    assert lines(plain) == [f":{BOB} JOIN #a"]
    assert lines(modern) == [f":{BOB} JOIN #a bobby :Real bob", f":{BOB} AWAY :out"]


def test_a_client_that_joins_is_in_the_room_and_the_network_s_modes_are_left_to_names() -> None:
    stage = Stage()
    alice = stage.client("alice")
    stage.join("#a", "alice")
    assert lines(alice) == [f":{source_of('alice')} JOIN #a"]
    assert alice.session.rooms == {"#a": stage.room("#a").room}


def test_a_quit_is_shown_once_and_a_part_in_its_room() -> None:
    stage, alice = two_rooms()
    stage.do("#a", "bob", events.parted(BOB, "#a", "tired"))
    assert lines(alice) == [f":{BOB} PART #a :tired"]
    stage.do("#b", "bob", events.quitted(BOB, "bye"))
    assert lines(alice) == [f":{BOB} QUIT :bye"]
    assert stage.users.user(sid_of("bob")) is None


def test_a_quit_through_a_second_log_is_applied_without_output() -> None:
    stage, alice = two_rooms()
    for room in ("#a", "#b"):
        stage.do(room, "bob", events.quitted(BOB, "bye"))
    assert lines(alice) == [f":{BOB} QUIT :bye"]


def test_a_nick_is_shown_by_the_first_log_that_brings_it() -> None:
    stage, alice = two_rooms()
    for room in ("#a", "#b"):
        stage.do(room, "bob", events.renamed(BOB, "rob", "200"))
    assert lines(alice) == [f":{BOB} NICK rob"]
    assert not stage.users.stale_names


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (events.topic_set(BOB, "#b", "new"), ":rob!bob@host TOPIC #b :new"),
        (events.mode_set(BOB, "#b", "+m-v bob bob", [sid_of("bob")]), ":rob!bob@host MODE #b +m"),
        (events.mode_set(BOB, "#b", "+v bob", [sid_of("bob")]), ":rob!bob@host MODE #b +v rob"),
        (events.kicked(BOB, "#b", "bob", sid_of("bob"), "out"), ":rob!bob@host KICK #b rob :out"),
        (events.parted(BOB, "#b"), ":rob!bob@host PART #b"),
        (events.realname_set(BOB, "New", 5), ":rob!bob@host SETNAME :New"),
        (events.redacted_in_room(BOB, "#b", "1-0-0-x", sid_of("bob")), ":rob!bob@host REDACT #b 1-0-0-x"),
        (events.invited(BOB, "zed", "#b", "gwz.0.zed"), ":rob!bob@host INVITE zed #b"),
    ],
)
def test_a_log_that_is_behind_shows_the_current_nick(line: str, shown: str) -> None:
    stage, alice = two_rooms(SETNAME | MESSAGE_REDACTION | INVITE_NOTIFY)
    ranks = events.mode_set(source_of("alice"), "#b", "+o bob", [sid_of("bob")])
    stage.do("#b", "alice", ranks)
    stage.do("#a", "bob", events.renamed(BOB, "rob", "200"))
    lines(alice)
    stage.do("#b", "bob", line)
    assert lines(alice) == [shown]


def test_a_rank_is_shown_for_the_member_that_has_it_if_another_takes_its_nick_in_the_same_entry() -> None:
    stage = Stage()
    alice = stage.client("alice")
    for room in ("#a", "#b"):
        stage.join(room, "alice", "zed")
    stage.join("#b", "bob")
    stage.do("#a", "zed", events.renamed(source_of("zed"), "zoe", "200"))
    lines(alice)
    voice = events.mode_set(source_of("alice"), "#b", "+v bob", [sid_of("bob")])
    stage.append("#b", (sid_of("alice"), voice), (sid_of("zed"), events.renamed(source_of("zed"), "bob", "300")))
    assert lines(alice) == [
        f":{source_of('alice')} MODE #b +v bob",
        f":{BOB} NICK {sid_of('bob')}",
        ":zoe!zed@host NICK bob",
    ]


def test_a_profile_change_is_shown_once_to_those_who_ask() -> None:
    stage, alice = two_rooms(AWAY_NOTIFY)
    for room in ("#a", "#b"):
        stage.do(room, "bob", events.away(BOB, "out", 1))
    stage.do("#a", "bob", events.realname_set(BOB, "New", 2))
    assert lines(alice) == [f":{BOB} AWAY :out"]


def test_a_join_brings_the_profile_changes_that_were_missed() -> None:
    stage = Stage()
    alice = stage.client("alice", AWAY_NOTIFY)
    stage.join("#a", "alice", "bob")
    stage.join("#b", "alice")
    lines(alice)
    stage.join("#b", "bob", away="out", revision=1)
    assert lines(alice) == [f":{BOB} AWAY :out", f":{BOB} JOIN #b", f":{BOB} AWAY :out"]


def test_of_two_visible_sessions_with_one_nick_the_older_claim_is_renamed_to_its_session_id() -> None:
    """docs/protocol.md, "Nicknames": Redis has lost a claim, and the two are in different rooms."""
    stage = Stage()
    alice = stage.client("alice")
    for room in ("#a", "#b"):
        stage.join(room, "alice")
    stage.join("#a", "bob")
    lines(alice)
    line = events.joined("bob!zed@host", "#b", "", {"token": 200, "seen": "9-0"})
    stage.append("#b", (sid_of("zed"), line))
    assert lines(alice) == [f":{BOB} NICK {sid_of('bob')}", ":bob!zed@host JOIN #b"]
    stage.append("#b", (sid_of("zed"), events.quitted("", "bye")))
    assert lines(alice) == [":bob!zed@host QUIT :bye", f":{sid_of('bob')}!bob@host NICK bob"]


def test_a_client_whose_nick_is_claimed_by_a_newer_claim_loses_it() -> None:
    stage = Stage()
    alice = stage.client("alice")
    stage.join("#a", "alice")
    lines(alice)
    stage.append("#a", (sid_of("bob"), events.joined("alice!bob@host", "#a", "", {"token": 200, "seen": "9-0"})))
    assert lines(alice)[0] == f":{source_of('alice')} NICK {sid_of('alice')}"
    stage.listener.nick_lost.assert_called_once_with(alice, "alice", "#a")
