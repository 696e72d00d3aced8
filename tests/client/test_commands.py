"""The commands that begin with a slash, with any controller."""

from collections.abc import Callable

import pytest

from client import commands
from client.buffer import Entry, EntryKind
from client.commands import COMMANDS, Controller, commands_like
from client.session import Session
from tests.client.fake_gateway import MODERN_CAPS, FakeNetwork
from tests.client.simulated_user import SimulatedUser


class FakeController:
    """A user in #lobby with one message."""

    def __init__(self) -> None:
        self.user = SimulatedUser(FakeNetwork(caps=MODERN_CAPS)).start()
        self.here = "#lobby"
        self.is_pipe = False
        self.answers: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.line: Entry | None = Entry(1, 0.0, EntryKind.MESSAGE, "bob", "hello", msgid="m7")

    def message(self, *, is_own: bool = False) -> Entry | None:
        return self.line

    def do(self, action: Callable[[Session, float], object]) -> None:
        action(self.user.session, self.user.now)

    def answer(self, text: str) -> None:
        self.answers.append(text)

    def show_conversation(self, name: str) -> None:
        self.asked.append(("turn to", name))

    def search(self, text: str) -> None:
        self.asked.append(("search", text))

    def list_rooms(self, text: str) -> None:
        self.asked.append(("list", text))

    def ask_password(self, question: str, take: Callable[[str], None]) -> None:
        self.asked.append(("password", question))
        take("sesame")

    def log(self, path: str) -> None:
        self.asked.append(("log", path))

    def export(self, path: str) -> None:
        self.asked.append(("export", path))

    def leave(self, reason: str) -> None:
        self.asked.append(("leave", reason))

    def sent(self) -> list[str]:
        """Return the lines that the gateway got, without tags and without those of the registration."""
        assert self.user.connection is not None
        self.user.connection.received.clear()
        self.user.carry_up()
        return [f"{message.verb} {' '.join(message.params)}" for message in self.user.connection.received]


@pytest.fixture
def controller() -> FakeController:
    return FakeController()


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("/away", "AWAY away"),
        ("/away at lunch", "AWAY at lunch"),
        ("/back", "AWAY "),
        ("/invite bob", "INVITE bob #lobby"),
        ("/invite bob dev", "INVITE bob #dev"),
        ("/join dev key", "JOIN #dev key"),
        ("/kick bob be nice", "KICK #lobby bob be nice"),
        ("/kick #dev bob", "KICK #dev bob"),
        ("/me waves", "PRIVMSG #lobby \x01ACTION waves\x01"),
        ("/mode", "MODE #lobby"),
        ("/mode +m", "MODE #lobby +m"),
        ("/mode #dev -o bob", "MODE #dev -o bob"),
        ("/msg bob hi  there", "PRIVMSG bob hi  there"),
        ("/names", "NAMES #lobby"),
        ("/nick carol", "NICK carol"),
        ("/part", "PART #lobby"),
        ("/part #dev bye all", "PART #dev bye all"),
        ("/raw MODE alice +i", "MODE alice +i"),
        ("/react +1", "TAGMSG #lobby"),
        ("/redact a slip", "REDACT #lobby m7 a slip"),
        ("/reply hello to you", "PRIVMSG #lobby hello to you"),
        ("/topic", "TOPIC #lobby"),
        ("/TOPIC all of  this", "TOPIC #lobby all of  this"),
        ("/who", "WHO #lobby"),
        ("/whois bob", "WHOIS bob"),
    ],
)
def test_commands_that_are_lines(controller: FakeController, typed: str, line: str) -> None:
    commands.run(typed, controller)
    assert controller.sent() == [line]
    assert controller.answers == []


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("/join dev", ("turn to", "#dev")),
        ("/list dev", ("list", "dev")),
        ("/oper root", ("password", "Password of the operator root")),
        ("/query bob", ("turn to", "bob")),
        ("/search a b", ("search", "a b")),
        ("/log", ("log", "")),
        ("/log ~/chat.log", ("log", "~/chat.log")),
        ("/export chat.jsonl", ("export", "chat.jsonl")),
        ("/quit see you", ("leave", "see you")),
        ("/q bob", ("turn to", "bob")),
    ],
)
def test_commands_for_the_desk(controller: FakeController, typed: str, asked: tuple[str, str]) -> None:
    commands.run(typed, controller)
    assert controller.asked == [asked]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("/nosuch", "There is no command /nosuch. Try /help."),
        ("/", "There is no command /. Try /help."),
        ("/msg bob", "Usage: /msg NAME TEXT"),
        ("/nick two words", "two words is not a valid nick; twowords is"),
        ("/join a,b", "#a,b is not a valid name for a room"),
        ("/help join", "/join ROOM [KEY]: join a room and show it"),
    ],
)
def test_what_cannot_be_is_answered(controller: FakeController, typed: str, answer: str) -> None:
    commands.run(typed, controller)
    assert controller.answers == [answer]
    assert controller.sent() == []


