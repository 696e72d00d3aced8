"""The lives of a room: what is hidden of its log, and from whom (docs/security.md, "The past of a room")."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.chat import events
from gateway.chat.history_access import FIRST, LAST, Place, Span, place_of, readable
from gateway.chat.lives import HIDDEN_LIMIT, Bound, Range, hide
from gateway.chat.room import Room
from gateway.chat.snapshot import dump, load
from tests.chat.log import ROOM, Log, sid_of, source_of, with_members


def said(log: Log, nick: str) -> Place:
    """The place of a message that is said now."""
    log.say(nick)
    return place_of(log.last_id, 0, "mark")


def leave(log: Log, *nicks: str) -> None:
    for nick in nicks:
        log.do(nick, events.parted(source_of(nick), ROOM))


def reads(log: Log, nick: str, place: Place) -> bool:
    may_read = readable(sid_of(nick), log.room)
    return may_read is not None and place in may_read


@pytest.mark.parametrize("modes", ["+i", "+k key", "+s", "+b bob!*@*"])
@pytest.mark.parametrize("end", ["PART", "QUIT", "KICK", "GONE"])
def test_a_life_that_ends_protected_is_hidden_from_later_ones(modes: str, end: str) -> None:
    log = with_members("ann", modes=modes)
    secret = said(log, "ann")
    assert reads(log, "ann", secret)
    match end:
        case "PART":
            leave(log, "ann")
        case "QUIT":
            log.do("ann", events.quitted(source_of("ann"), "bye"))
        case "KICK":
            log.do("ann", events.kicked(source_of("ann"), ROOM, "ann", sid_of("ann"), "out"))
        case "GONE":
            log.append(events.gone("gwa"))
    log.join("bob")
    assert not reads(log, "bob", secret)
    assert reads(log, "bob", said(log, "bob"))
    log.join("cat")
    assert not reads(log, "cat", secret)
    leave(log, "bob", "cat")
    log.join("dan")
    assert not reads(log, "dan", secret)


def test_public_lives_stay_readable_before_and_behind_hidden_ones() -> None:
    log = with_members("ann", modes="+m")
    first = said(log, "ann")
    leave(log, "ann")
    log.join("ann")
    log.mode("ann", "+i")
    secret = said(log, "ann")
    leave(log, "ann")
    log.join("bob")
    second = said(log, "bob")
    leave(log, "bob")
    log.join("cat")
    log.mode("cat", "+s")
    own = said(log, "cat")
    assert [reads(log, "cat", at) for at in (first, secret, second, own)] == [True, False, True, True]


def test_locking_an_empty_room_does_not_hide_its_past() -> None:
    log = with_members("ann")
    public = said(log, "ann")
    leave(log, "ann")
    for _ in range(3 * HIDDEN_LIMIT):
        log.join("zed")
        log.mode("zed", "+is")
        leave(log, "zed")
    log.join("bob")
    assert reads(log, "bob", public)
    assert len(log.room.hidden) == 1, "what is hidden lies side by side"


def test_what_counts_is_how_a_life_ends() -> None:
    log = with_members("ann", modes="+i")
    meanwhile = said(log, "ann")
    log.mode("ann", "-i")
    leave(log, "ann")
    log.join("bob")
    assert reads(log, "bob", meanwhile)


def test_nobody_else_reads_a_room() -> None:
    log = with_members("ann", modes="+i")
    assert readable(sid_of("bob"), log.room) is None
    leave(log, "ann")
    assert readable(sid_of("ann"), log.room) is None


def test_one_entry_may_end_a_life_and_begin_another() -> None:
    log = with_members("ann", modes="+s")
    log.append(
        (sid_of("ann"), events.said(source_of("ann"), "PRIVMSG", ROOM, "secret")),
        (sid_of("ann"), events.parted(source_of("ann"), ROOM)),
        (sid_of("bob"), events.joined(source_of("bob"), ROOM, "bob", {"token": 1, "seen": log.last_id})),
        (sid_of("bob"), events.said(source_of("bob"), "PRIVMSG", ROOM, "public")),
    )
    assert [reads(log, "bob", place_of(log.last_id, index, "m")) for index in range(4)] == [False, False, True, True]


def test_whoever_returns_after_the_end_of_a_gateway_goes_on_with_its_life() -> None:
    log = with_members("ann", modes="+i")
    secret = said(log, "ann")
    log.append(events.gone("gwa"))
    newcomer = readable("gwb.0.bob", log.room, as_member=True)
    assert newcomer is not None
    assert secret not in newcomer, "the room waits for its members, and hides what they said"
    facts: dict[str, str | int] = {"token": 100, "was": sid_of("ann")}
    log.append(("gwn.0.ann", events.joined(source_of("ann"), ROOM, "ann", facts)))
    returned = readable("gwn.0.ann", log.room)
    assert returned is not None
    assert secret in returned


def test_a_stranger_who_comes_before_those_who_return_begins_a_new_life_for_both() -> None:
    log = with_members("ann", modes="+i")
    secret = said(log, "ann")
    log.append(events.gone("gwa"))
    log.join("bob")
    assert not reads(log, "bob", secret)
    facts: dict[str, str | int] = {"token": 100, "was": sid_of("ann")}
    log.append(("gwn.0.ann", events.joined(source_of("ann"), ROOM, "ann", facts)))
    returned = readable("gwn.0.ann", log.room)
    assert returned is not None
    assert secret not in returned


def test_ids_that_go_back_hide_all_that_came_before() -> None:
    """After a wipe of Redis its clock may be behind."""
    log = with_members("ann", modes="+i")
    leave(log, "ann")
    log.at_ms -= 1000
    early = place_of(f"{log.at_ms}-0", 0, "m")
    log.join("bob")
    log.mode("bob", "+i")
    secret = said(log, "bob")
    leave(log, "bob")
    log.join("cat")
    assert not reads(log, "cat", secret)
    assert not reads(log, "cat", early)


def test_a_snapshot_keeps_it() -> None:
    log = with_members("ann", modes="+i")
    secret = said(log, "ann")
    leave(log, "ann")
    log.join("bob")
    copy = load(dump(log.room))
    assert dump(copy) == dump(log.room)
    assert secret not in (readable(sid_of("bob"), copy) or ())


def test_over_the_limit_short_public_lives_are_hidden_first() -> None:
    hidden: list[Range] = []
    for at in range(HIDDEN_LIMIT + 1):  # a public life of 900 ms each, and one of 10 ms
        begin = 1000 * at - (890 if at == 7 else 0)
        hide(hidden, (begin, 0, 0), (1000 * at + 100, 0, 0))
    assert len(hidden) == HIDDEN_LIMIT
    assert ((6000, 0, 0), (7100, 0, 0)) in hidden


bounds = st.tuples(st.integers(0, 300), st.integers(0, 1), st.integers(0, 2))


@given(st.lists(st.tuples(bounds, bounds).map(sorted).map(lambda pair: (pair[0], pair[1])), max_size=80))
def test_hidden_ranges_stay_sorted_apart_and_bounded_and_hide_all_they_were_given(ranges: list[Range]) -> None:
    hidden: list[Range] = []
    for begin, end in ranges:
        hide(hidden, begin, end)
        assert len(hidden) <= HIDDEN_LIMIT
        assert all(before[1] < after[0] for before, after in pairwise(hidden))
        assert any(first <= begin and end <= last for first, last in hidden)


places = st.tuples(st.integers(0, 300), st.integers(0, 1), st.integers(-1, 3), st.sampled_from(["", "m"]))


@given(st.lists(st.tuples(bounds, bounds).map(sorted), max_size=5), places, places, st.booleans())
def test_the_parts_of_a_span_are_what_of_it_is_not_hidden(
    ranges: list[list[Bound]], after: Place, before: Place, newest: bool
) -> None:
    room = Room(ROOM)
    for begin, end in ranges:
        hide(room.hidden, begin, end)
    may_read = readable("", room, as_member=True)
    assert may_read is not None
    parts = may_read.parts(Span(after, before, 1, newest))
    assert parts == sorted(parts, key=lambda part: part.after, reverse=newest)
    every: list[Place] = [(ms, n, index, "m") for ms in range(0, 301, 7) for n in (0, 1) for index in (0, 1, 2)]
    expected = [at for at in every if after < at < before and at in may_read]
    assert [at for at in every if any(part.after < at < part.before for part in parts)] == expected
    assert may_read.parts(Span(FIRST, LAST, 1, newest)) or room.hidden
