"""The messages of one conversation: which is selected, and what its keys do."""

import math
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from client.buffer import Buffer, Entry
from client.ui.entry_view import WHEEL_ROWS, EntryView
from client.ui.field import actions_of
from client.ui.theme import Theme


class MessageView(EntryView):
    """The entries of the buffer in focus. While one is selected, the prompt passes its keys on to this view."""

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
        """The user wants to do something with the selected message: reply, react, redact, copy, open, join."""

        def __init__(self, what: str, entry: Entry) -> None:
            super().__init__()
            self.what = what
            self.entry = entry

    class LinkClicked(Message):
        def __init__(self, address: str) -> None:
            super().__init__()
            self.address = address

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.is_to_confirm = False  # the selected message is deleted when the user confirms

    def show(self, buffer: Buffer, unread_from: float | None, unread_until: float = math.inf) -> None:
        self.stop_choosing()
        super().show(buffer, unread_from, unread_until)

    # --- choosing -------------------------------------------------------------------------------------------

    def begin_choosing(self) -> None:
        """Select the lowest message in view."""
        shown = [entry for entry in self._row_lines if entry is not None and can_be_chosen(entry)]
        if shown:
            self.chosen = shown[-1]
            self.refresh()

    def stop_choosing(self) -> None:
        if self.chosen is not None:
            self.chosen, self.is_to_confirm = None, False
            self._moved()

    async def take_key(self, key: str) -> bool:
        """Act on a key while a message is selected; any other key ends the selection, and False is returned."""
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
        """Ask for a confirmation before the selected message is deleted: that cannot be undone."""
        if self.chosen is not None and self.chosen.msgid and not self.chosen.is_redacted:
            self.is_to_confirm = True
            self._moved()
        else:
            self.action_ask("redact")

    def action_ask(self, what: str) -> None:
        if self.chosen is not None:
            self.post_message(self.Asked(what, self.chosen))

    def action_open(self) -> None:
        """Show all of a long message, or else open the link in it."""
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


def can_be_chosen(entry: Entry) -> bool:
    """Tell whether an entry can be selected: whether there is something to do with it."""
    return entry.is_message or bool(entry.absorbed) or bool(entry.invites_to)


_ACTIONS: Final = actions_of(MessageView.BINDINGS)
