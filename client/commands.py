"""The commands that a user types after a slash, as a table: verb, arguments, help, and function.

The line mode and the full screen have the same commands; each runs them on its `Controller`. Pure but for the
controller; on the thread of the keyboard.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from client.buffer import Entry
from client.session import Session
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, parse
from gateway.wire.names import suggest_nick, valid_nick, valid_room
from gateway.wire.text import strip_controls
from gateway.wire.visible import WORD_LIMIT, is_reaction

_NOWHERE: Final = "You are in no room: /join one first, for example /join lobby"
_NO_MESSAGE: Final = "there is no message here for this command"


class Controller(Protocol):
    """The interface that runs a command: the line mode or the full screen."""

    @property
    def is_pipe(self) -> bool:
        """Tell whether the input is a pipe: then only some lines are commands."""

    @property
    def here(self) -> str:
        """Return the current conversation, "" for none."""

    def message(self, *, is_own: bool = False) -> Entry | None:
        """Return the message that a command is about: the selected one, or the newest of others or of ours."""

    def do(self, action: Callable[[Session, float], object]) -> None:
        """Run an action on the session."""

    def answer(self, text: str) -> None:
        """Show an answer of the client, of one or more lines."""

    def show_conversation(self, name: str) -> None:
        """Show the conversation with a person or a room, which is joined if necessary."""

    def search(self, text: str) -> None:
        """Search the current conversation."""

    def list_rooms(self, text: str) -> None:
        """Show the public rooms of the network, or those that match a text."""

    def ask_password(self, question: str, take: Callable[[str], None]) -> None:
        """Ask for a password, without showing or storing it; `take` is called with it if the user gives one."""

    def log(self, path: str) -> None:
        """Log everything from now on into a file; "" ends that."""

    def export(self, path: str) -> None:
        """Export the current conversation into a file."""

    def leave(self, reason: str) -> None:
        """End the program."""


@dataclass(frozen=True, slots=True)
class Command:
    verb: str
    arguments: str  # as shown to the user; those in [] are optional
    help: str
    run: Callable[[Controller, str], None]  # called with the text after the verb
    fewest: int = 0  # words that it requires
    works_in_pipe: bool = False

    @property
    def usage(self) -> str:
        return f"/{self.verb} {self.arguments}".rstrip()


def run(line: str, controller: Controller) -> None:
    """Run a line that begins with one slash."""
    verb, _, rest = strip_controls(line)[1:].partition(" ")
    command = COMMANDS.get(_ALIASES.get(verb.lower(), verb.lower()))
    rest = rest.strip()
    if command is None:
        controller.answer(f"There is no command /{verb}. Try /help.")
    elif len(rest.split()) < command.fewest:
        controller.answer(f"Usage: {command.usage}")
    else:
        command.run(controller, rest)


def commands_like(word: str) -> list[tuple[str, str]]:
    """Return usage and help of the commands that begin with a word."""
    begin = word.lower().removeprefix("/")
    return [(command.usage, command.help) for verb, command in COMMANDS.items() if verb.startswith(begin)]


def help_text(*, is_pipe: bool = False) -> str:
    """Return the list of commands; for a pipe, those that work there."""
    listed = [command for command in COMMANDS.values() if command.works_in_pipe or not is_pipe]
    width = max(len(command.usage) for command in listed)
    lines = [f"{command.usage:{width}}  {command.help}" for command in listed]
    end = "Any other line is sent as a message." if is_pipe else "To send a line that begins with /, type two of them."
    return "\n".join([*lines, end])


def holds_secret(line: str) -> bool:
    """Tell whether a line may contain a password: then no history and no file stores it."""
    return re.match(r"/(?:raw\s+)?(?:oper|pass)\s", line, re.IGNORECASE) is not None


def _room_name(word: str) -> str:
    return word if word.startswith("#") else f"#{word}"


def _send(controller: Controller, verb: str, *params: str) -> None:
    controller.do(lambda session, now: session.request(Message(verb, list(params)), now))


def _with_room(controller: Controller, rest: str) -> tuple[str, str]:
    """Split the arguments into the room and the rest; without a room, it is the current one."""
    word, _, others = rest.partition(" ")
    return (word, others.strip()) if word.startswith("#") else (controller.here, rest)


# --- rooms ---------------------------------------------------------------------------------------------------


def _join(controller: Controller, rest: str) -> None:
    word, _, key = rest.partition(" ")
    room = _room_name(word)
    if not valid_room(room):
        controller.answer(f"{room} is not a valid name for a room")
    elif key.strip():
        _send(controller, "JOIN", room, key.strip())
    else:
        controller.show_conversation(room)


def _part(controller: Controller, rest: str) -> None:
    room, reason = _with_room(controller, rest)
    if room.startswith("#"):
        _send(controller, "PART", room, *([reason] if reason else []))
    else:
        controller.answer(_NOWHERE)


def _topic(controller: Controller, rest: str) -> None:
    room, text = _with_room(controller, rest)
    if room.startswith("#"):
        _send(controller, "TOPIC", room, *([text] if text else []))
    else:
        controller.answer(_NOWHERE)


def _names(controller: Controller, rest: str) -> None:
    room = _room_name(rest) if rest else controller.here
    if room.startswith("#"):
        _send(controller, "NAMES", room)
    else:
        controller.answer(_NOWHERE)


def _invite(controller: Controller, rest: str) -> None:
    nick, _, room = rest.partition(" ")
    _send(controller, "INVITE", nick, _room_name(room.strip()) if room.strip() else controller.here)


def _kick(controller: Controller, rest: str) -> None:
    room, others = _with_room(controller, rest)
    nick, _, reason = others.partition(" ")
    _send(controller, "KICK", room, nick, *([reason.strip()] if reason.strip() else []))


def _mode(controller: Controller, rest: str) -> None:
    words = rest.split()
    here = [] if words and words[0][:1] not in "+-" else [controller.here]
    _send(controller, "MODE", *here, *words)


def _list(controller: Controller, rest: str) -> None:
    controller.list_rooms(rest)


# --- people --------------------------------------------------------------------------------------------------


def _nick(controller: Controller, rest: str) -> None:
    if valid_nick(rest):
        _send(controller, "NICK", rest)
    else:
        controller.answer(f"{rest} is not a valid nick; {suggest_nick(rest)} is")


def _msg(controller: Controller, rest: str) -> None:
    target, _, text = rest.partition(" ")
    controller.do(lambda session, now: session.say(target, text.strip(), now))


def _query(controller: Controller, rest: str) -> None:
    nick, _, text = rest.partition(" ")
    controller.show_conversation(nick)
    if text.strip():
        _msg(controller, rest)


def _who(controller: Controller, rest: str) -> None:
    _send(controller, "WHO", rest or controller.here)


def _whois(controller: Controller, rest: str) -> None:
    _send(controller, "WHOIS", rest.partition(" ")[0])


def _away(controller: Controller, rest: str) -> None:
    _send(controller, "AWAY", rest or "away")


def _back(controller: Controller, _rest: str) -> None:
    _send(controller, "AWAY")


def _ignore(controller: Controller, rest: str) -> None:
    def toggle(session: Session, now: float) -> None:
        if rest:
            session.ignored.symmetric_difference_update({casefold(rest)})
        session.answer(f"ignored: {', '.join(sorted(session.ignored)) or 'nobody'}", now)

    controller.do(toggle)


# --- messages ------------------------------------------------------------------------------------------------


def _me(controller: Controller, rest: str) -> None:
    here = controller.here
    if here:
        controller.do(lambda session, now: session.say(here, f"\x01ACTION {rest}\x01", now))
    else:
        controller.answer(_NOWHERE)


def _reply(controller: Controller, rest: str) -> None:
    here, line = controller.here, controller.message()
    if line is None:
        controller.answer(_NO_MESSAGE)
    else:
        msgid = line.msgid
        controller.do(lambda session, now: session.say(here, rest, now, reply_to=msgid))


def _react(controller: Controller, rest: str) -> None:
    here, line = controller.here, controller.message()
    if line is None:
        controller.answer(_NO_MESSAGE)
    elif not is_reaction(rest):
        controller.answer(f"A reaction is one emoji, or a word of at most {WORD_LIMIT} characters")
    else:
        msgid = line.msgid
        controller.do(lambda session, now: session.react(here, msgid, rest, now))


def _redact(controller: Controller, rest: str) -> None:
    here, line = controller.here, controller.message(is_own=True)
    if line is None:
        controller.answer(_NO_MESSAGE)
    else:
        msgid = line.msgid
        controller.do(lambda session, now: session.redact(here, msgid, rest, now))


# --- the program ---------------------------------------------------------------------------------------------


def _oper(controller: Controller, rest: str) -> None:
    name, *more = rest.split()
    if more:
        controller.answer("hubbub asks for the password: /oper NAME")
    else:
        controller.ask_password(
            f"Password of the operator {name}", lambda password: _send(controller, "OPER", name, password)
        )


def _raw(controller: Controller, rest: str) -> None:
    message = parse(rest)
    if message is not None:
        controller.do(lambda session, now: session.request(message, now))


def _help(controller: Controller, rest: str) -> None:
    command = COMMANDS.get(rest.lower().removeprefix("/"))
    controller.answer(f"{command.usage}: {command.help}" if command else help_text(is_pipe=controller.is_pipe))


_TABLE: Final = (
    Command("away", "[WHY]", "mark yourself as away", _away),
    Command("back", "", "mark yourself as back", _back),
    Command(
        "export",
        "FILE",
        "export this conversation to a file, as JSON if it ends in .jsonl",
        lambda controller, rest: controller.export(rest),
        1,
    ),
    Command("help", "[COMMAND]", "show the commands", _help, works_in_pipe=True),
    Command("ignore", "[NAME]", "hide the messages of a person, or show them again", _ignore),
    Command("invite", "NAME [ROOM]", "invite a person to a room", _invite, 1),
    Command("join", "ROOM [KEY]", "join a room and show it", _join, 1, works_in_pipe=True),
    Command("kick", "NAME [WHY]", "remove a person from the room", _kick, 1),
    Command("list", "[WORD]", "find a room by its name or topic", _list),
    Command(
        "log",
        "[FILE]",
        "log everything to a file; without a file, stop logging",
        lambda controller, rest: controller.log(rest),
    ),
    Command("me", "TEXT", "send an action, as in /me waves", _me, 1, works_in_pipe=True),
    Command("mode", "[ROOM] [CHANGES]", "show or change the modes of a room", _mode),
    Command("msg", "NAME TEXT", "send a message to one person", _msg, 2, works_in_pipe=True),
    Command("names", "[ROOM]", "list the members of a room", _names, works_in_pipe=True),
    Command("nick", "NAME", "change your name", _nick, 1, works_in_pipe=True),
    Command("oper", "NAME", "become an operator of the network; asks for the password", _oper, 1),
    Command("part", "[ROOM] [WHY]", "leave a room", _part, works_in_pipe=True),
    Command("query", "NAME [TEXT]", "open a conversation with one person", _query, 1),
    Command("quit", "[TEXT]", "leave", lambda controller, rest: controller.leave(rest), works_in_pipe=True),
    Command("raw", "LINE", "send a line of IRC unchanged", _raw, 1),
    Command("react", "EMOJI", "react to the last message, or to the selected one", _react, 1),
    Command("redact", "[WHY]", "delete your last message, or the selected one", _redact),
    Command("reply", "TEXT", "reply to the last message, or to the selected one", _reply, 1),
    Command(
        "search",
        "TEXT",
        "search this conversation",
        lambda controller, rest: controller.search(rest),
        1,
    ),
    Command("topic", "[ROOM] [TEXT]", "show or set the topic of a room", _topic, works_in_pipe=True),
    Command("who", "[NAME]", "list people in this room, or by a name or mask", _who, works_in_pipe=True),
    Command("whois", "NAME", "show information about a person", _whois, 1),
)

COMMANDS: Final = {command.verb: command for command in _TABLE}
_ALIASES: Final = {"j": "join", "leave": "part", "exit": "quit", "q": "query", "w": "whois"}
