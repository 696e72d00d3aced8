"""What network operators do: passwords on another thread, reports to all operators, REHASH."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.chat.errors import ClientLeft, Unavailable
from gateway.lane.clients.client import Clients
from gateway.lane.features.operators import Operators
from tests.stage.parts import Context, Running, make_client


class World:
    def __init__(self) -> None:
        self.context = Context()
        self.reports: list[str] = []
        direct: Any = self
        self.operators = Operators(self.context, direct)
        client, _ = make_client(self.context, Clients(), "ann")
        self.session = client.session
        self.session.oper = "root"

    def broadcast_soon(self, line: str) -> None:
        self.reports.append(line)

    def verify(self) -> Running:
        return Running(self.operators.verify(self.session, "$argon2id$x", "secret"))


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("is_right", [True, False])
def test_the_handler_waits_for_the_verifier(world: World, is_right: bool) -> None:
    verifying = world.verify()
    assert not verifying.is_over
    ((words, done),) = world.context.verifications
    assert words == ("192.0.2.1", "$argon2id$x", "secret")
    done(is_right)
    assert verifying.result is is_right
    assert world.context.verifications_cancelled == 0


def test_where_too_many_passwords_wait_the_command_is_unavailable(world: World) -> None:
    world.context.may_verify = False
    assert isinstance(world.verify().error, Unavailable)


@pytest.mark.parametrize("why", [ClientLeft, Unavailable])
def test_a_password_that_nobody_waits_for_is_not_verified(world: World, why: type[Exception]) -> None:
    verifying = world.verify()
    verifying.task.interrupt(why())
    assert isinstance(verifying.error, why)
    assert world.context.verifications_cancelled == 1


def test_what_an_operator_does_is_logged_and_all_operators_read_it(world: World) -> None:
    with capture_logs() as logged:
        world.operators.report(world.session, "KILL", "eve", "spam")
        world.operators.report(world.session, "REHASH")
    assert world.reports == [
        ":irc.test OPERNOTICE :ann!ann@host (operator root) used KILL eve: spam",
        ":irc.test OPERNOTICE :ann!ann@host (operator root) used REHASH on irc.test, gateway gate",
    ]
    assert [(one["event"], one["command"], one["target"]) for one in logged] == [
        ("operator_command", "KILL", "eve"),
        ("operator_command", "REHASH", ""),
    ]
    assert "spam" not in str(logged), "the gateway's log has nothing that a user wrote"


def test_rehash_is_the_process_s(world: World) -> None:
    world.operators.rehash()
    assert world.context.rehashes == 1
