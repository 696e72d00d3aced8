"""The plain-text dialect: parse typed lines and render messages for a person with netcat.

Owns the texts of both directions. Has no state. Pure; any thread.
"""

import re
from collections.abc import Callable
from typing import Final

from gateway.wire.message import Message, split_source
from gateway.wire.names import NICKLEN, suggest_nick, valid_nick

NOWHERE: Final = "*"
"""Used as the active room of a user without one: every message is then marked with its room."""

HELP: Final = """\
Type a line to send it to the room. Commands:
/who [ROOM]       show who is in the room
/list [WORD]      show the rooms, or those with WORD in their name
/join ROOM        join a room and make it the active one
/part [ROOM]      leave a room
/topic [TEXT]     show or set the topic of the room
/msg NAME TEXT    send a message to one person
/me TEXT          show what you are doing
/nick NAME        change your name
/quit [TEXT]      leave
To send a line that begins with /, type // instead."""

NO_ROOM: Final = "You are in no room. Join one first, for example /join lobby"

# ANSI sequences; mIRC colours with their numbers; every other control character (C0, DEL, C1); Unicode's line and
# paragraph separators, embeddings, overrides and isolates (UAX 9), which change the direction of the text around
# them: a name or a room before the text could be displayed as something else. Right-to-left text needs none of them.
_UNREADABLE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?"
    r"|[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
)
_CTCP: Final = "\x01"
_ACTION: Final = "\x01ACTION "


def strip_controls(text: str) -> str:
    """Remove colours, formatting, control and direction characters; a tab becomes a space."""
    return text if text.isprintable() else _UNREADABLE.sub("", text.replace("\t", " "))


# --- from the person -----------------------------------------------------------------------------------


def to_name(line: str) -> Message | str | None:
    """Parse a line of a user without a name: the name itself, /nick NAME, /help or /quit. Returns as `to_message`."""
    line = strip_controls(line).strip()
    word, _, rest = line.partition(" ")
    if word.lower() in ("/help", "/quit"):
        return to_message(line, "")
    name = rest.strip() if word.lower() == "/nick" else line
    return _nick(name, "") if line else None


def to_message(line: str, room: str) -> Message | str | None:
    """Parse a typed line without its end; `room` is the active room, "" for none.

    Returns the message that it means, or a text to show to the user, or None for a blank line.
    """
    line = strip_controls(line)
    if not line.strip():
        return None
    if line.startswith("/") and not line.startswith("//"):
        word, _, rest = line[1:].partition(" ")
        command = _COMMANDS.get(word.lower())
        if command is None:
            return f"There is no command /{word}. Try /help."
        return command(rest.strip(), room)
    return _say(line.removeprefix("/"), room)


def _say(text: str, room: str) -> Message | str:
    if not room:
        return NO_ROOM
    return Message("PRIVMSG", [room, text])


def _nick(rest: str, _room: str) -> Message | str:
    if not rest:
        return "Usage: /nick NAME"
    if valid_nick(rest):
        return Message("NICK", [rest])
    return (
        f"A name is one word of at most {NICKLEN} letters, digits, - or _, and begins with no digit."
        f" How about {suggest_nick(rest)}?"
    )


def _join(rest: str, _room: str) -> Message | str:
    return Message("JOIN", [_room_name(rest.partition(" ")[0])]) if rest else "Usage: /join ROOM"


def _part(rest: str, room: str) -> Message | str:
    target = _room_name(rest.partition(" ")[0]) if rest else room
    return Message("PART", [target]) if target else "Usage: /part ROOM"


def _msg(rest: str, _room: str) -> Message | str:
    name, _, text = rest.partition(" ")
    if not text.strip() or name.startswith(":"):  # a colon would begin the last parameter
        return "Usage: /msg NAME TEXT"
    return Message("PRIVMSG", [name, text.strip()])


def _who(rest: str, room: str) -> Message | str:
    target = _room_name(rest.partition(" ")[0]) if rest else room
    return Message("NAMES", [target]) if target else "Usage: /who ROOM"


def _me(rest: str, room: str) -> Message | str:
    return _say(f"{_ACTION}{rest}{_CTCP}", room) if rest else "Usage: /me TEXT"


def _list(rest: str, _room: str) -> Message:
    word = rest.partition(" ")[0]
    if not word:
        return Message("LIST")
    return Message("LIST", [word if "*" in word or "?" in word else f"*{word}*"])


def _set_topic(rest: str, room: str) -> Message | str:
    if not room:
        return NO_ROOM
    return Message("TOPIC", [room, rest] if rest else [room])


def _help(_rest: str, _room: str) -> str:
    return HELP


def _quit(rest: str, _room: str) -> Message:
    return Message("QUIT", [rest] if rest else [])


def _room_name(word: str) -> str:
    return word if word.startswith("#") else f"#{word}"


_COMMANDS: Final[dict[str, Callable[[str, str], Message | str]]] = {
    "nick": _nick,
    "join": _join,
    "list": _list,
    "part": _part,
    "topic": _set_topic,
    "msg": _msg,
    "who": _who,
    "me": _me,
    "help": _help,
    "quit": _quit,
}


# --- to the person -------------------------------------------------------------------------------------


def render(message: Message, own_nick: str, room: str = "") -> str | None:
    """Render a message of the server as a line of text without its end; None if it is not shown.

    If `room` (the active room) is given, messages in other rooms are marked with the room's name.
    """
    renderer = _RENDERERS.get(message.verb)
    if renderer is not None:
        text = renderer(message, own_nick, room)
    elif message.verb[0] in "45" and message.verb.isdigit():
        text = "* " + ": ".join(message.params[1:])
    else:
        text = None
    return None if text is None else strip_controls(text)


