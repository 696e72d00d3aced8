"""What a person types, or a pipe brings, as the message that it means.

Owns what this client adds to the plain-text dialect of the gateways (gateway.wire.text), and the rule for
pipes. Pure; any thread.
"""

import re
from typing import Final

from gateway.wire import text
from gateway.wire.message import Message

HELP: Final = f"{text.HELP}\n/topic [TEXT]     see or set what the room is about"

_COMMAND = re.compile(r"//?(?:nick|join|part|msg|who|me|help|quit|topic)(?: .*)?", re.IGNORECASE)


def from_person(line: str, room: str) -> Message | str | None:
    """Read a typed line, without its end; `room` is where they talk now, "" for nowhere.

    Gives the message that it means, or a text to show them instead, or None where nothing was said.
    """
    word, _, rest = text.strip_controls(line).partition(" ")
    match word.lower(), rest.split():
        case "/topic", _ if not room:
            return "You are in no room: /join one first, for example /join lobby"
        case "/topic", words:
            return Message("TOPIC", [room, rest.strip()] if words else [room])
        case "/join", [name, key]:
            return Message("JOIN", [name if name.startswith("#") else f"#{name}", key])
        case "/help", _:
            return HELP
    return text.to_message(line, room)


def from_pipe(line: str, room: str) -> Message | str | None:
    """Read a line of a pipe, where only a known command is one: "/usr/bin" and "// a comment" are text."""
    if is_command(line):
        return from_person(line, room)
    return text.to_message("/" + line if line.startswith("/") else line, room)


def is_command(line: str) -> bool:
    """Tell whether a line of a pipe is a command, or one that is escaped with a second slash."""
    return _COMMAND.fullmatch(line) is not None
