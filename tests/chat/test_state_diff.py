"""The effects that lead from one state of a room to another."""

from hypothesis import given

from gateway.chat import events
from gateway.chat.effects import Renamed
from gateway.chat.render import effect_lines
from gateway.chat.snapshot import dump, load
from gateway.chat.state_diff import difference
from tests.chat.log import BATCHES, ROOM, Batches, folded, full_room, line_of, sid_of, source_of, view_of, with_members


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
    assert [line_of(effect) for effect in effects] == [
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
    assert [effect.old_nick for effect in effects if isinstance(effect, Renamed)] == [
        "ann",
        "bob",
        sid_of("ann"),
    ]


def test_many_changes_are_split_over_lines_that_fit() -> None:
    log = with_members("ann")
    old = load(dump(log.room))
    for count in range(50):
        log.mode("ann", f"+b {count:030}!{count:010}@{count:064}")
    (effect,) = difference(old, log.room)
    lines = effect_lines(effect)
    assert 1 < len(lines) < 50
    assert all(len(line) <= 510 for line in lines)


def test_between_equal_states_there_is_nothing_to_say() -> None:
    assert difference(full_room(), full_room()) == []


def test_key_and_limit_are_set_changed_and_cleared() -> None:
    bare, one, two = (with_members("ann", modes=modes).room for modes in ("", "+kl a 5", "+kl b 6"))
    for old, new, shown in ((bare, one, "+kl a 5"), (one, two, "+kl b 6"), (two, bare, "-kl *")):
        (effect,) = difference(old, new)
        assert line_of(effect) == f":hubbub MODE {ROOM} {shown}"
