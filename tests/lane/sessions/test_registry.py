"""How a session leaves: after all that it did, its nick before its ERROR."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from gateway.chat.capabilities import SERVER_TIME
from gateway.chat.errors import ClientLeft
from gateway.chat.room import Room
from gateway.lane.clients.client import Client, Clients
from gateway.lane.hooks import Hooks
from gateway.lane.loop.tasks import Wait
from gateway.lane.outgoing import Outgoing
from gateway.lane.sessions.registry import CLOSING_LIMIT_S, ERROR_LIMIT_S, Sessions
from gateway.logs import log_writer
from gateway.logs.in_flight import PendingEvent
from tests.stage.parts import Context, LogWriter, Running, make_client


class Parts:
    """What a session needs to leave. ``steps``: what happened, in order."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.context, self.clients, self.log_writer, hooks = Context(), Clients(), LogWriter(), Hooks()
        writer = cast(log_writer.LogWriter, self.log_writer)
        self.outgoing = Outgoing(self.context, self.clients, writer, (10_000, 60.0), lambda _client: lambda: None)
        self.outgoing.listener = self
        self.rooms = {"#a": self}
        self.nick_released: Wait[None] = Wait()
        self.inbox = "@gate.0"
        self.reaching: list[tuple[list[str], Callable[[], None]]] = []
        """The barrier's calls that have not come yet, and their logs."""
        anything: Any = self
        self.sessions = Sessions(
            self.context, hooks, self.clients, self.outgoing, anything, anything, anything, anything
        )
        hooks.client_departs.append(lambda _client: self.steps.append("departs"))
        hooks.client_left.append(lambda _client: self.steps.append("left"))
        self.client, self.connection = make_client(self.context, self.clients, "ann")
        self.client.session.rooms["#a"] = Room("#a")

    def leave(self, _client: Client) -> None:
        """Take a client out of the room's audience, as the room."""
        self.steps.append("out of the audience")

    def enter(self, client: Client) -> None:
        """Take it in again."""
        self.steps.append(f"in the audience of {client.variant}")

    def reach(self, names: list[str], done: Callable[[], None]) -> None:
        self.reaching.append((names, done))

    def cancel(self, done: Callable[[], None]) -> None:
        self.reaching = [one for one in self.reaching if one[1] is not done]

    async def give_up(self, _session: object) -> None:
        """Release the nick, as the nicks."""
        await self.nick_released
        self.steps.append("nick released")

    def finished(self, _client: Client, pending: PendingEvent, _outcome: Any) -> None:
        self.steps.append(pending.line.split(" ")[-1])

    def finish(self, line: str) -> None:
        """Let the one event that waits for the room come back."""
        [pending] = self.log_writer.queues.pop("#a")
        assert line in pending.line
        self.outgoing.finish(pending, None)


@pytest.fixture
def parts() -> Parts:
    return Parts()


def test_a_quit_follows_all_that_the_client_did_and_the_nick_is_free_before_the_error(parts: Parts) -> None:
    parts.outgoing.append(parts.client.session.sid, "#a", "PRIVMSG")
    parts.sessions.disconnect(parts.client, "Quit: bye")
    assert parts.steps == ["departs", "out of the audience"]
    parts.finish("PRIVMSG")
    parts.finish("QUIT")
    assert not parts.connection.is_closing
    parts.nick_released.fulfil(None)
    assert parts.connection.is_closing
    assert parts.connection.lines == ["ERROR :Closing link: Quit: bye"]
    assert parts.steps[-2:] == ["nick released", "left"]
    assert not parts.clients


def test_while_redis_is_unavailable_the_error_comes_after_a_while(parts: Parts) -> None:
    parts.sessions.disconnect(parts.client, "bye")
    parts.context.advance(ERROR_LIMIT_S)
    assert parts.connection.lines == ["ERROR :Closing link: bye"]
    assert parts.clients, "its QUIT is still to come"


def test_a_peer_that_does_not_close_is_cut(parts: Parts) -> None:
    parts.sessions.disconnect(parts.client, "bye")
    parts.context.advance(ERROR_LIMIT_S)
    assert parts.sessions.is_closing
    parts.context.advance(CLOSING_LIMIT_S)
    assert not parts.connection.is_open
    assert not parts.sessions.is_closing


def test_a_client_leaves_once(parts: Parts) -> None:
    parts.sessions.disconnect(parts.client, "bye")
    parts.sessions.disconnect(parts.client, "again")
    assert parts.steps.count("departs") == 1


def test_rooms_whose_join_is_under_way_get_the_quit_too(parts: Parts) -> None:
    parts.client.intended = {"#b"}
    parts.sessions.disconnect(parts.client, "bye")
    assert set(parts.log_writer.queues) == {"#a", "#b"}


def test_a_client_with_other_capabilities_gets_the_lines_of_another_variant(parts: Parts) -> None:
    parts.sessions.set_caps(parts.client.session, SERVER_TIME)
    assert parts.client.session.caps == SERVER_TIME
    assert parts.steps == ["out of the audience", f"in the audience of {SERVER_TIME}"]


def test_a_pong_waits_until_nothing_is_under_way_and_then_for_all_logs_of_the_session(parts: Parts) -> None:
    parts.client.intended = {"#b"}
    parts.outgoing.append(parts.client.session.sid, "#a", "PRIVMSG")
    waiting = Running(parts.sessions.barrier(parts.client.session))
    assert parts.reaching == []
    parts.finish("PRIVMSG")
    [(names, done)] = parts.reaching
    assert names == ["@gate.0", "#a", "#b"]
    assert not waiting.is_over
    done()
    assert (waiting.is_over, waiting.error) == (True, None)


@pytest.mark.parametrize("is_idle", [False, True])
def test_a_pong_that_is_not_waited_for_any_more_is_forgotten(parts: Parts, is_idle: bool) -> None:
    if not is_idle:
        parts.outgoing.append(parts.client.session.sid, "#a", "PRIVMSG")
    waiting = Running(parts.sessions.barrier(parts.client.session))
    waiting.task.interrupt(ClientLeft())
    assert isinstance(waiting.error, ClientLeft)
    if not is_idle:
        parts.finish("PRIVMSG")
    assert parts.reaching == []


def test_a_handler_that_waits_learns_that_its_client_has_left(parts: Parts) -> None:
    waiting = Running(parts.sessions.barrier(parts.client.session))
    parts.client.task = waiting.task
    parts.sessions.disconnect(parts.client, "bye")
    assert isinstance(waiting.error, ClientLeft)


def test_the_gateway_s_log_has_no_text_of_a_user(parts: Parts) -> None:
    with capture_logs() as logged:
        parts.sessions.quit(parts.client.session, "Quit: a secret")
        parts.finish("QUIT")
        parts.nick_released.fulfil(None)
    assert [(one["event"], one["reason"]) for one in logged] == [("closed", "Quit")]
