"""From bytes to commands: order, waiting handlers, pauses, faults, the end."""

from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.broker.probe import LinkProbe
from gateway.chat.commands.table import Command
from gateway.chat.errors import CommandError, Unavailable
from gateway.chat.interfaces import Services
from gateway.chat.session import Session
from gateway.lane.clients.client import Client, Clients
from gateway.lane.clients.dialects import Irc
from gateway.lane.clients.dispatcher import WAIT_LIMIT_S, WAITING_LINES_LIMIT, Dispatcher
from gateway.lane.loop.tasks import Wait
from gateway.wire.message import Message
from tests.stage.parts import Context, make_client


class World:
    """A dispatcher with commands of its own: SAY answers, WAIT waits, FAIL and BREAK do not succeed."""

    def __init__(self) -> None:
        self.context, self.clients = Context(), Clients()
        self.departed: list[str] = []
        self.waits: list[Wait[str]] = []
        probe = cast(LinkProbe, SimpleNamespace(is_away=False))
        self.dispatcher = Dispatcher(self.context, self.clients, probe, self._disconnect)
        self.dispatcher.services = cast(Services, None)
        dialect = Irc()
        dialect.commands = {
            "SAY": Command(self._say, 1),
            "WAIT": Command(self._wait),
            "FAIL": Command(self._fail),
            "BREAK": Command(self._break),
        }
        self.client, self.connection = make_client(self.context, self.clients, "ann", dialect=dialect)

    def _disconnect(self, client: Client, reason: str) -> None:
        client.is_leaving = True
        self.departed.append(reason)

    def _say(self, _services: Services, session: Session, message: Message) -> None:
        session.reply(f"said {message.params[0]}")

    def _wait(self, _services: Services, session: Session, _message: Message) -> Coroutine[Any, Any, None]:
        wait: Wait[str] = Wait()
        self.waits.append(wait)

        async def handler() -> None:
            session.reply(f"waited for {await wait}")

        return handler()

    def _fail(self, _services: Services, _session: Session, _message: Message) -> None:
        raise CommandError("404", "#a", "Cannot send")

    def _break(self, _services: Services, _session: Session, _message: Message) -> None:
        raise ValueError("ours")

    def send(self, *lines: str) -> list[str]:
        self.dispatcher.received(self.connection.as_connection(), "".join(f"{one}\r\n" for one in lines).encode())
        return self.connection.lines


@pytest.fixture
def world() -> World:
    return World()


def test_each_line_is_one_command(world: World) -> None:
    assert world.send("SAY a", "SAY b") == ["said a", "said b"]
    assert world.dispatcher.commands == 2


def test_lines_behind_a_handler_that_waits_wait_too_in_order(world: World) -> None:
    assert world.send("SAY a", "WAIT", "SAY b") == ["said a"]
    assert world.send("SAY c") == []
    world.waits[0].fulfil("it")
    assert world.connection.lines == ["waited for it", "said b", "said c"]


def test_a_refused_command_is_answered_and_the_next_one_carried_out(world: World) -> None:
    assert world.send("FAIL", "SAY a", "NOSUCH", "SAY") == [
        ":irc.test 404 ann #a :Cannot send",
        "said a",
        ":irc.test 421 ann NOSUCH :Unknown command",
        ":irc.test 461 ann SAY :Not enough parameters",
    ]


def test_a_fault_of_ours_ends_its_client_only(world: World) -> None:
    world.send("BREAK", "SAY a")
    assert world.context.faults == ["BREAK: ours"]
    assert world.departed == ["Internal error"]


def test_a_wait_ends_after_its_limit(world: World) -> None:
    world.send("WAIT")
    for _ in range(int(WAIT_LIMIT_S / 0.5) + 2):
        world.context.advance(0.5)
        world.dispatcher.expire()
    [line] = world.connection.lines
    assert "WAIT" in line
    assert not world.dispatcher.tasks


def test_a_stall_of_the_lane_does_not_time_handlers_out(world: World) -> None:
    world.dispatcher.expire()
    world.send("WAIT")
    world.context.advance(10 * WAIT_LIMIT_S)
    world.dispatcher.expire()
    assert world.dispatcher.tasks


def test_a_client_is_not_read_while_there_is_a_reason(world: World) -> None:
    reasons: list[Callable[[], None]] = [world.dispatcher.pause_reading(world.client) for _ in range(2)]
    assert world.connection.is_paused
    assert world.send("SAY a") == []
    reasons[0]()
    assert world.connection.lines == []
    reasons[1]()
    assert world.connection.lines == ["said a"]
    assert not world.connection.is_paused


def test_waiting_lines_are_bounded_by_reading_no_more(world: World) -> None:
    world.send("WAIT", *["SAY a"] * WAITING_LINES_LIMIT)
    assert world.connection.is_paused
    world.waits[0].fulfil("it")
    assert not world.connection.is_paused
    assert len(world.connection.lines) == WAITING_LINES_LIMIT + 1


def test_what_the_peer_sent_before_it_ended_is_carried_out_first(world: World) -> None:
    world.send("WAIT", "SAY a")
    world.dispatcher.ended(world.connection.as_connection())
    assert not world.departed
    world.waits[0].fulfil("it")
    assert world.connection.lines == ["waited for it", "said a"]
    assert world.departed == ["Connection closed"]


def test_after_finish_no_more_lines_are_taken(world: World) -> None:
    finished: list[str] = []
    world.dispatcher.finish(world.client, lambda: finished.append("finished"))
    assert world.send("SAY a") == []
    assert finished == ["finished"]


def test_an_unavailable_answer_is_told_by_name(world: World) -> None:
    world.send("WAIT")
    world.waits[0].fail(Unavailable("PRIVMSG", "#a"))
    [line] = world.connection.lines
    assert "PRIVMSG" in line
    assert "#a" in line
