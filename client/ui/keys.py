"""The keys of the interface, in one table: for the bindings, the help window, and the command palette.

The keys of the prompt and of a selected message are with their widgets.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Key:
    """A key, the action of the chat screen that it runs, and its description."""

    key: str  # as Textual names it; several are separated by commas
    shown: str
    action: str
    title: str
    is_offered: bool = True  # in the palette


KEYS: Final = (
    Key("f1", "F1", "app.help", "Keys and commands"),
    Key("ctrl+p,ctrl+k", "Ctrl+P", "app.palette", "Go to a room or a person, or run an action", is_offered=False),
    Key("ctrl+f", "Ctrl+F", "app.search", "Search in this conversation"),
    Key("alt+a", "Alt+A", "next_unread", "Next conversation with unread messages"),
    Key("alt+up", "Alt+↑", "turn(-1)", "Previous conversation"),
    Key("alt+down", "Alt+↓", "turn(1)", "Next conversation"),
    Key("alt+w", "Alt+W", "close", "Close this conversation; leaves a room"),
    Key("f2", "F2", "toggle_rooms", "Show or hide the list of conversations"),
    Key("f3", "F3", "toggle_members", "Show or hide the list of members"),
    Key("f4", "F4", "app.toggle_look", "Dark or light"),
    Key("ctrl+end", "Ctrl+End", "end", "To the newest message"),
    Key("ctrl+l", "Ctrl+L", "redraw", "Redraw the screen"),
    Key("ctrl+q", "Ctrl+Q", "app.leave", "Leave"),
)

WRITING: Final = (
    ("Enter", "send the message"),
    ("Alt+Enter, Ctrl+J", "a new line in the same message"),
    ("Tab", "complete a name, #room, /command or :emoji:"),
    ("↑ ↓", "earlier entries"),
    ("PgUp PgDn", "scroll; loads older messages"),
    ("Esc", "select a message"),
)

CHOSEN: Final = (
    ("↑ ↓", "another message"),
    ("r", "reply"),
    ("e", "react"),
    ("d, Enter", "delete"),
    ("y", "copy"),
    ("c", "copy the code in it"),
    ("o", "open the link in it"),
    ("Enter", "show all of a long message"),
    ("Esc, any other letter", "back to the prompt"),
)
