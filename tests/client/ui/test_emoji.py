"""Emoji by their names, and the form in which they are sent."""

import re
from pathlib import Path

import pytest

from client.ui.emoji import emoji_named, names_like, with_emoji

PAGE = Path(__file__).parents[3] / "gateway" / "web" / "emoji.js"


@pytest.mark.parametrize(
    ("name", "emoji"),
    [
        ("heart", "\u2764\ufe0f"),
        ("tada", "\U0001f389"),
        ("100", "\U0001f4af"),
        ("zap", "\u26a1"),
    ],
)
def test_an_emoji_that_is_text_by_default_has_its_presentation_selector(name: str, emoji: str) -> None:
    """Unicode TR 51: U+2764 alone is a black heart in the colour of the text."""
    assert emoji_named(name) == emoji


def test_both_clients_send_the_same_emoji_for_a_name() -> None:
    named = re.search(r"NAMED = `(.*?)`", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert named is not None
    pairs = [pair.split(" ") for pair in re.split(r",\s*", named[1].strip())]
    assert len(pairs) > 100
    assert [(name, emoji_named(name)) for name, _ in pairs] == [(name, emoji) for name, emoji in pairs]


def test_names_in_code_and_times_stay() -> None:
    assert with_emoji("at 10:30:45 `:heart:` :nosuchname: :tada:") == "at 10:30:45 `:heart:` :nosuchname: \U0001f389"


def test_the_most_used_names_come_first() -> None:
    assert names_like("hea", 3)[0] == "heart"
    assert len(names_like("a", 7)) == 7
