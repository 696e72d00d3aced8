"""The valid reactions (docs/protocol.md, "Reactions")."""

import pytest

from gateway.wire.visible import WORD_LIMIT, is_reaction

EMOJI = {
    "thumbs up": "\U0001f44d",
    "heart, as text": "\u2764",
    "heart, as a picture": "\u2764\ufe0f",
    "heart on fire": "\u2764\ufe0f\u200d\U0001f525",
    "waving, dark": "\U0001f44b\U0001f3ff",
    "couple with two skin tones": "\U0001f469\U0001f3fb\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f469\U0001f3ff",
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "keycap": "#\ufe0f\u20e3",
    "flag": "\U0001f1e6\U0001f1f7",
    "flag of Scotland": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "copyright": "\u00a9\ufe0f",
    "newer than this Python's Unicode": "\U0001fae9",
}


@pytest.mark.parametrize("emoji", EMOJI.values(), ids=EMOJI)
def test_one_emoji_is_a_reaction(emoji: str) -> None:
    """UTS 51, "Emoji Sequences"."""
    assert is_reaction(emoji)
    assert not is_reaction(emoji + emoji)
    assert not is_reaction(f"{emoji} ")


@pytest.mark.parametrize("word", ["lol", ":)", "<3", "+1", ":tada:", "e\u0301", "नमस्ते", "日本", "x" * WORD_LIMIT])
def test_a_short_word_is_a_reaction(word: str) -> None:
    assert is_reaction(word)


@pytest.mark.parametrize(
    "text",
    [
        *("", "two words", "x" * (WORD_LIMIT + 1), "ok\U0001f44d", "a\nb", "\x1b[31m", "\ufffd", "\u3164", "\u2800"),
        *("a\u200bb", "a\u202eb", "\u0301", "e\u0301\u0301\u0301", "\u200d", "\U0001f3f4" + "\U000e0067" * 17),
        "\U0001f469" + "\u200d\U0001f469" * 8,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_reaction(text)
