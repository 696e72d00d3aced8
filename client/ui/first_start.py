"""The first start: the window that asks for a nick."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from client.ui.field import Field
from gateway.wire.names import suggest_nick, valid_nick


class FirstStart(Screen[str | None]):
    """Asks for a nick; Enter accepts the suggestion. Returns None if the user leaves."""

    DEFAULT_CSS = """
    FirstStart { align: center middle; background: $background; }
    FirstStart > Vertical { width: 54; max-width: 100%; height: auto; padding: 0 2; }
    FirstStart .title { color: $accent; text-style: bold; margin-bottom: 1; }
    FirstStart Input, FirstStart Input:focus {
        border: none; border-left: outer $accent; height: 1; padding: 0 1; background: $panel; color: $foreground;
        margin: 1 0;
    }
    FirstStart .note { color: $dim; height: 2; }
    FirstStart .note.-wrong { color: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+q,ctrl+c", "leave", "Leave", priority=True)]

    def __init__(self, suggestion: str) -> None:
        super().__init__()
        self._suggestion = suggestion

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("h u b b u b", classes="title", markup=False)
            yield Static("What shall people here call you?", markup=False)
            yield Field(self._suggestion, max_length=40)
            yield Static("Enter goes on · Esc leaves", classes="note", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        name = event.value.strip() or self._suggestion
        if valid_nick(name):
            self.dismiss(name)
            return
        note = self.query_one(".note", Static)
        note.update("A name has up to 30 letters (a-z), digits, - or _, and begins with a letter. Is this one good?")
        note.add_class("-wrong")
        event.input.value = suggest_nick(name)

    def action_leave(self) -> None:
        self.dismiss(None)
