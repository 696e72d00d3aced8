"""What a person may type behind a slash, as a table: verb, arguments, help, and the function that does it.

Owns the commands of the line mode and of the full screen alike; each is carried out at the `Desk` of the one who
typed it. Pure but for the desk; on the thread of the keyboard.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from client.buffer import Line
from client.session import Session
from gateway.wire.casefold import fold
from gateway.wire.message import Message, parse
from gateway.wire.names import suggest_nick, valid_nick, valid_room
from gateway.wire.text import strip_controls
from gateway.wire.visible import WORD_LIMIT, is_reaction

_NOWHERE: Final = "You are in no room: /join one first, for example /join lobby"
_NO_MESSAGE: Final = "there is no message here that this could be about"


class Desk(Protocol):
    """Where someone sits and types."""

    @property
    def is_pipe(self) -> bool:
        """Whether it is a program that types: then only some lines are commands."""

    @property
    def here(self) -> str:
        """The room or the person that they talk to, "" for nobody."""

    def message(self, *, is_own: bool = False) -> Line | None:
        """Find the message that is meant: the chosen one, or the newest of others, or of our own."""

    def do(self, action: Callable[[Session, float], object]) -> None:
        """Let the session do something."""

    def answer(self, text: str) -> None:
        """Show the client's own answer, perhaps of several lines."""

    def turn_to(self, name: str) -> None:
        """Talk to this person, or in this room, which is joined where it is not yet."""

    def search(self, text: str) -> None:
        """Look for a text in what was said here."""

    def list_rooms(self, text: str) -> None:
        """Show the public rooms of the network, or those that a text fits."""

    def ask_password(self, question: str, take: Callable[[str], None]) -> None:
        """Ask for a password, which is not shown and not kept; `take` is called with it, unless it is not given."""

    def log(self, path: str) -> None:
        """Write a log of all that comes from now on; "" ends it."""

    def export(self, path: str) -> None:
        """Write what is shown of this conversation into a file."""

    def leave(self, reason: str) -> None:
        """End the program."""


@dataclass(frozen=True, slots=True)
class Command:
    verb: str
    arguments: str  # as a person reads them; those in [] may be left out
    help: str
    run: Callable[[Desk, str], None]  # with what stands behind the verb
    fewest: int = 0  # words that it needs
    works_in_pipe: bool = False

    @property
    def usage(self) -> str:
        return f"/{self.verb} {self.arguments}".rstrip()


def run(line: str, desk: Desk) -> None:
    """Carry out a line that begins with one slash."""
    verb, _, rest = strip_controls(line)[1:].partition(" ")
    command = COMMANDS.get(_ALIASES.get(verb.lower(), verb.lower()))
    rest = rest.strip()
    if command is None:
        desk.answer(f"There is no command /{verb}. Try /help.")
    elif len(rest.split()) < command.fewest:
        desk.answer(f"Usage: {command.usage}")
    else:
        command.run(desk, rest)


def commands_like(word: str) -> list[tuple[str, str]]:
    """Give usage and help of the commands that a word with its slash may become."""
    begin = word.lower().removeprefix("/")
    return [(command.usage, command.help) for verb, command in COMMANDS.items() if verb.startswith(begin)]


def help_text(*, is_pipe: bool = False) -> str:
    """List the commands, in a pipe those that work there."""
    listed = [command for command in COMMANDS.values() if command.works_in_pipe or not is_pipe]
    width = max(len(command.usage) for command in listed)
    lines = [f"{command.usage:{width}}  {command.help}" for command in listed]
    end = "Any other line is said as it is." if is_pipe else "To say a line that begins with /, type two of them."
    return "\n".join([*lines, end])


def holds_secret(line: str) -> bool:
    """Whether a line that is typed may hold a password: then no history and no file has it."""
    return re.match(r"/(?:raw\s+)?(?:oper|pass)\s", line, re.IGNORECASE) is not None


def _room_name(word: str) -> str:
    return word if word.startswith("#") else f"#{word}"


def _send(desk: Desk, verb: str, *params: str) -> None:
    desk.do(lambda session, now: session.request(Message(verb, list(params)), now))


