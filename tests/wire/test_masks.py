"""Masks (RFC 2812 2.5 "Wildcard expressions")."""

import re
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.masks import matches, normalize


@pytest.mark.parametrize(
    ("mask", "source", "expected"),
    [
        ("*!*@*", "bob!b@host", True),
        ("BOB!*@*", "bob!b@host", True),
        ("b?b!*@*", "bob!b@host", True),
        ("b?!*@*", "bob!b@host", False),
        ("*!*@*.example", "bob!b@a.example", True),
        ("*!*@*.example", "bob!b@aXexample", False),
        ("bob", "bob!b@host", False),
        ("*a*a", "a", False),
        ("a*a", "aa", True),
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("b[o]b", "bob", False),  # brackets are letters of nicks, no classes
        ("b[o]b", "B[O]b", True),
        ("***b***", "abc", True),
        ("É*", "é", False),  # only ASCII folds
    ],
)
def test_matches(mask: str, source: str, expected: bool) -> None:
    assert matches(mask, source) is expected


@given(st.text("ab*?", max_size=8), st.text("abB", max_size=10))
def test_matches_as_its_definition_says(mask: str, source: str) -> None:
    pattern = "".join({"*": ".*", "?": "."}.get(character, character) for character in mask)
    assert matches(mask, source) == bool(re.fullmatch(pattern, source, re.IGNORECASE))


def lines_run(mask: str, source: str) -> int:
    """How many lines of Python a match takes."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        matches(mask, source)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("piece", ["*a", "*?a", "*a?", "*??"])
def test_a_hostile_mask_costs_in_proportion_to_its_length(piece: str) -> None:
    """With backtracking it would take exponentially many."""
    mask, source = piece * 100 + "c*b", "a" * 300 + "b"
    assert not matches(mask, source)
    assert lines_run(mask, source) < 20 * (len(mask) + len(source))


@pytest.mark.parametrize(
    ("mask", "whole"),
    [
        ("bob", "bob!*@*"),
        ("*", "*!*@*"),
        ("", "*!*@*"),
        ("b@host", "*!b@host"),
        ("@host", "*!*@host"),
        ("bob!b", "bob!b@*"),
        ("bob!", "bob!*@*"),
        ("bob!b@host", "bob!b@host"),
        ("b**!***@*", "b*!*@*"),
    ],
)
def test_completes(mask: str, whole: str) -> None:
    assert normalize(mask) == whole
    assert normalize(whole) == whole
