"""What operators do: passwords tried beside the lane, reports to all operators, REHASH."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.chat.errors import ClientLeft, Unavailable
from gateway.lane.clients.client import Clients
from gateway.lane.features.operators import Operators
from tests.stage.parts import Context, Running, make_client


class World:
    """The operators of a lane; ``broadcast``: the lines that were sent to all lanes."""

    def __init__(self) -> None:
        self.context = Context()
        self.tries: list[Callable[[bool], None] | None] = []
        self.cancelled: list[str] = []
        self.rehashed: list[str] = []
        self.is_full = False
        self.context.process = replace(
            self.context.process, verify=self._verify, rehash=lambda: self.rehashed.append("rehash")
        )
        self.broadcast: list[str] = []
        direct: Any = self
        self.operators = Operators(self.context, direct)
        self.session = make_client(self.context, Clients(), "ann")[0].session
        self.session.oper = "root"

    def _verify(
        self, _address: str, _hash: str, _password: str, _post: object, done: Callable[[bool], None]
    ) -> Callable[[], None] | None:
        self.tries.append(done)
        return None if self.is_full else lambda: self.cancelled.append("cancelled")

    def broadcast_soon(self, line: str) -> None:
        self.broadcast.append(line)

    def verify(self) -> Running:
        return Running(self.operators.verify(self.session, "hash", "password"))


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("is_right", [True, False])
def test_a_password_is_tried_elsewhere_and_awaited(world: World, is_right: bool) -> None:
    running = world.verify()
    assert not running.is_over
    [done] = world.tries
    assert done is not None
    done(is_right)
    assert running.result is is_right


def test_where_too_many_passwords_wait_the_command_is_unavailable(world: World) -> None:
    world.is_full = True
    assert isinstance(world.verify().error, Unavailable)


def test_a_try_is_cancelled_when_its_client_leaves(world: World) -> None:
    running = world.verify()
    running.task.interrupt(ClientLeft())
    assert world.cancelled == ["cancelled"]


def test_all_operators_are_told_what_one_has_done(world: World) -> None:
    world.operators.report(world.session, "KILL", "bob", "spam")
    [line] = world.broadcast
    assert "ann!ann@host (operator root) used KILL bob: spam" in line


def test_rehash_reads_the_configuration(world: World) -> None:
    world.operators.rehash()
    assert world.rehashed == ["rehash"]
