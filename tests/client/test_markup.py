"""The grammar of formatted text: the examples that also test the page's parser, and arbitrary texts."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.markup import MARKS, Span, inline, linked, parse
from gateway.wire.text import strip_controls

VECTORS: dict[str, list[tuple[str, Any]]] = json.loads(
    (Path(__file__).parent / "scripts/markup.json").read_text(encoding="utf-8")
)
# Parts of the grammar, and texts that could confuse it.
ATOMS = (
    *("*", "**", "***", "_", "~~", "`", "``", "```", "\n", "> ", "- ", "1. ", " ", "a", "https://a.example/"),
    *("http://", ")", "(", "[", "]", "#", "#dev", "🎉", "日"),
    *("\x02", "\x1d", "\x11", "\x0f", "\x034", "\x03", "\x1b[1m", "\u202e"),
)
TEXTS = st.lists(st.sampled_from(ATOMS) | st.characters(codec="utf-8"), max_size=60).map("".join)


def plain(spans: tuple[Span, ...]) -> list[list[str]]:
    return [[span.text, " ".join(span.marks)] for span in spans]


@pytest.mark.parametrize(("line", "spans"), VECTORS["inline"])
def test_a_line_is_taken_to_spans(line: str, spans: list[list[str]]) -> None:
    assert plain(inline(line)) == spans


@pytest.mark.parametrize(("text", "blocks"), VECTORS["blocks"])
def test_a_text_is_taken_to_blocks(text: str, blocks: list[Any]) -> None:
    assert [[block.kind, block.level, block.label, plain(block.spans)] for block in parse(text)] == blocks


@pytest.mark.parametrize(("line", "spans"), VECTORS["linked"])
def test_in_a_line_that_nobody_said_only_links_and_rooms_are_found(line: str, spans: list[list[str]]) -> None:
    assert plain(linked(line)) == spans


@given(TEXTS)
def test_any_text_is_shown_with_its_letters_in_their_order_and_no_control_character(text: str) -> None:
    shown = "".join(block.label + "".join(span.text for span in block.spans) for block in parse(text))
    letters = [character for character in strip_controls(text) if character.isalpha()]
    assert [character for character in shown if character.isalpha()] == letters
    assert strip_controls(shown.replace("\n", "").replace("\t", "")) == shown.replace("\n", "").replace("\t", "")


@given(TEXTS)
def test_marks_are_known_ones_and_nesting_is_bounded(text: str) -> None:
    for block in parse(text):
        assert block.level <= 3
        for span in block.spans:
            assert span.text
            assert all(mark in MARKS or mark.startswith("color-") for mark in span.marks)


@given(TEXTS)
def test_what_only_links_are_found_in_stays_whole(text: str) -> None:
    line = text.replace("\n", " ").replace("\t", " ")
    assert "".join(span.text for span in linked(line)) == strip_controls(line)


@pytest.mark.parametrize(
    "unit",
    [
        *("*a ", "**a*b_c~~d", "`", "`a\n", "```\n", "```x\na", "> > ", "- ", "1. ", "#a ", "#", "(", ")", " "),
        *("https://", "https://a)", "https://a ", "\x02a", "\x11a", "\x0312,", "\x1b[0"),
    ],
)
def test_the_time_that_a_text_takes_grows_with_its_length_alone(unit: str) -> None:
    """300,000 characters: work for each pair of them would take hours."""
    text = unit * (300_000 // len(unit))
    assert parse(text)
    assert linked(text.replace("\n", " "))


def test_runs_of_backticks_that_nothing_closes_take_no_longer() -> None:
    text = " ".join("`" * length for length in range(1, 800))
    assert "".join(span.text for span in inline(text)) == text
