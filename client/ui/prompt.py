"""The prompt: the text that the user writes, with completion and the texts entered before.

Owns the text, its purpose (a reply, a reaction), and the confirmation of many pasted lines.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from client.buffer import Entry
from client.commands import holds_secret
from client.ui.completion import Completion, Names, complete, is_shown_while_typing
from client.ui.field import actions_of
from client.ui.input_history import InputHistory

LINES_UNASKED: Final = 5  # more lines than this are sent when Enter is pressed a second time


@dataclass(frozen=True, slots=True)
class Purpose:
    """The purpose of the text: to "reply" or to "react" to an entry."""

    what: str
    entry: Entry


class Prompt(TextArea):
    """The text that is being written."""

    DEFAULT_CSS = """
    Prompt, Prompt:focus {
        height: auto; max-height: 6; border: none; padding: 0 1;
        background: $background; color: $foreground;
        scrollbar-size-vertical: 1;
    }
    Prompt .text-area--cursor-line { background: $background; }
    Prompt .text-area--placeholder { color: $dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("alt+enter,shift+enter,ctrl+j", "newline", "New line", show=False),
        Binding("pageup", "page(-1)", "Earlier", show=False),
        Binding("pagedown", "page(1)", "Later", show=False),
    ]

    class Submitted(Message):
        def __init__(self, text: str, purpose: Purpose | None) -> None:
            super().__init__()
            self.text = text
            self.purpose = purpose

    class Edited(Message):
        """The text, its purpose or its completions have changed."""

    class Escaped(Message):
        """Escape was pressed when there was nothing to cancel."""

    class Paged(Message):
        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    def __init__(self, names: Callable[[], Names], divert: Callable[[events.Key], Awaitable[bool]]) -> None:
        """`names` returns the names for completion; `divert` gets each key first, and returns whether it used it."""
        super().__init__(
            compact=True, soft_wrap=True, highlight_cursor_line=False, placeholder="Say something", id="prompt"
        )
        self.cursor_blink = False  # an idle screen draws nothing, also over a slow connection
        self._names = names
        self._divert = divert
        self.purpose: Purpose | None = None
        self.completion = Completion(0)
        self.offered = -1  # the index of the completion in the text; -1: none
        self.is_to_confirm = False
        self._input_history = InputHistory()
        self._completed: str | None = None  # the text after the last completion

    # --- the text -------------------------------------------------------------------------------------------

    def put(self, text: str) -> None:
        """Set the text, with the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)

    def begin(self, purpose: Purpose | None) -> None:
        """Set the purpose of the text; None: a plain message."""
        self.purpose = purpose
        self.focus()
        self.post_message(self.Edited())

    @property
    def line_count(self) -> int:
        return len(self.text.strip("\n").split("\n"))

    @property
    def _before_cursor(self) -> str:
        return self.get_text_range((0, 0), self.cursor_location)

    def on_text_area_changed(self) -> None:
        self.is_to_confirm = False
        if self.text != self._completed:
            self.offered, self._completed = -1, None
            before = self._before_cursor
            self.completion = complete(before, self._names()) if is_shown_while_typing(before) else Completion(0)
        self.post_message(self.Edited())

    # --- keys -----------------------------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        if await self._divert(event):
            event.stop()
            event.prevent_default()
            return
        action = {
            "enter": self._submit,
            "tab": lambda: self._complete(1),
            "shift+tab": lambda: self._complete(-1),
            "escape": self._escape,
        }.get(event.key)
        binding = _ACTIONS.get(event.key)
        if action is None and binding is None:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        if action is not None:
            action()
        elif binding is not None:
            await self.run_action(binding)

    def action_newline(self) -> None:
        self.insert("\n")

    def action_page(self, direction: int) -> None:
        self.post_message(self.Paged(direction))

    def action_cursor_up(self, select: bool = False) -> None:
        if self.navigator.is_first_wrapped_line(self.cursor_location) and not select:
            self._recall(1)
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if self.navigator.is_last_wrapped_line(self.cursor_location) and not select:
            self._recall(-1)
        else:
            super().action_cursor_down(select)

    def _recall(self, back: int) -> None:
        if (text := self._input_history.step(back, self.text)) is not None:
            self.put(text)

    def _submit(self) -> None:
        text = self.text.strip("\n")
        if self.line_count > LINES_UNASKED and not self.is_to_confirm:
            self.is_to_confirm = True
            self.post_message(self.Edited())
        elif text.strip():
            if not holds_secret(text):
                self._input_history.add(text)
            purpose, self.purpose = self.purpose, None
            self.put("")
            self.post_message(self.Submitted(text, purpose))

    def _escape(self) -> None:
        if self.is_to_confirm or self.purpose is not None or self.completion.offers:
            self.is_to_confirm = False
            self.purpose = None
            self.completion = Completion(0)
            self.post_message(self.Edited())
        else:
            self.post_message(self.Escaped())

    def _complete(self, step: int) -> None:
        """Replace the word, or the last completion, by the next completion."""
        if self.offered < 0:
            self.completion = complete(self._before_cursor, self._names())
        offers = self.completion.offers
        if not offers:
            return
        if self.offered < 0:
            self.offered = -1 if step > 0 else 0
        self.offered = (self.offered + step) % len(offers)
        before, after = self._before_cursor, self.text[len(self._before_cursor) :]
        text = before[: self.completion.start] + offers[self.offered].text
        self.text = self._completed = text + after
        self.move_cursor(self._location(len(text)))

    def _location(self, index: int) -> tuple[int, int]:
        before = self.text[:index].split("\n")
        return len(before) - 1, len(before[-1])


_ACTIONS: Final = actions_of([*TextArea.BINDINGS, *Prompt.BINDINGS])