def _param(message: Message, index: int) -> str:
    return message.params[index] if index < len(message.params) else ""


def _name(message: Message) -> str:
    return split_source(message.source or "")[0]


def _reason(text: str) -> str:
    return f" ({text})" if text else ""


def _privmsg(message: Message, own_nick: str, room: str) -> str | None:
    target, text, name = _param(message, 0), _param(message, 1), _name(message)
    if text.startswith(_ACTION):
        text = f"* {name} {text.removeprefix(_ACTION).rstrip(_CTCP)}"
    elif text.startswith(_CTCP):
        return None  # a CTCP query, for programs
    elif target == own_nick:
        return f"{name} (to you): {text}"
    else:
        text = f"{name}: {text}"
    return text if target in (room, own_nick) or not room else f"[{target}] {text}"


def _notice(message: Message, own_nick: str, room: str) -> str | None:
    if "!" not in (message.source or ""):
        return f"* {_param(message, 1)}"
    return _privmsg(message, own_nick, room)


def _joined(message: Message, own_nick: str, _room: str) -> str:
    name = _name(message)
    return f"* {'you' if name == own_nick else name} joined {_param(message, 0)}"


def _parted(message: Message, own_nick: str, _room: str) -> str:
    name = _name(message)
    return f"* {'you' if name == own_nick else name} left {_param(message, 0)}{_reason(_param(message, 1))}"


def _has_quit(message: Message, _own_nick: str, _room: str) -> str:
    return f"* {_name(message)} is gone{_reason(_param(message, 0))}"


def _renamed(message: Message, own_nick: str, _room: str) -> str:
    name, new = _name(message), _param(message, 0)
    return f"* you are now {new}" if own_nick in (name, new) else f"* {name} is now {new}"


def _kicked(message: Message, own_nick: str, _room: str) -> str:
    whom = "you" if _param(message, 1) == own_nick else _param(message, 1)
    return f"* {_name(message)} kicked {whom} out of {_param(message, 0)}{_reason(_param(message, 2))}"


def _topic_set(message: Message, _own_nick: str, _room: str) -> str:
    name, room, topic = _name(message), _param(message, 0), _param(message, 1)
    return f"* {name} set the topic of {room}: {topic}" if topic else f"* {name} removed the topic of {room}"


def _mode_set(message: Message, own_nick: str, _room: str) -> str | None:
    if _param(message, 0) == own_nick:
        return None
    return f"* {_name(message)} set {' '.join(message.params[1:])} on {_param(message, 0)}"


def _invited(message: Message, _own_nick: str, _room: str) -> str:
    return f"* {_name(message)} invites you: /join {_param(message, 1)}"


def _taken(message: Message, _own_nick: str, _room: str) -> str:
    name = _param(message, 1)
    stem = name.rstrip("0123456789")
    number = name[len(stem) :][:9]
    other = suggest_nick(stem, str(int(number) + 1) if number else "2")
    return f"* {name} is taken. How about {other}?"


def _welcome(message: Message, _own_nick: str, _room: str) -> str:
    return f"* Welcome, {_param(message, 0)}. Type a line to send it; /help lists the commands."


def _ended(message: Message, _own_nick: str, _room: str) -> str:
    """Render ERROR. Most versions of netcat detect the end of a connection only at the next Enter."""
    reason = _param(message, 0).removeprefix("Closing link: ").rstrip(".")
    return f"* Disconnected: {reason}. Press Enter to end this program."


def _hidden(_message: Message, _own_nick: str, _room: str) -> None:
    """Show nothing for a reply that only programs need."""


def _last(message: Message, _own_nick: str, _room: str) -> str:
    return f"* {message.params[-1]}" if message.params else "*"


def _names(message: Message, _own_nick: str, _room: str) -> str:
    return f"* in {_param(message, 2)}: {_param(message, 3)}"


def _listed(message: Message, _own_nick: str, _room: str) -> str:
    topic = _param(message, 3)
    return f"* {_param(message, 1)} ({_param(message, 2)})" + (f": {topic}" if topic else "")


def _list_ended(_message: Message, _own_nick: str, _room: str) -> str:
    return "* end of the list"


def _no_topic(message: Message, _own_nick: str, _room: str) -> str:
    return f"* {_param(message, 1)} has no topic"


def _topic(message: Message, _own_nick: str, _room: str) -> str:
    return f"* topic of {_param(message, 1)}: {_param(message, 2)}"


def _away(message: Message, _own_nick: str, _room: str) -> str:
    return f"* {_param(message, 1)} is away: {_param(message, 2)}"


_RENDERERS: Final[dict[str, Callable[[Message, str, str], str | None]]] = {
    "PRIVMSG": _privmsg,
    "NOTICE": _notice,
    "JOIN": _joined,
    "PART": _parted,
    "QUIT": _has_quit,
    "NICK": _renamed,
    "KICK": _kicked,
    "TOPIC": _topic_set,
    "MODE": _mode_set,
    "INVITE": _invited,
    "WALLOPS": _last,
    "ERROR": _ended,
    "FAIL": _last,
    "WARN": _last,
    "NOTE": _last,
    "001": _welcome,
    "301": _away,
    "322": _listed,
    "323": _list_ended,
    "331": _no_topic,
    "332": _topic,
    "353": _names,
    "372": _last,
    "422": _hidden,
    "433": _taken,
}
