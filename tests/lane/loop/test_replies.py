"""Waits for Redis: replies, errors, lost connections, and those who wait for the same moment."""

import hiredis
import pytest

from gateway.broker.port import LOST
from gateway.chat.errors import Unavailable
from gateway.lane.loop.replies import Waiters, reply_to
from gateway.lane.loop.tasks import Wait
from tests.stage.parts import Running


async def awaited(wait: Wait[object]) -> object:
    return await wait


def test_a_reply_is_the_value() -> None:
    wait: Wait[object] = Wait()
    running = Running(awaited(wait))
    reply_to(wait)([b"a"])
    assert running.result == [b"a"]


@pytest.mark.parametrize("reply", [LOST, hiredis.ReplyError("WRONGTYPE")])
def test_a_lost_reply_and_an_error_make_the_command_unavailable(reply: object) -> None:
    wait: Wait[object] = Wait()
    running = Running(awaited(wait))
    reply_to(wait)(reply)
    assert isinstance(running.error, Unavailable)


def test_all_that_wait_go_on_at_once_and_who_gave_up_does_not() -> None:
    waiters = Waiters()
    one, two, third = (Running(waiters.wait()) for _ in range(3))
    two.task.interrupt(Unavailable())
    waiters.release()
    assert (one.is_over, third.is_over) == (True, True)
    assert (one.error, third.error) == (None, None)
    assert isinstance(two.error, Unavailable)
    assert not Running(waiters.wait()).is_over, "a later one waits for the next moment"
