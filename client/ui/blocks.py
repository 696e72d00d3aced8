"""An entry of a buffer as rows of a screen: time, nick, text, and reactions.

    12:04    alice  Good morning
    12:04           Is anybody there?              the same person: each message has its time
                    ┌ alice: Good morning          the message that is answered
    12:04    bob    Good morning!
                    👍 2  🎉 1                      reactions

Owns the columns of a row. Pure; on the thread of the interface.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from client.buffer import Entry, EntryKind, SendResult
from client.ui.formatted_text import FormattedText
from client.ui.theme import Theme
from client.ui.wrapping import crop, tame

FOLDED_ROWS: Final = 12  # of a long message, until the user opens it
_TIME_WIDTH: Final = 6  # "12:04 "
_MARKS: Final = {EntryKind.EVENT: "·", EntryKind.STATUS: "–", EntryKind.ERROR: "!", EntryKind.ACTION: "*"}


@dataclass(frozen=True, slots=True)
class Grid:
    """The columns of a view: one for a mark, the time, the nick, two of space, the text, one for scrolling."""

    width: int

    @property
    def nick_width(self) -> int:
        return min(max(self.width // 6, 8), 14)

    @property
    def text_at(self) -> int:
        return 1 + _TIME_WIDTH + self.nick_width + 2

    @property
    def text_width(self) -> int:
        return max(self.width - self.text_at - 1, 8)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The surroundings of an entry that change how it is drawn."""

    day: str = ""  # the title of the day that begins with this entry
    is_first_unread: bool = False
    continues: bool = False  # the entry above is by the same person, shortly before


@dataclass(slots=True)
class Block:
    """The rows of one entry; `text_rows` are those of its text."""

    rows: list[Strip] = field(default_factory=list)
    is_folded: bool = False  # there are more rows


