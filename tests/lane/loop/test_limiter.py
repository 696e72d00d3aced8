"""Expensive work waits in line, and no task holds a place that it does not use."""

from collections.abc import Callable

from gateway.chat.errors import ClientLeft
from gateway.lane.loop.limiter import ConcurrencyLimiter
from gateway.lane.loop.tasks import Task, Wait


class Turns:
    """The calls that were deferred to another turn."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def later(self, _after_s: float, call: Callable[[], None]) -> None:
        self.due.append(call)

    def turn(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()


class Work:
    """Tasks that acquire the limiter, and release it when the test says so."""

    def __init__(self, places: int, count: int) -> None:
        self.turns = Turns()
        self.limiter = ConcurrencyLimiter(self.turns, places)
        self.inside: dict[int, Wait[None]] = {}
        self.tasks = [Task(self._work(n), lambda _task, _error: None) for n in range(count)]
        for task in self.tasks:
            task.step()

    async def _work(self, number: int) -> None:
        async with self.limiter:
            self.inside[number] = Wait()
            try:
                await self.inside[number]
            finally:
                del self.inside[number]

    def end(self, number: int) -> None:
        self.inside[number].fulfil(None)


def test_so_many_at_once_and_the_next_in_order_in_a_turn_of_its_own() -> None:
    work = Work(places=2, count=4)
    assert list(work.inside) == [0, 1]
    work.end(0)
    assert list(work.inside) == [1]
    work.turns.turn()
    assert list(work.inside) == [1, 2]


def test_who_gives_up_waiting_has_no_place_and_takes_none() -> None:
    work = Work(places=1, count=3)
    work.tasks[1].interrupt(ClientLeft())
    work.end(0)
    work.turns.turn()
    assert list(work.inside) == [2]


def test_who_leaves_while_inside_frees_the_place() -> None:
    work = Work(places=1, count=2)
    work.tasks[0].interrupt(ClientLeft())
    work.turns.turn()
    assert list(work.inside) == [1]


def test_a_place_that_nobody_waits_for_is_free() -> None:
    work = Work(places=1, count=1)
    work.end(0)
    work.turns.turn()
    Task(work._work(7), lambda _task, _error: None).step()
    assert list(work.inside) == [7]


def test_thousands_that_all_fail_at_once_do_not_call_each_other() -> None:
    work = Work(places=1, count=5000)
    for number in range(5000):
        work.end(number)
        work.turns.turn()
    assert not work.inside
    assert all(task.ended for task in work.tasks)
