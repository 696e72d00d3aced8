"""A room's state: its rules are read by handlers and by the fold, and its steps keep its parts consistent.

Each rule by example is in test_room.py, where a log leads to it.
"""

import pytest

from gateway.chat.effects import Reason
from gateway.chat.member import OP, VOICE, Member
from gateway.chat.modes import Change
from gateway.chat.state import GONE_MEMORY_MS, LIST_LIMIT, LOST_LIMIT, LOST_MEMORY_MS, State

AT_MS = 1_700_000_000_000


def made(*nicks: str) -> State:
    """A room of these; the first is its operator."""
    state = State("#Tea")
    for nick in nicks:
        state.add(Member(f"{nick}gw.0.1", nick, "u", "h", modes=OP if nick == nicks[0] else 0))
    return state


def set_mode(state: State, letter: str, param: str | None = None, target: str = "", *, adding: bool = True) -> bool:
    return state.change(Change(adding, letter, param), target, "ann!u@h", AT_MS) is not None


def test_a_room_is_named_as_its_first_join_spells_it() -> None:
    state = State("#TEA")
    assert state.name == state.folded_name == "#tea", "until then all replicas use the casefolded name"


def test_a_member_is_found_by_any_spelling_of_its_present_nick() -> None:
    state = made("ann", "bob")
    member = state.members["bobgw.0.1"]
    assert state.member_named("BOB") is member
    state.rename(member, "Rob")
    assert state.member_named("bob") is None
    assert state.member_named("rOB") is member
    assert member.source == "Rob!u@h"
    state.remove(member.sid)
    assert state.member_named("rob") is None


def test_the_stored_right_to_speak_ends_with_any_change_that_may_affect_it() -> None:
    for change in ("rank", "rename", "note", "source", "remove"):
        state = made("ann", "bob")
        sid, member = "bobgw.0.1", state.members["bobgw.0.1"]
        state.flags = {"m"}
        state.remember_speaker(member)
        assert state.may_speak(sid, member.source) is None
        if change == "rank":
            set_mode(state, "v", target=sid)
            set_mode(state, "v", target=sid, adding=False)
        elif change == "rename":
            state.rename(member, "rob")
        elif change == "note":
            state.note_change("5-0")
        elif change == "source":
            state.forget_source(member)
        else:
            state.add(state.remove(sid))
        assert state.may_speak(sid, member.source) is Reason.MUTED, change


def test_the_stored_names_end_with_any_change_of_the_members() -> None:
    state = made("ann", "bob")
    member = state.members["bobgw.0.1"]
    for change in (
        lambda: state.rename(member, "rob"),
        lambda: state.forget_source(member),
        lambda: set_mode(state, "v", target=member.sid),
        lambda: state.remove(member.sid),
        lambda: state.add(member),
    ):
        state.listing[0, 0] = ["ann bob"]
        change()
        assert state.listing == {}


def test_an_exception_lifts_a_ban() -> None:
    state = made("ann", "bob")
    set_mode(state, "b", "*!*@h")
    assert state.is_banned("bob!u@h")
    set_mode(state, "e", "bob!*@*")
    assert not state.is_banned("bob!u@h")
    assert state.is_banned("eve!u@h")
    assert state.mask_count == 2


@pytest.mark.parametrize(
    ("letter", "param", "again"),
    [("m", None, None), ("k", "key", "key"), ("l", "5", "5"), ("b", "*!*@h", "*!*@H"), ("v", None, None)],
)
def test_a_change_counts_once(letter: str, param: str | None, again: str | None) -> None:
    state = made("ann", "bob")
    target = "bobgw.0.1" if letter == "v" else ""
    assert [set_mode(state, letter, each, target) for each in (param, again)] == [True, False]
    assert [set_mode(state, letter, each, target, adding=False) for each in (again, param)] == [True, False]


@pytest.mark.parametrize(
    ("letter", "param"), [("k", "a b"), ("k", ":a"), ("k", ""), ("b", "a b"), ("l", "0"), ("x", "")]
)
def test_a_parameter_that_would_break_a_line_or_mean_nothing_changes_nothing(letter: str, param: str) -> None:
    state = made("ann")
    assert not set_mode(state, letter, param)
    assert state.shown_modes() == "+"