def _with_room(desk: Desk, rest: str) -> tuple[str, str]:
    """Take the room from the front of the arguments, or else the present one."""
    word, _, others = rest.partition(" ")
    return (word, others.strip()) if word.startswith("#") else (desk.here, rest)


# --- rooms ---------------------------------------------------------------------------------------------------


def _join(desk: Desk, rest: str) -> None:
    word, _, key = rest.partition(" ")
    room = _room_name(word)
    if not valid_room(room):
        desk.answer(f"{room} is no name of a room")
    elif key.strip():
        _send(desk, "JOIN", room, key.strip())
    else:
        desk.turn_to(room)


def _part(desk: Desk, rest: str) -> None:
    room, reason = _with_room(desk, rest)
    if room.startswith("#"):
        _send(desk, "PART", room, *([reason] if reason else []))
    else:
        desk.answer(_NOWHERE)


def _topic(desk: Desk, rest: str) -> None:
    room, text = _with_room(desk, rest)
    if room.startswith("#"):
        _send(desk, "TOPIC", room, *([text] if text else []))
    else:
        desk.answer(_NOWHERE)


def _names(desk: Desk, rest: str) -> None:
    room = _room_name(rest) if rest else desk.here
    if room.startswith("#"):
        _send(desk, "NAMES", room)
    else:
        desk.answer(_NOWHERE)


def _invite(desk: Desk, rest: str) -> None:
    nick, _, room = rest.partition(" ")
    _send(desk, "INVITE", nick, _room_name(room.strip()) if room.strip() else desk.here)


def _kick(desk: Desk, rest: str) -> None:
    room, others = _with_room(desk, rest)
    nick, _, reason = others.partition(" ")
    _send(desk, "KICK", room, nick, *([reason.strip()] if reason.strip() else []))


def _mode(desk: Desk, rest: str) -> None:
    words = rest.split()
    here = [] if words and words[0][:1] not in "+-" else [desk.here]
    _send(desk, "MODE", *here, *words)


def _list(desk: Desk, rest: str) -> None:
    desk.list_rooms(rest)


# --- people --------------------------------------------------------------------------------------------------


def _nick(desk: Desk, rest: str) -> None:
    if valid_nick(rest):
        _send(desk, "NICK", rest)
    else:
        desk.answer(f"{rest} cannot be a name; {suggest_nick(rest)} could")


def _msg(desk: Desk, rest: str) -> None:
    target, _, text = rest.partition(" ")
    desk.do(lambda session, now: session.say(target, text.strip(), now))


def _query(desk: Desk, rest: str) -> None:
    nick, _, text = rest.partition(" ")
    desk.turn_to(nick)
    if text.strip():
        _msg(desk, rest)


def _who(desk: Desk, rest: str) -> None:
    _send(desk, "WHO", rest or desk.here)


def _whois(desk: Desk, rest: str) -> None:
    _send(desk, "WHOIS", rest.partition(" ")[0])


def _away(desk: Desk, rest: str) -> None:
    _send(desk, "AWAY", rest or "away")


def _back(desk: Desk, _rest: str) -> None:
    _send(desk, "AWAY")


def _ignore(desk: Desk, rest: str) -> None:
    def toggle(session: Session, now: float) -> None:
        if rest:
            session.ignored.symmetric_difference_update({fold(rest)})
        session.answer(f"ignored: {', '.join(sorted(session.ignored)) or 'nobody'}", now)

    desk.do(toggle)


# --- messages ------------------------------------------------------------------------------------------------


def _me(desk: Desk, rest: str) -> None:
    here = desk.here
    if here:
        desk.do(lambda session, now: session.say(here, f"\x01ACTION {rest}\x01", now))
    else:
        desk.answer(_NOWHERE)


def _reply(desk: Desk, rest: str) -> None:
    here, line = desk.here, desk.message()
    if line is None:
        desk.answer(_NO_MESSAGE)
    else:
        msgid = line.msgid
        desk.do(lambda session, now: session.say(here, rest, now, reply_to=msgid))


