"""The two themes of the interface, dark and light: every colour that is drawn.

Owns the colours, and the colour of each nick. Each text colour has a contrast of at least 4.5:1 to its background (WCAG
2.1, 1.4.3). Pure; any thread.
"""

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rich.style import Style
from textual.theme import Theme as TextualTheme

from gateway.wire.casefold import casefold

# https://modern.ircdocs.horse/formatting: blue, green, red, brown, magenta, orange, yellow ... by the colours of nicks;
# the two greys, 14 and 15, are dim.
_IRC_NICKS: Final = {2: 7, 3: 4, 4: 0, 5: 11, 6: 8, 7: 1, 8: 2, 9: 3, 10: 5, 11: 5, 12: 6, 13: 9}


@dataclass(frozen=True)
class Theme:
    """Colours as "#rrggbb"; `nicks` are assigned to people by their nicks."""

    name: str
    is_dark: bool
    background: str
    panel: str  # behind the lists and bars at the edges
    raised: str  # behind selected items and reactions
    tint: str  # behind a message that mentions the user
    text: str
    dim: str
    line: str  # rules, no text
    accent: str
    mention: str
    good: str
    bad: str
    nicks: tuple[str, ...]

    @cached_property
    def textual_theme(self) -> TextualTheme:
        return TextualTheme(
            name=self.name,
            dark=self.is_dark,
            primary=self.accent,
            secondary=self.dim,
            accent=self.accent,
            warning=self.mention,
            error=self.bad,
            success=self.good,
            foreground=self.text,
            background=self.background,
            surface=self.panel,
            panel=self.panel,
            variables={"raised": self.raised, "dim": self.dim, "line": self.line, "mention": self.mention},
        )

    def nick_colour(self, nick: str) -> str:
        """Return the colour of a nick: always the same, on every machine, in any case of letters."""
        return self.nicks[zlib.adler32(casefold(nick).encode()) % len(self.nicks)]

    def irc_color(self, number: int) -> str:
        """Return the theme's readable variant of an IRC colour from 2 to 15."""
        return self.nicks[_IRC_NICKS[number]] if number in _IRC_NICKS else self.dim

    def style(self, colour: str = "text", *, bold: bool | None = None, italic: bool | None = None) -> Style:
        """Return a style with one of the theme's colours, by its name."""
        return Style(color=getattr(self, colour), bold=bold, italic=italic)


DARK: Final = Theme(
    name="hubbub-dark",
    is_dark=True,
    background="#14161b",
    panel="#1a1d24",
    raised="#2a2f3a",
    tint="#2a2519",
    text="#d9dce3",
    dim="#9199a8",
    line="#343944",
    accent="#7fb0ff",
    mention="#f2c063",
    good="#8fcf7f",
    bad="#ff8087",
    nicks=(
        *("#f2777a", "#f99157", "#e3bd62", "#a9d06f", "#6fcf97", "#56c8c8"),
        *("#66b8ff", "#9aa8ff", "#c49bff", "#ee8fd6", "#ff9fb2", "#c8b48c"),
    ),
)

LIGHT: Final = Theme(
    name="hubbub-light",
    is_dark=False,
    background="#fcfcfa",
    panel="#f3f3ef",
    raised="#e2e4e6",
    tint="#fdf3d8",
    text="#23272e",
    dim="#5d646e",
    line="#c9ccd1",
    accent="#0b57c2",
    mention="#8a5200",
    good="#1a6f35",
    bad="#b3261e",
    nicks=(
        *("#b3261e", "#9a4600", "#755500", "#4a6700", "#146c3f", "#006666"),
        *("#005ba8", "#3d4fc4", "#7a3ec2", "#a0237c", "#ad214d", "#65563a"),
    ),
)

THEMES: Final = {"dark": DARK, "light": LIGHT}
