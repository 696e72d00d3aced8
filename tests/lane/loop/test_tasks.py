"""Handlers that wait: driven by hand, resumed once, interrupted."""

from typing import Any

import pytest

from gateway.lane.loop.tasks import Task, Wait
from tests.stage.parts import Running


def test_a_task_goes_on_when_its_wait_is_fulfilled() -> None:
    wait: Wait[int] = Wait()

    async def handler() -> int:
        return await wait + 1

    running = Running(handler())
    assert not running.is_over
    wait.fulfil(1)
    assert (running.is_over, running.result) == (True, 2)


def test_what_is_fulfilled_already_is_not_waited_for() -> None:
    wait: Wait[str] = Wait()
    wait.fulfil("here")

    async def handler() -> str:
        return await wait

    assert Running(handler()).result == "here"


def test_only_the_first_answer_counts() -> None:
    wait: Wait[int] = Wait()
    wait.fulfil(1)
    wait.fulfil(2)
    wait.fail(ValueError())

    async def handler() -> int:
        return await wait

    assert Running(handler()).result == 1


def test_an_interrupted_task_gets_the_error_in_place_of_its_value() -> None:
    wait: Wait[int] = Wait()

    async def handler() -> str:
        try:
            await wait
        except TimeoutError:
            return "too late"
        return "in time"

    running = Running(handler())
    running.task.interrupt(TimeoutError())
    wait.fulfil(1)
    assert running.result == "too late"


def test_what_escapes_a_handler_ends_its_task() -> None:
    async def handler() -> None:
        raise ValueError("ours")

    running = Running(handler())
    assert str(running.error) == "ours"


def test_a_wait_is_awaited_by_one_task_only() -> None:
    wait: Wait[Any] = Wait()
    wait.then(lambda: None)
    with pytest.raises(AssertionError):
        wait.then(lambda: None)


def test_the_end_of_a_task_is_reported_once() -> None:
    ended: list[Task] = []

    async def handler() -> None:
        """Ends at once."""

    task = Task(handler(), lambda task, _error: ended.append(task))
    task.step()
    task.interrupt(ValueError())
    assert ended == [task]
    assert task.ended
