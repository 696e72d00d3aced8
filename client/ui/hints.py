"""Completions and the usage of a command, over the last rows of the messages."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from client.ui.completion import Offer
from client.ui.theme import Theme
from client.ui.wrapping import crop, padded

ROWS_LIMIT = 8


class Hints(Widget):
    """A few rows above the prompt; hidden if there is nothing to show."""

    DEFAULT_CSS = """
    Hints { layer: hints; dock: bottom; height: 0; background: $panel; display: none; }
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__(id="hints")
        self.theme = theme
        self.offers: Sequence[Offer] = ()
        self._chosen = -1

    def show(self, offers: Sequence[Offer], chosen: int = -1) -> None:
        """Show the completions around the selected one."""
        first = max(min(chosen - ROWS_LIMIT // 2, len(offers) - ROWS_LIMIT), 0)
        self.offers = offers[first : first + ROWS_LIMIT]
        self._chosen = chosen - first
        self.display = bool(self.offers)
        self.styles.height = len(self.offers)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self.offers):
            return Strip.blank(width, self.rich_style)
        offer = self.offers[y]
        column = min(max(cell_len(each.title) for each in self.offers) + 2, max(width // 2, 12))
        row = [
            Segment(" " + padded(offer.title, column), self.theme.style("accent")),
            Segment(crop(offer.note, max(width - column - 2, 0)), self.theme.style("dim")),
        ]
        strip = Strip(row).adjust_cell_length(width)
        ground = Style(bgcolor=self.theme.raised) if y == self._chosen else Style()
        return strip.apply_style(self.rich_style + ground)
