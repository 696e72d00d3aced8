"""The contrast of colours (WCAG 2.1)."""

import pytest
from textual.color import Color

from client.ui.theme import DARK, LIGHT, Theme

READABLE = 4.5  # WCAG 2.1, 1.4.3 Contrast (Minimum)


def luminance(colour: str) -> float:
    """Return the relative luminance as WCAG 2.1 defines it."""
    parts = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in Color.parse(colour).normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_every_text_stands_out_from_every_background(theme: Theme) -> None:
    texts = [theme.text, theme.dim, theme.accent, theme.mention, theme.good, theme.bad, *theme.nicks]
    for background in (theme.background, theme.panel, theme.raised, theme.tint):
        for text in texts:
            assert contrast(text, background) >= READABLE, (text, background)
    assert contrast(theme.background, theme.mention) >= READABLE  # the count of mentions


def test_a_nick_has_one_colour_in_any_case() -> None:
    assert DARK.nick_colour("Alice") == DARK.nick_colour("alice")
    assert len({DARK.nick_colour(f"user{number}") for number in range(100)}) == len(DARK.nicks)
