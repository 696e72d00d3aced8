"""A window with an input line and a list of matches, for rooms, people, actions and messages.

Owns the keys. Subclasses do the finding.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from client.ui.bars import Bar
from client.ui.field import Field
from client.ui.listing import Listing
from client.ui.theme import Theme

T = TypeVar("T")


class Finder(ModalScreen[T | None], Generic[T]):
    """A window: Enter returns the item under the cursor, Escape returns None."""

    DEFAULT_CSS = """
    Finder { align: center top; }
    Finder > Vertical {
        width: 80%; max-width: 90; min-width: 40; height: auto; max-height: 80%; margin-top: 1;
        background: $panel; border: round $accent; border-title-color: $accent; border-subtitle-color: $dim;
        padding: 0 1;
    }
    Finder Input, Finder Input:focus { border: none; height: 1; padding: 0; background: $panel; color: $foreground; }
    Finder Listing { height: auto; max-height: 16; margin-top: 1; }
    Finder .empty { background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close"),
        Binding("up", "move(-1)", "Up", priority=True),
        Binding("down", "move(1)", "Down", priority=True),
        Binding("pageup", "move(-10)", "Page up", priority=True),
        Binding("pagedown", "move(10)", "Page down", priority=True),
    ]

    def __init__(
        self,
        theme: Theme,
        title: str,
        placeholder: str,
        wanted: str,
        draw: Callable[[T, Theme, int], Sequence[Segment]],
    ) -> None:
        super().__init__()
        self.theme = theme
        self._title = title
        self._placeholder = placeholder
        self._wanted = wanted
        self.found: Listing[T] = Listing(theme, draw, id="found")
        self.note = Bar(theme, id="note")

    def compose(self) -> ComposeResult:
        with Vertical() as window:
            window.border_title = self._title
            yield Field(self._wanted, placeholder=self._placeholder, id="wanted")
            yield self.found
            yield self.note

    def on_mount(self) -> None:
        self.look_for(self._wanted)

    def look_for(self, text: str) -> None:
        """Find the matches, and call `show`."""
        raise NotImplementedError

    def show(self, items: Sequence[T], note: str = "") -> None:
        """Show the matches, with the cursor on the first, and a note below."""
        keeps = self.found.cursor if self.found.cursor > 0 else 0
        self.found.show(items, min(keeps, len(items) - 1))
        self.found.styles.height = max(min(len(items), 16), 1)
        self.note.show([Segment(note, self.theme.style("dim"))] if note else [])

    def on_input_changed(self, event: Input.Changed) -> None:
        self.found.cursor = 0
        self.look_for(event.value)

    def on_input_submitted(self) -> None:
        self.dismiss(self.found.current)

    def on_listing_picked(self, event: Listing.Picked) -> None:
        event.stop()
        self.dismiss(self.found.items[event.index])

    def action_move(self, step: int) -> None:
        self.found.move(step)