class Drawing:
    """Draws the entries of one view, in one theme and width."""

    def __init__(self, theme: Theme, width: int) -> None:
        self._theme = theme
        self._width = width
        self._grid = Grid(width)
        self._formatted = FormattedText(theme, self._grid.text_width)
        self._blank = Style()
        self._text = theme.style("text")
        self._dim = theme.style("dim")
        self._line = theme.style("line")
        self._accent = theme.style("accent")
        self._bad = theme.style("bad")
        self._mention = theme.style("mention")
        self._ground = Style(color=theme.text, bgcolor=theme.background)
        self._tinted = Style(color=theme.text, bgcolor=theme.tint)

    def block(self, entry: Entry, around: Surroundings, quoted: Entry | None, *, is_open: bool = False) -> Block:
        """Draw an entry; `quoted` is the one that it answers, if it is loaded."""
        block = Block()
        if around.day:
            block.rows.append(self._rule(around.day, self._dim))
        if around.is_first_unread:
            block.rows.append(self._rule("new", self._mention))
        rows = list(self._text_rows(entry, is_open=is_open))
        if len(rows) > FOLDED_ROWS + 2 and not is_open:
            rest = f"… {len(rows) - FOLDED_ROWS:,} more rows"
            rows = [*rows[:FOLDED_ROWS], [Segment(rest, self._accent)]]
            block.is_folded = True
        block.is_folded |= bool(entry.absorbed) and not is_open
        if entry.reply_to:
            rows.insert(0, self._quote(quoted))
        rows += self._remarks(entry)
        for number, row in enumerate(rows):
            head = self._head(entry, around) if number == 0 else self._margin(entry)
            block.rows.append(self._strip(entry, head, row))
        return block

    # --- the columns before the text ------------------------------------------------------------------------

    def _head(self, entry: Entry, around: Surroundings) -> list[Segment]:
        time = f"{datetime.fromtimestamp(entry.at):%H:%M}"
        is_waiting = entry.send_result is SendResult.WAITING
        mark, style = self._mark(entry)
        return [
            Segment(mark, style),
            Segment(f"{'waits' if is_waiting else time:<{_TIME_WIDTH}}", self._mention if is_waiting else self._dim),
            *self._name(entry, around),
            Segment("  ", self._blank),
        ]

    def _margin(self, entry: Entry) -> list[Segment]:
        mark, style = self._mark(entry)
        return [Segment(mark, style), Segment(" " * (self._grid.text_at - 1), self._blank)]

    def _mark(self, entry: Entry) -> tuple[str, Style]:
        if entry.send_result is SendResult.FAILED:
            return "▌", self._bad
        if entry.is_mention:
            return "▌", self._mention
        return " ", self._blank

    def _name(self, entry: Entry, around: Surroundings) -> list[Segment]:
        width = self._grid.nick_width
        if entry.kind in (EntryKind.MESSAGE, EntryKind.NOTICE):
            if around.continues:
                return [Segment(" " * width, self._blank)]
            nick = tame(entry.nick)
            nick = crop(f"-{nick}-" if entry.kind is EntryKind.NOTICE else nick, width)
            style = Style(color=self._theme.nick_colour(entry.nick), bold=True)
            return [Segment(" " * (width - cell_len(nick)), self._blank), Segment(nick, style)]
        style = {EntryKind.ERROR: self._bad, EntryKind.ACTION: self._nick_style(entry.nick)}.get(entry.kind, self._dim)
        return [Segment(_MARKS[entry.kind].rjust(width), style)]

    def _nick_style(self, nick: str) -> Style:
        return Style(color=self._theme.nick_colour(nick))

    # --- the text -------------------------------------------------------------------------------------------

    def _text_rows(self, entry: Entry, *, is_open: bool) -> Iterator[list[Segment]]:
        if entry.is_redacted:
            reason = f": {entry.redaction_reason}" if entry.redaction_reason else ""
            text = tame(f"deleted by {entry.redacted_by}{reason}")
            yield [Segment(crop(text, self._grid.text_width), self._dim + Style(italic=True))]
            return
        said = entry.raw_text or entry.text
        if entry.absorbed and is_open:
            said = "\n".join(f"{datetime.fromtimestamp(each.at):%H:%M} {each.text}" for each in entry.absorbed)
        yield from self._formatted.rows(entry, said, self._text_style(entry))

    def _text_style(self, entry: Entry) -> Style:
        if entry.send_result is SendResult.WAITING:
            return self._dim + Style(italic=True)
        if entry.send_result is SendResult.FAILED or entry.kind is EntryKind.ERROR:
            return self._bad
        return self._text if entry.is_message else self._dim

    # --- around the text ------------------------------------------------------------------------------------

    def _quote(self, quoted: Entry | None) -> list[Segment]:
        if quoted is None:
            return [Segment("┌ a message that is not loaded", self._dim)]
        said = "deleted" if quoted.is_redacted else tame(quoted.text).replace("\n", " ")
        nick = crop(tame(quoted.nick), self._grid.nick_width)
        room = self._grid.text_width - cell_len(nick) - 4
        return [
            Segment("┌ ", self._dim),
            Segment(nick, self._nick_style(quoted.nick)),
            Segment(f": {crop(said, max(room, 1))}", self._dim),
        ]

    def _remarks(self, entry: Entry) -> Iterator[list[Segment]]:
        if entry.send_result is SendResult.FAILED:
            yield [Segment(crop(f"not sent: {tame(entry.problem)}", self._grid.text_width), self._bad)]
        if entry.invites_to:
            button = self._accent + Style(bgcolor=self._theme.raised, bold=True, meta={"joins": True})
            yield [Segment(crop(f" Join {tame(entry.invites_to)} ", self._grid.text_width), button)]
        if entry.reactions and not entry.is_redacted:
            yield from self._reactions(entry.reactions)

    def _reactions(self, reactions: dict[str, list[str]]) -> Iterator[list[Segment]]:
        chip = self._dim + Style(bgcolor=self._theme.raised)
        row: list[Segment] = []
        left = self._grid.text_width
        for what, nicks in reactions.items():
            text = f" {crop(tame(what), 16)} {len(nicks)} "
            size = cell_len(text) + 1
            if row and size > left:
                yield row
                row, left = [], self._grid.text_width
            row += [Segment(text, chip), Segment(" ", self._blank)]
            left -= size
        yield row

    def _rule(self, title: str, style: Style) -> Strip:
        """Draw a rule over the whole width with a few words at its right end."""
        title = crop(title, self._width - 6)
        left = self._width - cell_len(title) - 5
        edge = style if style is self._mention else self._line
        row = [Segment(" " + "─" * left + " ", edge), Segment(title, style), Segment(" ─ ", edge)]
        return Strip(row, self._width).apply_style(self._ground)

    def _strip(self, entry: Entry, head: list[Segment], row: list[Segment]) -> Strip:
        ground = self._tinted if entry.is_mention else self._ground
        segments = [Segment(text, ground + style) for text, style, _ in [*head, *row]]
        room = self._width - sum(cell_len(segment.text) for segment in segments)
        segments.append(Segment(" " * room, ground))
        return Strip(segments, self._width) if room >= 0 else Strip(segments).adjust_cell_length(self._width)
