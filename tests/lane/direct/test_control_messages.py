"""Control messages in the inbox: what they do besides showing their line."""

import pytest
from structlog.testing import capture_logs

from gateway.chat.capabilities import STANDARD_REPLIES
from gateway.lane.clients.client import Client, Clients
from gateway.lane.direct.control_messages import INVITES_KEPT, OPERATOR_NOTICE, control_handlers
from gateway.wire.message import parse
from tests.stage.parts import Context, make_client


class World:
    """Three clients of a lane: ann; bob, who has user mode +w; and op, an operator."""

    def __init__(self) -> None:
        self.clients = Clients()
        context = Context()
        made = {nick: make_client(context, self.clients, nick) for nick in ("ann", "bob", "op")}
        self.client = {nick: client for nick, (client, _) in made.items()}
        self.connection = {nick: connection for nick, (_, connection) in made.items()}
        self.client["bob"].session.wallops = True
        self.client["op"].session.oper = "root"
        self.disconnected: list[tuple[str, str]] = []
        self.shown: list[str] = []
        self.handlers = control_handlers(self.clients, self._disconnect)

    def _disconnect(self, client: Client, reason: str) -> None:
        self.disconnected.append((client.session.nick, reason))

    def receive(self, line: str, nick: str = "ann") -> None:
        """Take an event that is addressed to a client; "": to a session that is not here any more."""
        message = parse(line)
        assert message is not None
        show = self.handlers[message.verb]
        show(message, self.client.get(nick), lambda client: self.shown.append(client.session.nick))


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("line", ["KILL ann :x", "INVITE ann #a", "FAIL PRIVMSG ID_IN_USE ann :x"])
def test_nothing_happens_to_a_session_that_has_left(world: World, line: str) -> None:
    world.receive(line, "")
    assert (world.shown, world.disconnected) == ([], [])


def test_a_killed_client_sees_by_whom_and_why(world: World) -> None:
    """Modern IRC, "KILL message". The gateway's log has no text of a user."""
    with capture_logs() as logged:
        world.receive(":op!o@h KILL ann :a secret")
    assert world.shown == ["ann"]
    assert world.disconnected == [("ann", "Killed (op (a secret))")]
    assert "secret" not in str(logged)


def test_wallops_are_shown_to_operators_and_to_users_who_want_them(world: World) -> None:
    """RFC 2812 4.7."""
    world.receive(":op!o@h WALLOPS :hi", "")
    assert world.shown == ["bob", "op"]


def test_an_invitation_is_kept_once_by_room_and_the_oldest_is_forgotten(world: World) -> None:
    for number in range(INVITES_KEPT):
        world.receive(f":bob!u@h INVITE ann #r{number}")
    world.receive(":bob!u@h INVITE ann #R0")
    invites = world.client["ann"].session.invites
    assert invites is not None
    assert len(invites) == INVITES_KEPT
    assert list(invites.items())[-1] == ("#r0", "#R0")
    world.receive(":bob!u@h INVITE ann #more")
    invites = world.client["ann"].session.invites
    assert invites is not None
    assert "#r1" not in invites
    assert "#r0" in invites
    assert len(world.shown) == INVITES_KEPT + 2


def test_a_refusal_is_shown_as_its_reader_knows_it(world: World) -> None:
    """IRCv3 standard-replies: a NOTICE to clients without the capability."""
    line = ":irc.test FAIL PRIVMSG ID_IN_USE bob :taken"
    world.receive(line)
    assert world.shown == []
    assert world.connection["ann"].lines == [":irc.test NOTICE ann :PRIVMSG bob failed: taken"]
    world.client["ann"].session.caps = STANDARD_REPLIES
    world.receive(line)
    assert world.shown == ["ann"]


def test_operators_are_notified_and_no_other_user(world: World) -> None:
    world.receive(f":irc.test {OPERATOR_NOTICE} :root used KILL", "")
    assert world.connection["op"].lines == [":irc.test NOTICE op :*** root used KILL"]
    assert world.connection["ann"].lines == world.connection["bob"].lines == []
