"""Snapshots, and the way from one state to another."""

import json

import pytest
from hypothesis import given

from gateway.chat import events
from gateway.chat.effects import Kind
from gateway.chat.room import Room
from gateway.chat.state_diff import difference, dump, load
from tests.chat.log import BATCHES, ROOM, Log, sid_of, source_of, view_of, with_members

Batches = list[list[tuple[str, str]]]


def folded(batches: Batches) -> Log:
    log = Log()
    for batch in batches:
        log.append(*batch)
    return log


def full_room() -> Room:
    """Something in every field."""
    log = with_members("ann", modes="+i")
    log.do("ann", events.parted("", ROOM))
    log.join("ann", "bob")
    log.mode("ann", "+mkl key 9")
    log.mode("ann", "+veIb bob *!*@e *!*@i *!*@b", "bob")
    log.do("ann", events.topic_set("", ROOM, "Grüße"))
    log.do("bob", events.away("", "out"))
    log.do("ann", events.invited("", "cat", ROOM, sid_of("cat")))
    log.join("zed", key="key")
    log.append(events.gone("gwz"), events.rules(3))
    log.do("ann", f"@+hubbub/id=7 {events.said('', 'PRIVMSG', ROOM, 'x')}")
    return log.room


def test_a_snapshot_gives_back_every_field() -> None:
    room, again = full_room(), load(dump(full_room()))
    for field in (*Room.__mro__[1].__slots__, *Room.__slots__):  # type: ignore[attr-defined]
        if field not in ("_speakers", "listing"):  # learnt on the way, no part of the state
            assert getattr(room, field), "the test must put something into every field"
            assert getattr(again, field) == getattr(room, field)
    assert list(again.members) == list(room.members)


@given(BATCHES, BATCHES)
def test_a_replica_from_a_snapshot_goes_on_like_the_one_from_the_beginning(before: Batches, after: Batches) -> None:
    log = folded(before)
    text = dump(log.room)
    copy = Log(load(text))
    copy.at_ms = log.at_ms
    assert dump(copy.room) == text
    for batch in after:
        assert copy.append(*batch) == log.append(*batch)
    assert dump(copy.room) == dump(log.room)


def _with(**fields: object) -> str:
    return json.dumps(json.loads(dump(with_members("ann").room)) | fields)


_BROKEN = [_with(members=[["gwa.0.1"]]), _with(hidden=[[[1, 0, 0], [2, 0]]]), _with(life_began="0-0")]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "1", '{"format":2}', '{"format":1}', *_BROKEN])
def test_what_is_no_snapshot_is_told_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"snapshot|Expecting|unpack|int"):
        load(text)


@given(BATCHES, BATCHES)
def test_the_difference_leads_a_clients_view_to_the_new_state(before: Batches, after: Batches) -> None:
    """Once between two unrelated states, once between two of the same log."""
    old = folded(before).room
    for new in (folded(after).room, folded(before + after).room):
        view = view_of(old)
        for effect in difference(old, new):
            view.take(effect)
        assert view == view_of(new)


def test_who_has_another_nick_and_another_host_is_shown_to_change_one_after_the_other() -> None:
    """A session whose JOIN the log had lost, and who joined again since."""
    old, new = with_members("bob"), with_members("ann")
    member = new.room.members.pop(sid_of("ann"))
    member.sid, member.host = sid_of("bob"), "h2"
    member.rename("ann")
    new.room.members[member.sid] = member
    view = view_of(old.room)
    for effect in difference(old.room, new.room):
        view.take(effect)
    assert view == view_of(new.room)


def test_who_is_missing_parts_and_who_is_new_joins() -> None:
    effects = difference(with_members("ann", "bob").room, with_members("ann", "cat", modes="+m").room)
    assert [effect.line for effect in effects] == [
        f":{source_of('bob')} PART {ROOM}",
        f":{source_of('cat')} JOIN {ROOM}",
        f":hubbub MODE {ROOM} +m",
    ]
    assert [effect.sid for effect in effects[:2]] == [sid_of("bob"), sid_of("cat")]


def test_members_who_swapped_their_nicks_pass_through_a_session_id() -> None:
    log = with_members("ann", "bob")
    old = load(dump(log.room))
    for nick, new in (("ann", "x"), ("bob", "ann"), ("ann", "bob")):
        log.do(nick, events.renamed(source_of(nick), new, "200"))
    effects = difference(old, log.room)
    assert [(effect.kind, effect.old) for effect in effects] == [
        (Kind.RENAMED, "ann"),
        (Kind.RENAMED, "bob"),
        (Kind.RENAMED, sid_of("ann")),
    ]


def test_many_changes_are_split_over_lines_that_fit() -> None:
    log = with_members("ann")
    old = load(dump(log.room))
    for count in range(50):
        log.mode("ann", f"+b {count:030}!{count:010}@{count:064}")
    lines = [effect.line for effect in difference(old, log.room)]
    assert 1 < len(lines) < 50
    assert all(len(line) <= 510 for line in lines)


def test_between_equal_states_there_is_nothing_to_say() -> None:
    assert difference(full_room(), full_room()) == []
