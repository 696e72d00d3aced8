"""Message tags (IRCv3 message-tags)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.tags import client_only, escape, format_tags, parse_tags, unescape


@pytest.mark.parametrize(
    ("plain", "escaped"),
    [
        ("", ""),
        ("a;b", r"a\:b"),
        ("a b", r"a\sb"),
        ("a\\b", r"a\\b"),
        ("\r\n", r"\r\n"),
        ("a=b:c", "a=b:c"),
    ],
)
def test_values_are_escaped(plain: str, escaped: str) -> None:
    """IRCv3 message-tags "Escaping values", the table."""
    assert escape(plain) == escaped
    assert unescape(escaped) == plain


@pytest.mark.parametrize(("escaped", "plain"), [("test\\", "test"), (r"\b", "b"), (r"\\s", r"\s"), (r"\\\s", "\\ ")])
def test_unknown_and_lone_backslashes_are_dropped(escaped: str, plain: str) -> None:
    """IRCv3 message-tags "Escaping values", the last paragraph."""
    assert unescape(escaped) == plain


@given(st.text())
def test_escaping_round_trips_and_leaves_nothing_that_ends_a_tag(value: str) -> None:
    assert unescape(escape(value)) == value
    assert not set(escape(value)) & set("; \r\n")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("a=1;b=2", {"a": "1", "b": "2"}),
        ("a;b=", {"a": "", "b": ""}),  # empty and missing values mean the same
        ("a=1;a=2", {"a": "2"}),  # the final occurrence counts
        ("A=1;a=2", {"A": "1", "a": "2"}),  # keys are case-sensitive
        ("+a.example/b=x=y", {"+a.example/b": "x=y"}),
        (";;=x;a", {"a": ""}),
        ("a=\ufffdx;b=1", {"a": "", "b": "1"}),  # no substitutes for broken UTF-8
    ],
)
def test_parses(text: str, tags: dict[str, str]) -> None:
    """IRCv3 message-tags "Format"."""
    assert parse_tags(text) == tags


@given(
    st.dictionaries(
        st.from_regex(r"\+?[A-Za-z0-9./-]+", fullmatch=True),
        st.text(st.characters(exclude_characters="\ufffd")),
        min_size=1,
    )
)
def test_what_is_written_is_read_back(tags: dict[str, str]) -> None:
    assert parse_tags(format_tags(tags)) == tags


def test_only_prefixed_tags_pass_from_client_to_client() -> None:
    """IRCv3 message-tags "Client-only tags"."""
    tags = {"+typing": "active", "+example.org/a-1": "", "+hubbub/id": "7"}
    others = {"time": "x", "hubbub/a": "1", "+": "", "+\ufffd": "x", "+a/b/c": "", "+a_b": "", "+/a": "", "+é": ""}
    assert client_only(tags | others) == tags
