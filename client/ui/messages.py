"""The messages of one conversation: only what is in view is drawn.

Owns the place where the person reads in each buffer, the message they have chosen, and the rows that were drawn last.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from client.buffer import Buffer, Entry, EntryKind
from client.ui.blocks import Block, Drawing, Surroundings
from client.ui.field import actions_of
from client.ui.theme import Theme
from client.ui.viewport import Viewport

BLOCKS_LIMIT: Final = 500  # lines whose rows are kept; then they are drawn again
TOGETHER_S: Final = 300.0  # what one person says within it has their name once
WHEEL_ROWS: Final = 3


@dataclass(slots=True)
class _Place:
    """Where the person is in one buffer."""

    viewport: Viewport = field(default_factory=Viewport)
    unread_from: float | None = None  # what was said after it was new when they came
    unread_until: float = math.inf
    first_unread: Entry | None = None

    def look_for_unread(self, entries: Iterable[Entry]) -> None:
        if self.unread_from is not None and self.first_unread is None:
            since, until = self.unread_from, self.unread_until
            unread = (entry for entry in entries if entry.is_message and not entry.is_own and since < entry.at <= until)
            self.first_unread = next(unread, None)


class MessageView(Widget):
    """The lines of the buffer in focus; while a message is chosen, the line that is typed hands its keys over."""

    DEFAULT_CSS = """
    MessageView { height: 1fr; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", "Earlier"),
        Binding("down", "choose(1)", "Later"),
        Binding("pageup", "page(-1)", "Page up"),
        Binding("pagedown", "page(1)", "Page down"),
        Binding("home", "choose_first", "First"),
        Binding("end,escape", "leave", "Back"),
        Binding("r", "ask('reply')", "Reply"),
        Binding("e", "ask('react')", "React"),
        Binding("d,delete", "delete", "Delete"),
        Binding("y", "ask('copy')", "Copy"),
        Binding("c", "ask('copy_code')", "Copy the code"),
        Binding("o", "ask('open')", "Open link"),
        Binding("enter", "open", "Open"),
    ]

    class Asked(Message):
        """Something is to be done with the chosen message: reply, react, redact, copy, open, join."""

        def __init__(self, what: str, entry: Entry) -> None:
            super().__init__()
            self.what = what
            self.line = entry

    class Moved(Message):
        """The place has changed; `wants_older` where the beginning of what is loaded is in view."""

        def __init__(self, *, wants_older: bool) -> None:
            super().__init__()
            self.wants_older = wants_older

    class LinkClicked(Message):
        def __init__(self, address: str) -> None:
            super().__init__()
            self.address = address

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.chosen: Entry | None = None
        self.is_to_confirm = False  # the chosen message is deleted when that is asked for once more
        self._buffer: Buffer | None = None
        self._places: dict[str, _Place] = {}
        self._place = _Place()
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
        """Turn to a buffer; what was said after `unread_from`, up to `unread_until`, is new to the person."""
        self._buffer = buffer
        self._place = self._places.setdefault(buffer.name, _Place())
        if unread_from is not None:
            self._place.unread_from, self._place.first_unread = unread_from, None
            self._place.unread_until = unread_until
        self._place.look_for_unread(buffer.entries)
        self.stop_choosing()
        self._forget_drawn()
        self._opened.clear()
        self.refresh()

    def mark_unread(self, unread_from: float) -> None:
        """What comes from now on is new: the person looks elsewhere."""
        self._place.unread_from, self._place.first_unread = unread_from, None
        self._place.unread_until = math.inf
        self._forget_drawn()

    def forget(self, name: str) -> None:
        self._places.pop(name, None)

    def wear(self, theme: Theme) -> None:
        """Draw everything in another look."""
        self._theme = theme
        self._forget_drawn()
        self.refresh()

    def take(self, changed: Iterable[Entry], added: Iterable[Entry], dropped: Iterable[Entry]) -> None:
        """Note what became of lines of the buffer in view, and draw once."""
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

    def refresh(self, *regions: object, **options: bool) -> "MessageView":
        self._rows = []
        super().refresh(*regions, **options)  # type: ignore[arg-type]
        return self

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give the rows as they are: they have their styles already, and nothing stands around them.

        Where colours are to be left out, Textual's own way does that, which takes twice the time.
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
        """Say in the first row that what comes before is on its way."""
        if self._buffer is not None and self._buffer.is_loading and self._rows:
            style = Style(color=self._theme.dim, bgcolor=self._theme.background)
            self._rows[0] = Strip([Segment(" loading what was said before …", style)]).adjust_cell_length(
                self.size.width, style
            )

    def _draw_thumb(self, first: int, last: int) -> None:
        """Show in the last column where in the lines this is; by lines, for rows are not counted."""
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
        """Move by rows, up where `delta` is negative."""
        viewport, height = self._place.viewport, self.size.height
        moved = viewport.scroll(self._lines, self._rows_of, height, delta)
        self._moved(wants_older=delta < 0 and (not moved or self._is_near_top()))

    def _is_near_top(self) -> bool:
        """Whether less than another screen of lines is above."""
        viewport, height = self._place.viewport, self.size.height
        visible = viewport.visible(self._lines, self._rows_of, height)
        return not visible or visible[0][0] < height

    def scroll_to_end(self) -> None:
        self._place.viewport.to_end()
        self._moved()

    def jump(self, entry: Entry) -> None:
        """Choose a line and bring it into the middle of the view."""
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

    # --- choosing -------------------------------------------------------------------------------------------

    def begin_choosing(self) -> None:
        """Choose the lowest message in view."""
        shown = [entry for entry in self._row_lines if entry is not None and can_be_chosen(entry)]
        if shown:
            self.chosen = shown[-1]
            self.refresh()

    def stop_choosing(self) -> None:
        if self.chosen is not None:
            self.chosen, self.is_to_confirm = None, False
            self._moved()

    async def take_key(self, key: str) -> bool:
        """Act on a key while a message is chosen; False for a key that means nothing here: that ends the choosing."""
        if self.chosen is None:
            return False
        is_confirmed, self.is_to_confirm = self.is_to_confirm, False
        action = _ACTIONS.get(key)
        if is_confirmed and key in ("enter", "delete"):
            self.action_ask("redact")
            self.stop_choosing()
        elif is_confirmed and key == "escape":
            self._moved()
        elif action is not None and not (is_confirmed and len(key) == 1):
            await self.run_action(action)
        else:
            self.stop_choosing()
            return False
        return True

    def action_choose(self, step: int) -> None:
        entries = self._lines
        index = next((index for index, entry in enumerate(entries) if entry is self.chosen), len(entries))
        index += step
        while 0 <= index < len(entries) and not can_be_chosen(entries[index]):
            index += step
        if not 0 <= index < len(entries):
            self.scroll_rows(step * WHEEL_ROWS)
            return
        self.chosen = entries[index]
        self._bring_into_view(index)

    def _bring_into_view(self, index: int) -> None:
        shown = [shown for shown, _ in self._place.viewport.visible(self._lines, self._rows_of, self.size.height)]
        rows = len(self._rows_of(index))
        if index in shown and shown.count(index) == rows:
            self._moved()
        elif not shown or index <= shown[0]:
            above = rows - shown.count(index) + sum(len(self._rows_of(i)) for i in range(index + 1, shown[0]))
            self.scroll_rows(-above)
        else:
            self._place.viewport.to_line(self._lines[index])
            self.scroll_rows(0)

    def action_choose_first(self) -> None:
        if self._lines:
            self.jump(self._lines[0])
            self._moved(wants_older=True)

    def action_leave(self) -> None:
        self.stop_choosing()
        self.scroll_to_end()

    def action_delete(self) -> None:
        """Ask whether the chosen message shall be deleted: there is no way back."""
        if self.chosen is not None and self.chosen.msgid and not self.chosen.is_redacted:
            self.is_to_confirm = True
            self._moved()
        else:
            self.action_ask("redact")

    def action_ask(self, what: str) -> None:
        if self.chosen is not None:
            self.post_message(self.Asked(what, self.chosen))

    def action_open(self) -> None:
        """Open the rest of a long message, else the link in it."""
        entry = self.chosen
        known = self._blocks.get(entry.number) if entry is not None else None
        if entry is None:
            return
        if entry.invites_to:
            self.action_ask("join")
        elif known is not None and known[1].is_folded:
            self._opened.add(entry.number)
            del self._blocks[entry.number]
            self.refresh()
        else:
            self.action_ask("open")

    def on_click(self, event: events.Click) -> None:
        address = event.style.meta.get("link")
        entry = self._row_lines[event.y] if event.y < len(self._row_lines) else None
        if event.style.meta.get("joins") and entry is not None:
            self.post_message(self.Asked("join", entry))
        elif address:
            self.post_message(self.LinkClicked(str(address)))
        elif entry is not None and can_be_chosen(entry):
            was_chosen = entry is self.chosen
            self.chosen = entry
            self._moved()
            if was_chosen:
                self.action_open()


def same_day(one: float, other: float) -> bool:
    return int(one // 60) == int(other // 60) or date.fromtimestamp(one) == date.fromtimestamp(other)


def can_be_chosen(entry: Entry) -> bool:
    """Whether there is anything that can be done with a line."""
    return entry.is_message or bool(entry.absorbed) or bool(entry.invites_to)


def day_title(at: float) -> str:
    """Name a day, in English on every machine."""
    day = date.fromtimestamp(at)
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


_ACTIONS: Final = actions_of(MessageView.BINDINGS)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
