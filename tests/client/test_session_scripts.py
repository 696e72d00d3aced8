"""The scripts in scripts/session: lines and user actions in, lines and events out. The page's session runs the same
files (tests/web); scripts/session/README.md describes their format.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from client.capabilities import CAPABILITIES
from client.conversation import Position
from client.events import (
    Event,
    Failed,
    Invited,
    Joined,
    Left,
    ModesSet,
    PasswordRequired,
    Quit,
    Reacted,
    ReadMarkerMoved,
    Received,
    Redacted,
    Renamed,
    Sent,
    ServerNotice,
    TopicSet,
    TypingChanged,
)
from client.phrases import sentence
from client.session import Session
from client.tags import parse_time
from client.typing_and_read_markers import TypingState
from gateway.wire.message import Message, parse

SCRIPTS: Final = Path(__file__).parent / "scripts" / "session"
START: Final = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()
BACKLOG: Final = 60
COMPARED: Final = (
    *(Failed, Invited, Joined, Left, ModesSet, PasswordRequired, Quit, Reacted, ReadMarkerMoved, Received),
    *(Redacted, Renamed, Sent, ServerNotice, TopicSet, TypingChanged),
)
_FIELDS: Final = {"id": "client_msgid", "at": "read_until"}  # the scripts' word -> this client's
_VARIABLE: Final = "$"


class Variables(dict[str, str]):
    """The variables of a script: bound when they are first compared, and inserted into all that follows."""

    def fill(self, text: str) -> str:
        for name in sorted(self, key=len, reverse=True):
            text = text.replace(f"{_VARIABLE}{name}", self[name])
        return text

    def matches(self, expected: object, actual: object) -> bool:
        """Compare a value with that of a script: "$name" binds it, "*" is any."""
        if isinstance(expected, str) and isinstance(actual, str):
            filled = self.fill(expected)
            if filled.startswith(_VARIABLE):
                self[filled[1:]] = actual
                return True
            return filled in ("*", actual)
        if isinstance(expected, list) and isinstance(actual, list):
            return len(expected) == len(actual) and all(map(self.matches, expected, actual))
        return expected == actual


class Run:
    """One session that plays one script."""

    def __init__(self, nick: str, conversations: list[str], password: str = "") -> None:
        ids = (f"id{number:04}" for number in count())
        rooms = [name for name in conversations if name.startswith("#")]
        self.session = Session(nick, rooms, lambda: next(ids), password=password, backlog=BACKLOG)
        for name in conversations:
            if not name.startswith("#"):
                self.session.open_person(name)
        self.now = START
        self.variables = Variables()

    def play(self, step: dict[str, Any]) -> None:
        """Do what a step says, and compare what comes of it."""
        for line in step.get("server", ()):
            self.session.receive(f"{self.variables.fill(line)}\r\n".encode(), self.now)
        if "user" in step:
            verb, *words = map(self.variables.fill, step["user"])
            _ACTIONS[verb](self.session, self.now, *words)
        if step.get("connection") == "opened":
            self.session.connected("server:6667", self.now)
        elif step.get("connection") == "lost":
            self.session.disconnected(self.now)
        for _ in range(step.get("wait_s", 0)):
            self.now += 1
            self.session.tick(self.now)
        self._compare_lines(step.get("lines", []))
        self._compare_events(step.get("events", []))

    def _compare_lines(self, expected: list[str]) -> None:
        lines = self.session.take_output().decode().splitlines()
        if not any(_parsed(line).verb == "PING" for line in expected):
            lines = [line for line in lines if _parsed(line).verb != "PING"]
        assert len(lines) == len(expected), f"lines: {lines}"
        for ours, line in zip(expected, map(_parsed, lines), strict=True):
            wanted = _parsed(ours)
            assert wanted.verb == line.verb, f"{ours} / {line.line()}"
            assert wanted.tags.keys() == line.tags.keys(), f"{ours} / {line.line()}"
            for tag, value in wanted.tags.items():
                assert self.variables.matches(value, line.tags[tag]), f"{ours} / {line.line()}"
            assert self.variables.matches(wanted.params, line.params), f"{ours} / {line.line()}"

    def _compare_events(self, expected: list[dict[str, Any]]) -> None:
        events = [event for event in self.session.take_events() if _is_compared(event)]
        assert [type(event).__name__ for event in events] == [fields["type"] for fields in expected], events
        for fields, event in zip(expected, events, strict=True):
            for name, value in fields.items():
                if name == "type":
                    continue
                actual = getattr(event, _FIELDS.get(name, name))
                wanted = parse_time(value) if name == "at" else value
                assert self.variables.matches(wanted, actual), f"{name}: {wanted!r} / {event}"


def _is_compared(event: Event) -> bool:
    if isinstance(event, ServerNotice):  # most numerics are not for people
        return not event.is_quiet and sentence(event.message, event.own_nick) is not None
    is_quiet = isinstance(event, Received | TopicSet) and event.is_quiet and not event.client_msgid
    return isinstance(event, COMPARED) and not is_quiet


def _parsed(line: str) -> Message:
    message = parse(line)
    assert message is not None, line
    return message


def _request(verb: str) -> Callable[..., None]:
    return lambda session, now, *params: session.request(Message(verb, list(params)), now)


_ACTIONS: Final[dict[str, Callable[..., object]]] = {
    "say": lambda session, now, target, text: session.say(target, text, now),
    "reply": lambda session, now, target, msgid, text: session.say(target, text, now, reply_to=msgid),
    "act": lambda session, now, target, text: session.say(target, f"\x01ACTION {text}\x01", now),
    "react": lambda session, now, target, msgid, reaction: session.react(target, msgid, reaction, now),
    "unreact": lambda session, now, target, msgid, reaction: session.react(target, msgid, reaction, now, removes=True),
    "redact": lambda session, now, target, msgid: session.redact(target, msgid, "", now),
    "type": lambda session, now, target, state: session.set_typing(target, TypingState(state), now),
    "mark_read": lambda session, now, target, at: session.mark_read(target, parse_time(at), now),
    "join": _request("JOIN"),
    "leave": _request("PART"),
    "nick": _request("NICK"),
    "query": lambda session, now, nick: session.open_person(nick),
    "older": lambda session, now, target, msgid: session.load_older(target, Position(msgid, now), now),
    "command": lambda session, now, verb, *params: session.request(Message(verb, list(params)), now),
    "password": lambda session, now, password: session.give_password(password),
}


def steps_of(name: str) -> Iterator[dict[str, Any]]:
    """The steps of a script, those of the scripts that it includes among them."""
    for step in script(name)["steps"]:
        if "include" in step:
            yield from steps_of(step["include"])
        else:
            yield step


def script(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCRIPTS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def test_both_clients_have_the_same_list_of_capabilities() -> None:
    page = Path(__file__).parents[2] / "gateway" / "web" / "capabilities.js"
    assert re.findall(r'"([a-z/-]+)"', page.read_text(encoding="utf-8")) == list(CAPABILITIES)


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("[!_]*.json")))
def test_the_session_plays_the_script(name: str) -> None:
    run = Run(**script(name)["session"])
    for number, step in enumerate(steps_of(name)):
        try:
            run.play(step)
        except AssertionError as error:
            raise AssertionError(f"step {number} of {name}, {step}: {error}") from error
