"""A list of one-row items, of which only those in view are drawn: rooms, members, matches.

Owns the cursor and the scroll position; `draw` draws an item.
"""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from client.ui.theme import Theme

T = TypeVar("T")


class Listing(ScrollView, Generic[T], can_focus=False):
    """A list of items; a click picks one."""

    DEFAULT_CSS = """
    Listing {
        background: $panel;
        scrollbar-size-vertical: 1;
        scrollbar-color: $line;
        scrollbar-background: $panel;
        overflow-x: hidden;
    }
    """

    class Picked(Message):
        """An item was clicked."""

        def __init__(self, listing_id: str | None, index: int) -> None:
            super().__init__()
            self.listing_id = listing_id
            self.index = index

    def __init__(self, theme: Theme, draw: Callable[[T, Theme, int], Sequence[Segment]], *, id: str) -> None:
        """`draw` returns the row of an item in a theme and a width."""
        super().__init__(id=id)
        self.items: Sequence[T] = ()
        self.cursor = -1  # an index; -1: none
        self._theme = theme
        self._draw = draw

    def show(self, items: Sequence[T], cursor: int = -1) -> None:
        self.items = items
        self.cursor = cursor
        self.virtual_size = Size(max(self.size.width, 1), len(items))
        if cursor >= 0:
            self._bring_into_view()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.refresh()

    def move(self, step: int) -> None:
        """Move the cursor, if there are items."""
        if self.items:
            self.cursor = min(max(self.cursor + step, 0), len(self.items) - 1)
            self._bring_into_view()
            self.refresh()

    @property
    def current(self) -> T | None:
        return self.items[self.cursor] if 0 <= self.cursor < len(self.items) else None

    def _bring_into_view(self) -> None:
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False)

    def render_line(self, y: int) -> Strip:
        index, width = self.scroll_offset.y + y, self.size.width
        if index >= len(self.items):
            return Strip.blank(width, self.rich_style)
        strip = Strip(self._draw(self.items[index], self._theme, width)).adjust_cell_length(width)
        ground = Style(bgcolor=self._theme.raised, bold=True) if index == self.cursor else Style()
        return strip.apply_style(self.rich_style + ground)

    def on_click(self, event: events.Click) -> None:
        index = self.scroll_offset.y + event.y
        if index < len(self.items):
            self.post_message(self.Picked(self.id, index))
