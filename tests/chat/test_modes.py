"""Mode strings (Modern IRC documentation, "MODE message")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.chat.modes import Change, parse, render


@pytest.mark.parametrize(
    ("modes", "params", "expected"),
    [
        ("+o", ["a"], [(True, "o", "a")]),
        ("+ov-b", ["a", "b", "m"], [(True, "o", "a"), (True, "v", "b"), (False, "b", "m")]),
        ("mn-t", [], [(True, "m", None), (True, "n", None), (False, "t", None)]),
        ("+k-k", ["a", "b"], [(True, "k", "a"), (False, "k", "b")]),
        ("+l-l", ["5"], [(True, "l", "5"), (False, "l", None)]),
        ("b", [], [(True, "b", None)]),
        ("+oo", ["a"], [(True, "o", "a"), (True, "o", None)]),
        ("+zo", ["a"], [(True, "z", None), (True, "o", "a")]),
        ("+-+", [], []),
        ("", ["a"], []),
    ],
)
def test_a_mode_string_is_read_with_its_parameters(
    modes: str, params: list[str], expected: list[tuple[bool, str, str | None]]
) -> None:
    assert [change[:3] for change in parse(modes, params)] == expected


def test_a_mode_string_is_written_with_a_sign_at_each_turn() -> None:
    changes = [
        Change(True, "o", "a"),
        Change(True, "v", "b"),
        Change(False, "b", "m"),
        Change(True, "i", None),
    ]
    assert render(changes) == "+ov-b+i a b m"
    assert render([]) == ""


_CHANGES = st.one_of(
    st.builds(Change, st.booleans(), st.sampled_from("imnst"), st.none(), st.just("")),
    st.builds(Change, st.booleans(), st.sampled_from("ovbeIk"), st.text("abc", min_size=1), st.just("")),
    st.builds(Change, st.just(True), st.just("l"), st.integers(1, 9).map(str), st.just("")),
    st.just(Change(False, "l", None)),
)


@given(st.lists(_CHANGES))
def test_what_was_written_is_read_again(changes: list[Change]) -> None:
    modes, *params = render(changes).split(" ")
    assert parse(modes, params) == changes
