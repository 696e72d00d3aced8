"""The entries of one buffer on the screen: only what is in view is drawn.

Owns the position where the user reads in each buffer, and the rows that were drawn last.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from client.buffer import Buffer, Entry, EntryKind
from client.ui.blocks import Block, Drawing, Surroundings
from client.ui.theme import Theme
from client.ui.viewport import Viewport

BLOCKS_LIMIT: Final = 500  # entries whose rows are kept; beyond it all are drawn again
TOGETHER_S: Final = 300.0  # within it, consecutive messages of one user have one heading
WHEEL_ROWS: Final = 3


@dataclass(slots=True)
class ReadingPosition:
    """Where the user reads in one buffer, and what is new there."""

    viewport: Viewport = field(default_factory=Viewport)
    unread_from: float | None = None  # entries after it were new when the buffer was shown
    unread_until: float = math.inf
    first_unread: Entry | None = None

    def look_for_unread(self, entries: Iterable[Entry]) -> None:
        if self.unread_from is not None and self.first_unread is None:
            since, until = self.unread_from, self.unread_until
            unread = (entry for entry in entries if entry.is_message and not entry.is_own and since < entry.at <= until)
            self.first_unread = next(unread, None)


class EntryView(Widget):
    """The entries of the buffer in focus; one of them may be selected."""

    class Moved(Message):
        """The position has changed; `wants_older` when the first loaded entry is in view."""

        def __init__(self, *, wants_older: bool) -> None:
            super().__init__()
            self.wants_older = wants_older

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.chosen: Entry | None = None
        self._buffer: Buffer | None = None
        self._places: dict[str, ReadingPosition] = {}
        self._place = ReadingPosition()
        self._blocks: dict[int, tuple[Surroundings, Block]] = {}
        self._opened: set[int] = set()
        self._rows: list[Strip] = []
        self._row_lines: list[Entry | None] = []
        self._theme = theme
        self._drawing = Drawing(theme, 80)

    # --- what it shows --------------------------------------------------------------------------------------

    @property
    def is_at_end(self) -> bool:
        return self._place.viewport.is_at_end

    def show(self, buffer: Buffer, unread_from: float | None, unread_until: float = math.inf) -> None:
        """Show a buffer; messages after `unread_from`, up to `unread_until`, are new to the user."""
        self._buffer = buffer
        self._place = self._places.setdefault(buffer.name, ReadingPosition())
        if unread_from is not None:
            self._place.unread_from, self._place.first_unread = unread_from, None
            self._place.unread_until = unread_until
        self._place.look_for_unread(buffer.entries)
        self._forget_drawn()
        self._opened.clear()
        self.refresh()

    def mark_unread(self, unread_from: float) -> None:
        """Mark what comes from now on as new: the user looks elsewhere."""
        self._place.unread_from, self._place.first_unread = unread_from, None
        self._place.unread_until = math.inf
        self._forget_drawn()

    def forget(self, name: str) -> None:
        self._places.pop(name, None)

    def set_theme(self, theme: Theme) -> None:
        """Draw everything in another theme."""
        self._theme = theme
        self._forget_drawn()
        self.refresh()

    def take(self, changed: Iterable[Entry], added: Iterable[Entry], dropped: Iterable[Entry]) -> None:
        """Note what has changed in the buffer that is shown, and draw once."""
        self._place.look_for_unread(added)
        for entry in changed:
            self._blocks.pop(entry.number, None)
            self._forget_quotes(entry.msgid)
        for entry in dropped:
            self._blocks.pop(entry.number, None)
        self.refresh()

    def _forget_quotes(self, msgid: str) -> None:
        for entry in self._row_lines:
            if msgid and entry is not None and entry.reply_to == msgid:
                self._blocks.pop(entry.number, None)

    def _forget_drawn(self) -> None:
        self._blocks.clear()
        self._rows = []
        self._drawing = Drawing(self._theme, max(self.size.width, 20))

    # --- drawing --------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._forget_drawn()

    def refresh(self, *regions: object, **options: bool) -> "EntryView":
        self._rows = []
        super().refresh(*regions, **options)  # type: ignore[arg-type]
        return self

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the rows as they are: they have their styles, and nothing is around them.

        Textual's own method takes twice the time. It is used where colours are off, because it removes them.
        """
        if self.app.no_color:
            return super().render_lines(crop)
        rows = [self.render_line(y) for y in crop.line_range]
        x1, x2 = crop.column_span
        return rows if (x1, x2) == (0, self.size.width) else [row.crop(x1, x2) for row in rows]

    def render_line(self, y: int) -> Strip:
        if not self._rows:
            self._draw()
        return self._rows[y] if y < len(self._rows) else self._blank_row()

    def _blank_row(self) -> Strip:
        return Strip.blank(self.size.width, Style(bgcolor=self._theme.background))

    def _draw(self) -> None:
        height, entries = self.size.height, self._lines
        visible = self._place.viewport.visible(entries, self._rows_of, height)
        self._rows = [self._row(entries[index], self._rows_of(index)[row]) for index, row in visible]
        self._row_lines = [entries[index] for index, _ in visible]
        missing = height - len(visible)
        self._rows[:0] = [self._blank_row()] * missing
        self._row_lines[:0] = [None] * missing
        self._draw_top()
        if visible and not self.is_at_end:
            self._draw_thumb(visible[0][0], visible[-1][0])

    def _row(self, entry: Entry, strip: Strip) -> Strip:
        if entry is not self.chosen:
            return strip
        raised = Style(bgcolor=self._theme.raised)
        return Strip([Segment(text, (style or raised) + raised) for text, style, _ in strip], strip.cell_length)

    def _draw_top(self) -> None:
        """Show in the first row that older entries are being loaded."""
        if self._buffer is not None and self._buffer.is_loading and self._rows:
            style = Style(color=self._theme.dim, bgcolor=self._theme.background)
            self._rows[0] = Strip([Segment(" loading what was said before …", style)]).adjust_cell_length(
                self.size.width, style
            )

    def _draw_thumb(self, first: int, last: int) -> None:
        """Draw a scroll bar in the last column. It counts entries: the number of rows is not known."""
        height, count = len(self._rows), max(len(self._lines), 1)
        top = first * height // count
        bottom = max((last + 1) * height // count, top + 1)
        thumb = Strip([Segment("▐", Style(color=self._theme.accent, bgcolor=self._theme.background))])
        for y in range(top, min(bottom, height)):
            self._rows[y] = Strip.join([self._rows[y].crop(0, self.size.width - 1), thumb])

    @property
    def _lines(self) -> Sequence[Entry]:
        return self._buffer.entries if self._buffer is not None else ()

    def _rows_of(self, index: int) -> Sequence[Strip]:
        entries = self._lines
        entry = entries[index]
        around = self._surroundings(entries[index - 1] if index else None, entry)
        known = self._blocks.get(entry.number)
        if known is not None and known[0] == around:
            return known[1].rows
        if len(self._blocks) >= BLOCKS_LIMIT:
            self._blocks.clear()
        quoted = self._buffer.by_msgid.get(entry.reply_to) if self._buffer is not None else None
        block = self._drawing.block(entry, around, quoted, is_open=entry.number in self._opened)
        self._blocks[entry.number] = around, block
        return block.rows

    def _surroundings(self, above: Entry | None, entry: Entry) -> Surroundings:
        is_first = entry is self._place.first_unread
        if above is None:
            return Surroundings(day=day_title(entry.at), is_first_unread=is_first)
        is_other_day = not same_day(above.at, entry.at)
        continues = (
            above.nick == entry.nick
            and above.kind is entry.kind is EntryKind.MESSAGE
            and entry.at - above.at < TOGETHER_S
            and not (is_other_day or is_first or entry.reply_to)
        )
        return Surroundings(day_title(entry.at) if is_other_day else "", is_first, continues)

    # --- moving ---------------------------------------------------------------------------------------------

    def scroll_rows(self, delta: int) -> None:
        """Scroll by rows, up if `delta` is negative."""
        viewport, height = self._place.viewport, self.size.height
        moved = viewport.scroll(self._lines, self._rows_of, height, delta)
        self._moved(wants_older=delta < 0 and (not moved or self._is_near_top()))

    def _is_near_top(self) -> bool:
        """Tell whether less than one screen of entries is above."""
        viewport, height = self._place.viewport, self.size.height
        visible = viewport.visible(self._lines, self._rows_of, height)
        return not visible or visible[0][0] < height

    def scroll_to_end(self) -> None:
        self._place.viewport.to_end()
        self._moved()

    def jump(self, entry: Entry) -> None:
        """Select an entry and scroll it to the middle."""
        self.chosen = entry
        viewport, height = self._place.viewport, self.size.height
        viewport.to_line(entry)
        viewport.scroll(self._lines, self._rows_of, height, height // 2)
        self._moved()

    def _moved(self, *, wants_older: bool = False) -> None:
        self.refresh()
        self.post_message(self.Moved(wants_older=wants_older))

    def action_page(self, direction: int) -> None:
        self.scroll_rows(direction * max(self.size.height - 2, 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(-WHEEL_ROWS)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(WHEEL_ROWS)


def same_day(one: float, other: float) -> bool:
    return int(one // 60) == int(other // 60) or date.fromtimestamp(one) == date.fromtimestamp(other)


def day_title(at: float) -> str:
    """Name a day, in English on every machine."""
    day = date.fromtimestamp(at)
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