def _react(desk: Desk, rest: str) -> None:
    here, line = desk.here, desk.message()
    if line is None:
        desk.answer(_NO_MESSAGE)
    elif not is_reaction(rest):
        desk.answer(f"A reaction is one emoji, or a word of at most {WORD_LIMIT} characters")
    else:
        msgid = line.msgid
        desk.do(lambda session, now: session.react(here, msgid, rest, now))


def _redact(desk: Desk, rest: str) -> None:
    here, line = desk.here, desk.message(is_own=True)
    if line is None:
        desk.answer(_NO_MESSAGE)
    else:
        msgid = line.msgid
        desk.do(lambda session, now: session.redact(here, msgid, rest, now))


# --- the program ---------------------------------------------------------------------------------------------


def _oper(desk: Desk, rest: str) -> None:
    name, *more = rest.split()
    if more:
        desk.answer("The password is asked for: /oper NAME")
    else:
        desk.ask_password(f"Password of the operator {name}", lambda password: _send(desk, "OPER", name, password))


def _raw(desk: Desk, rest: str) -> None:
    message = parse(rest)
    if message is not None:
        desk.do(lambda session, now: session.request(message, now))


def _help(desk: Desk, rest: str) -> None:
    command = COMMANDS.get(rest.lower().removeprefix("/"))
    desk.answer(f"{command.usage}: {command.help}" if command else help_text(is_pipe=desk.is_pipe))


_TABLE: Final = (
    Command("away", "[WHY]", "let others know that you are not there", _away),
    Command("back", "", "let others know that you are there again", _back),
    Command(
        "export",
        "FILE",
        "write this conversation into a file, as JSON if it ends in .jsonl",
        lambda desk, rest: desk.export(rest),
        1,
    ),
    Command("help", "[COMMAND]", "show the commands", _help, works_in_pipe=True),
    Command("ignore", "[NAME]", "hide what someone says, or no longer", _ignore),
    Command("invite", "NAME [ROOM]", "ask someone into a room", _invite, 1),
    Command("join", "ROOM [KEY]", "join a room and talk there", _join, 1, works_in_pipe=True),
    Command("kick", "NAME [WHY]", "throw someone out of the room", _kick, 1),
    Command("list", "[WORD]", "find a room of the network: its name, people and topic", _list),
    Command(
        "log", "[FILE]", "append all that comes to a file; without one, end that", lambda desk, rest: desk.log(rest)
    ),
    Command("me", "TEXT", "say what you are doing", _me, 1, works_in_pipe=True),
    Command("mode", "[ROOM] [CHANGES]", "see or change the modes of a room", _mode),
    Command("msg", "NAME TEXT", "say something to one person", _msg, 2, works_in_pipe=True),
    Command("names", "[ROOM]", "list who is in a room", _names, works_in_pipe=True),
    Command("nick", "NAME", "change your name", _nick, 1, works_in_pipe=True),
    Command("oper", "NAME", "become an operator of the network; the password is asked for", _oper, 1),
    Command("part", "[ROOM] [WHY]", "leave a room", _part, works_in_pipe=True),
    Command("query", "NAME [TEXT]", "talk to one person", _query, 1),
    Command("quit", "[TEXT]", "leave", lambda desk, rest: desk.leave(rest), works_in_pipe=True),
    Command("raw", "LINE", "send a line of IRC as it is", _raw, 1),
    Command("react", "EMOJI", "react to the last message, or to the chosen one", _react, 1),
    Command("redact", "[WHY]", "take your last message back, or the chosen one", _redact),
    Command("reply", "TEXT", "answer the last message, or the chosen one", _reply, 1),
    Command("search", "TEXT", "look for a text in all that was said here", lambda desk, rest: desk.search(rest), 1),
    Command("topic", "[ROOM] [TEXT]", "see or set what the room is about", _topic, works_in_pipe=True),
    Command("who", "[NAME]", "list people, here or by a name or mask", _who, works_in_pipe=True),
    Command("whois", "NAME", "tell more about someone", _whois, 1),
)

COMMANDS: Final = {command.verb: command for command in _TABLE}
_ALIASES: Final = {"j": "join", "leave": "part", "exit": "quit", "q": "query", "w": "whois"}
