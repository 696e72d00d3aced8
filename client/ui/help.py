"""The help window: the keys, the actions on a message, and the commands."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from client.ui.keys import CHOSEN, KEYS, WRITING
from client.ui.listing import Listing
from client.ui.theme import Theme
from client.ui.wrapping import crop, padded

Row = tuple[str, str]  # a key or command, and what it does; ("", title) begins a section, ("", "") is a gap


class Help(ModalScreen[None]):
    """A window with all keys and commands; any key closes it."""

    DEFAULT_CSS = """
    Help { align: center middle; }
    Help > Vertical {
        width: 90%; max-width: 84; height: auto; max-height: 95%;
        background: $panel; border: round $accent; border-title-color: $accent; border-subtitle-color: $dim;
        padding: 0 1;
    }
    Help Listing { height: auto; max-height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,enter", "dismiss", "Close"),
        Binding("up,k", "scroll(-1)", "Up"),
        Binding("down,j", "scroll(1)", "Down"),
        Binding("pageup", "scroll(-10)", "Page up"),
        Binding("pagedown,space", "scroll(10)", "Page down"),
    ]

    def __init__(self, theme: Theme, commands: Iterable[Row]) -> None:
        super().__init__()
        self._rows = list(help_rows(commands))
        self._listing: Listing[Row] = Listing(theme, draw_row, id="help")

    def compose(self) -> ComposeResult:
        with Vertical() as window:
            window.border_title = "Keys and commands"
            window.border_subtitle = "Esc closes"
            yield self._listing

    def on_mount(self) -> None:
        self._listing.show(self._rows)
        self._listing.styles.height = len(self._rows)

    def action_scroll(self, rows: int) -> None:
        self._listing.scroll_relative(y=rows, animate=False)


def help_rows(commands: Iterable[Row]) -> list[Row]:
    keys = [(key.shown, key.title) for key in KEYS]
    parts = (("Everywhere", keys), ("Writing", WRITING), ("A selected message (Esc, or a click)", CHOSEN))
    rows: list[Row] = []
    for title, entries in (*parts, ("Commands", commands)):
        rows += [("", ""), ("", title), *entries]
    return rows[1:]


def draw_row(row: Row, theme: Theme, width: int) -> Sequence[Segment]:
    left, right = row
    if not left:
        return [Segment(right, theme.style("accent", bold=True))]
    column = min(24, width // 3)
    if len(left) > column:
        column = min(len(left) + 1, width)
    return [
        Segment("  " + padded(left, column), theme.style("text", bold=True)),
        Segment(" " + crop(right, max(width - column - 3, 0)), theme.style("dim")),
    ]
