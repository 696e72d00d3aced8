"""The rows of a text, and the characters that are left out."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from client.ui.wrapping import MARKS_LIMIT, crop, cut, legible, tame, wrap


def rows(text: str, width: int) -> list[str]:
    return [text[start:end] for start, end in wrap(text, width)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, [""]),
        ("one two three", 20, ["one two three"]),
        ("one two three", 8, ["one two", "three"]),
        ("one two three", 7, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("日本語です", 4, ["日本", "語で", "す"]),
        ("日本語です", 5, ["日本", "語で", "す"]),
        ("👩‍👩‍👧 family", 4, ["👩‍👩‍👧", "fami", "ly"]),
    ],
)
def test_rows_break_between_words_and_never_inside_a_letter(text: str, width: int, expected: list[str]) -> None:
    assert rows(text, width) == expected


@given(st.text(st.characters(codec="utf-8"), max_size=300), st.integers(2, 40))
def test_rows_fit_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    text = tame(text.replace("\n", " "))
    cut = rows(text, width)
    assert "".join(cut).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(row) <= max(width, 2) for row in cut)


@example("日0", 2)
@given(st.text(st.characters(codec="utf-8"), max_size=100), st.integers(1, 40))
def test_cropped_text_fits(text: str, width: int) -> None:
    assert cell_len(crop(text, width)) <= width


def test_marks_do_not_pile_up_over_other_rows() -> None:
    assert tame("Z" + "\u0310" * 200 + "algo") == "Z" + "\u0310" * MARKS_LIMIT + "algo"


def test_what_has_no_width_is_left_out_but_joiners_stay() -> None:
    assert tame("a\u200bd\u2060m\ufeffin\U000e0041") == "admin"
    assert tame("👩\u200d👩") == "👩\u200d👩"
    assert tame("می\u200cخواهم") == "می\u200cخواهم"


def test_marks_do_not_pile_up_either_where_codes_and_joiners_stand_between_them() -> None:
    """A code of IRC between the marks of one letter is left out later."""
    assert legible("Z" + "\u0310\x02\u0310\u200d" * 200).count("\u0310") == MARKS_LIMIT


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=100), st.integers(2, 40))
def test_code_is_cut_and_loses_nothing(text: str, width: int) -> None:
    text = tame(text)
    rows = list(cut(text, width))
    assert "".join(rows) == text
    assert all(cell_len(row) <= max(width, 2) for row in rows)