@pytest.mark.parametrize("typed", ["/me waves", "/topic x", "/part", "/names"])
def test_nowhere_that_is_said(controller: FakeController, typed: str) -> None:
    controller.here = ""
    commands.run(typed, controller)
    assert "/join one first" in controller.answers[0]


@pytest.mark.parametrize("typed", ["/react +1", "/reply x", "/redact"])
def test_without_a_message_there_is_nothing_to_do_it_to(controller: FakeController, typed: str) -> None:
    controller.line = None
    commands.run(typed, controller)
    assert "no message here" in controller.answers[0]
    assert controller.sent() == []


@pytest.mark.parametrize("reaction", ["two words", "x" * 17, "👍👍", "e\u0301\u0301\u0301"])
def test_what_is_no_reaction_is_not_sent(controller: FakeController, reaction: str) -> None:
    """docs/protocol.md, "Reactions"."""
    commands.run(f"/react {reaction}", controller)
    assert "A reaction is one emoji, or a word" in controller.answers[0]
    assert controller.sent() == []


def test_who_is_ignored_is_not_heard_until_they_are_no_longer(controller: FakeController) -> None:
    network = controller.user.network
    commands.run("/ignore Bob", controller)
    network.say("bob", "#lobby", "unheard")
    network.say("carl", "#lobby", "heard")
    controller.user.run()
    commands.run("/ignore bob", controller)
    network.say("bob", "#lobby", "heard again")
    controller.user.run()
    assert controller.user.heard() == ["heard", "heard again"]


def test_the_help_names_every_command(controller: FakeController) -> None:
    commands.run("/help", controller)
    for command in COMMANDS.values():
        assert command.usage in controller.answers[0]


def test_commands_are_found_by_their_beginning() -> None:
    assert commands_like("/na") == [("/names [ROOM]", "list the members of a room")]
    assert len(commands_like("/")) == len(COMMANDS)


def test_the_fake_is_a_desk(controller: FakeController) -> None:
    claimed: Controller = controller
    assert claimed.here == "#lobby"


def test_the_help_in_a_pipe_has_what_works_there(controller: FakeController) -> None:
    controller.is_pipe = True
    commands.run("/help", controller)
    listed = {line.split()[0] for line in controller.answers[0].splitlines() if line.startswith("/")}
    assert listed == {
        f"/{verb}" for verb in ("help", "join", "me", "msg", "names", "nick", "part", "quit", "topic", "who")
    }
    commands.run("/help topic", controller)
    assert controller.answers[1].startswith("/topic [ROOM] [TEXT]: ")


def test_the_password_of_an_operator_is_asked_for_and_nowhere_kept(controller: FakeController) -> None:
    commands.run("/oper root", controller)
    assert controller.sent() == ["OPER root sesame"]
    commands.run("/oper root sesame", controller)
    assert controller.sent() == []
    assert controller.answers == ["hubbub asks for the password: /oper NAME"]
    for line in ("/oper root sesame", "/OPER root", "/raw OPER root sesame", "/raw pass sesame"):
        assert commands.holds_secret(line)
    for line in ("/operate", "/raw PING x", "oper root", "//oper x"):
        assert not commands.holds_secret(line)