def test_a_removed_mask_is_shown_as_it_was_set_and_a_removed_key_is_not() -> None:
    state = made("ann")
    set_mode(state, "b", "Bob!*@*")
    set_mode(state, "k", "secret")
    unbanned = state.change(Change(False, "b", "bob!*@*"), "", "", AT_MS)
    unlocked = state.change(Change(False, "k", "guess"), "", "", AT_MS)
    assert unbanned is not None
    assert unlocked is not None
    assert (unbanned.param, unlocked.param) == ("Bob!*@*", "*")


def test_lists_are_bounded_and_the_oldest_invitation_is_forgotten() -> None:
    state = made("ann")
    assert all(set_mode(state, "b", f"{at}!*@*") for at in range(LIST_LIMIT))
    assert not set_mode(state, "b", "more!*@*")
    for at in range(LIST_LIMIT + 1):
        state.invite(f"x.0.{at}")
    assert len(state.invited) == LIST_LIMIT
    assert "x.0.0" not in state.invited
    state.invite("x.0.1")
    state.invite("x.0.new")
    assert "x.0.1" in state.invited, "it was invited again"


def test_only_members_see_the_key() -> None:
    state = made("ann")
    for letter, param in (("m", None), ("k", "key"), ("l", "5")):
        set_mode(state, letter, param)
    assert state.shown_modes() == "+klm key 5"
    assert state.shown_modes(with_key=False) == "+klm 5"


def test_clearing_leaves_no_mode_but_ranks() -> None:
    state = made("ann", "bob")
    for letter, param in (("m", None), ("k", "key"), ("l", "5"), ("b", "b!*@*"), ("e", "e!*@*"), ("I", "i!*@*")):
        set_mode(state, letter, param)
    for change in state.clearing():
        assert state.change(change, "", "", AT_MS) is not None
    assert (state.shown_modes(), state.mask_count, state.members["anngw.0.1"].modes) == ("+", 0, OP)


# -- lives, and members that were lost ------------------------------------------------------------


@pytest.mark.parametrize(("mode", "is_hidden"), [("i", True), ("s", True), ("b", True), ("k", True), ("m", False)])
def test_a_life_that_ends_protected_is_hidden_from_later_members(mode: str, is_hidden: bool) -> None:
    state = made("ann")
    state.created_ms = AT_MS
    set_mode(state, mode, "x!*@*" if mode in "bk" else None)
    assert state.is_protected is is_hidden
    state.end_life((AT_MS, 0, 0))
    assert bool(state.hidden) is is_hidden
    assert state.life_began == (AT_MS, 0, 0)
    assert not state.members
    assert not state.is_protected


def test_a_dead_gateway_s_members_are_lost_and_may_return_with_their_ranks_for_a_while() -> None:
    state = made("ann", "bob")
    state.members["bobgw.0.1"].modes = VOICE
    state.invite("bobgw.0.7")
    lost = state.end_gateway("bobgw", AT_MS)
    assert [member.nick for member in lost] == ["bob"]
    assert state.is_gone("bobgw.0.9")
    assert not state.is_gone("anngw.0.1")
    assert state.invited == {}
    assert state.modes_of_lost("bobgw.0.1", AT_MS + LOST_MEMORY_MS - 1) == VOICE
    assert state.modes_of_lost("bobgw.0.1", AT_MS) is None, "once"
    state.lose("anngw.0.1", AT_MS)
    assert state.modes_of_lost("anngw.0.1", AT_MS + LOST_MEMORY_MS) is None


def test_what_is_remembered_of_dead_gateways_is_bounded() -> None:
    state = made("ann")
    state.end_gateway("old", AT_MS - GONE_MEMORY_MS)
    state.lost = {f"x.0.{at}": (0, AT_MS) for at in range(LOST_LIMIT + 5)}
    state.end_gateway("new", AT_MS)
    assert list(state.gone) == ["new"]
    assert len(state.lost) == LOST_LIMIT
    assert "x.0.4" not in state.lost


def test_a_banned_member_may_not_rename_unless_it_has_a_rank() -> None:
    state = made("ann", "bob")
    set_mode(state, "b", "*!*@h")
    assert state.may_rename("bobgw.0.1") is Reason.BANNED
    assert state.may_rename("anngw.0.1") is None
    assert state.may_rename("not.0.here") is None
