"""From bytes to commands: order, waiting handlers, flood control, pauses, labels, faults, the end."""

from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.broker.probe import LinkProbe
from gateway.chat.capabilities import BATCH, LABELED_RESPONSE, STANDARD_REPLIES
from gateway.chat.commands.table import Command
from gateway.chat.errors import CommandError, Unavailable
from gateway.chat.flood import ANSWER_BYTES, TokenBucket
from gateway.chat.interfaces import Services
from gateway.chat.session import Session
from gateway.lane.clients.client import Client, Clients
from gateway.lane.clients.dialects import Irc
from gateway.lane.clients.dispatcher import REST_LIMIT_S, TICK_S, WAIT_LIMIT_S, WAITING_LINES_LIMIT, Dispatcher
from gateway.lane.loop.tasks import Wait
from gateway.wire.message import Message
from tests.stage.parts import Context, make_client


class World:
    """A dispatcher with commands of its own: SAY answers, WAIT waits, FAIL and BREAK do not succeed.

    The answer of LARGE costs a line more. PACE has two answers, the second after the first was read.
    """

    def __init__(self) -> None:
        self.context, self.clients = Context(), Clients()
        self.departed: list[str] = []
        self.waits: list[Wait[str]] = []
        self.probe = SimpleNamespace(is_away=False)
        self.dispatcher = Dispatcher(self.context, self.clients, cast(LinkProbe, self.probe), self._disconnect)
        self.dispatcher.services = cast(Services, None)
        dialect = Irc()
        dialect.commands = {
            "SAY": Command(self._say, 1),
            "WAIT": Command(self._wait),
            "FAIL": Command(self._fail),
            "BREAK": Command(self._break),
            "LARGE": Command(self._large),
            "PACE": Command(self._pace),
            "HELLO": Command(self._say, before_registration=True),
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

    def _large(self, _services: Services, session: Session, _message: Message) -> None:
        session.reply("x" * ANSWER_BYTES)

    async def _pace(self, _services: Services, session: Session, _message: Message) -> None:
        for piece in ("one", "two"):
            session.reply(piece)
            await self.dispatcher.pace(session)

    def limit(self, burst: int) -> None:
        """Let flood control accept so many lines at once, and one a second."""
        self.client.bucket = TokenBucket(1.0, burst, self.context.now)

    def pass_s(self, seconds: float) -> None:
        """Let time pass, with the calls of the lane."""
        for _ in range(int(seconds / TICK_S)):
            self.context.advance(TICK_S)
            self.dispatcher.expire()

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


# -- flood control --------------------------------------------------------------------------------


def test_a_client_that_is_too_fast_is_not_read_until_its_rate_allows_the_next_line(world: World) -> None:
    world.limit(2)
    assert world.send("SAY 1", "SAY 2", "SAY 3", "SAY 4") == ["said 1", "said 2", "said 3"], "the last on credit"
    assert world.connection.is_paused
    world.context.advance(0.9)
    assert world.connection.lines == []
    world.context.advance(0.1)
    assert world.connection.lines == ["said 4"]


def test_a_large_answer_costs_as_lines_do(world: World) -> None:
    world.limit(3)
    assert len(world.send("LARGE", "LARGE", "LARGE")) == 2
    assert world.client.throttled
    assert world.client.session.owed == 0


def test_a_client_that_does_not_read_gets_no_more_answers(world: World) -> None:
    world.connection.backlog_bytes = world.connection.backlog_limit_bytes // 2 + 1
    assert len(world.send("LARGE", "SAY a")) == 1
    assert world.connection.is_paused
    world.connection.drain()
    assert world.connection.lines == ["said a"]
    assert not world.connection.is_paused


def test_an_answer_in_pieces_goes_on_when_the_last_one_was_read_however_long_that_takes(world: World) -> None:
    world.connection.backlog_bytes = 1
    assert world.send("PACE") == ["one"]
    world.pass_s(10 * WAIT_LIMIT_S)
    assert world.connection.lines == []
    world.connection.drain()
    world.context.advance(0.0)
    assert world.connection.lines == ["two"]


def test_an_answer_in_pieces_ends_with_the_connection(world: World) -> None:
    world.connection.backlog_bytes = 1
    world.send("PACE")
    world.connection.is_open = False
    world.connection.drain()
    world.context.advance(0.0)
    assert not world.dispatcher.tasks
    assert world.connection.lines == []
    assert world.context.faults == []


# -- answers --------------------------------------------------------------------------------------


def test_a_response_has_the_label_of_its_command_whether_it_waits_or_not(world: World) -> None:
    world.client.session.caps = LABELED_RESPONSE | BATCH
    assert world.send("@label=1 SAY a", "SAY b", "@label=2 FAIL") == [
        "@label=1 said a",
        "said b",
        "@label=2 :irc.test 404 ann #a :Cannot send",
    ]
    assert world.send("@label=3 WAIT", "@label=4 SAY c") == []
    world.waits[0].fulfil("it")
    assert world.connection.lines == ["@label=3 waited for it", "@label=4 said c"]


def test_before_registration_only_some_commands_are_carried_out(world: World) -> None:
    world.client.session.is_registered = False
    answers = world.send("SAY a", "NOSUCH", "HELLO x")
    assert [line.split()[1] for line in answers[:2]] == ["451", "451"]
    assert answers[2] == "said x"


def test_a_line_that_is_too_long_is_refused_and_the_next_one_carried_out(world: World) -> None:
    """Modern IRC ERR_INPUTTOOLONG (417)."""
    refused, said = world.send(f"SAY {'x' * 600}", "SAY a")
    assert " 417 " in refused
    assert said == "said a"


def test_bytes_that_are_not_utf_8_are_reported_to_clients_that_know_how(world: World) -> None:
    """IRCv3 utf8only, INVALID_UTF8."""
    world.client.session.caps = STANDARD_REPLIES
    world.dispatcher.received(world.connection.as_connection(), b"SAY \xff\r\n")
    warning, said = world.connection.lines
    assert " WARN SAY INVALID_UTF8 " in warning
    assert said == "said \ufffd"


# -- a Redis that does not answer, and the end of a connection ------------------------------------


def test_commands_behind_one_that_has_timed_out_do_not_wait_as_long_each(world: World) -> None:
    world.probe.is_away = True
    world.send("WAIT", "WAIT", "WAIT", "SAY a")
    world.pass_s(WAIT_LIMIT_S)
    *failed, said = world.connection.lines
    assert len(failed) == 3
    assert said == "said a"
    assert not world.dispatcher.tasks


def test_of_a_lost_connection_the_accepted_lines_are_carried_out(world: World) -> None:
    world.send("WAIT", "SAY a")
    world.dispatcher.closed(world.connection.as_connection(), "reset")
    assert world.departed == []
    world.waits[0].fulfil("it")
    assert world.connection.lines == ["waited for it", "said a"]
    assert world.departed == ["Connection closed"]


def test_of_a_lost_connection_the_lines_that_flood_control_holds_back_are_dropped(world: World) -> None:
    world.limit(1)
    world.send("SAY a", "SAY b", "SAY c")
    world.dispatcher.closed(world.connection.as_connection(), "reset")
    assert world.departed == ["reset"]
    world.context.advance(10.0)
    assert world.connection.lines == []


def test_the_lines_of_a_lost_connection_are_waited_for_for_seconds(world: World) -> None:
    world.send("WAIT", "SAY a")
    world.dispatcher.closed(world.connection.as_connection(), "reset")
    world.context.advance(REST_LIMIT_S)
    assert world.departed == ["reset"]
