"""The window that asks for a password: the text is not shown, and no history stores it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from client.ui.field import Field


class PasswordWindow(ModalScreen[str | None]):
    """Returns the password, None for Escape."""

    DEFAULT_CSS = """
    PasswordWindow { align: center middle; }
    PasswordWindow > Vertical {
        width: 60; max-width: 96%; height: auto; padding: 0 2;
        background: $panel; border: round $accent; border-title-color: $accent; border-subtitle-color: $dim;
    }
    PasswordWindow Input, PasswordWindow Input:focus {
        border: none; border-left: outer $accent; height: 1; padding: 0 1; background: $background; color: $foreground;
        margin: 1 0;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close", priority=True)]

    def __init__(self, title: str, question: str, escape: str) -> None:
        """`escape` describes what Escape does."""
        super().__init__()
        self._title = title
        self._question = question
        self._escape = escape

    def compose(self) -> ComposeResult:
        with Vertical() as window:
            window.border_title = self._title
            window.border_subtitle = f"Enter goes on · Esc {self._escape}"
            yield Static(self._question, markup=False)
            yield Field(is_secret=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value:
            self.dismiss(event.value)
