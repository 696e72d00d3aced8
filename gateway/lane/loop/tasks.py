"""The trampoline that runs command handlers which wait for an answer.

No other event loop is needed: a handler yields the :class:`Wait` that it needs, and is resumed when that is fulfilled.
Runs on the lane's thread; knows nothing of chat.
"""

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Wait(Generic[T]):
    """A value that is not available yet. At most one task awaits it.

    ``fulfil`` and ``fail`` may be called again (an answer after a deadline). Only the first call counts.
    """

    __slots__ = ("_error", "_resume", "_value", "done")

    def __init__(self) -> None:
        self.done = False
        self._value: T | None = None
        self._error: Exception | None = None
        self._resume: Callable[[], None] | None = None

    def fulfil(self, value: T) -> None:
        if not self.done:
            self._value = value
            self._finish()

    def fail(self, error: Exception) -> None:
        if not self.done:
            self._error = error
            self._finish()

    def then(self, resume: Callable[[], None]) -> None:
        """Call ``resume`` when the value is available, or at once if it already is."""
        assert self._resume is None, "a wait is awaited once"
        if self.done:
            resume()
        else:
            self._resume = resume

    def _finish(self) -> None:
        self.done = True
        resume, self._resume = self._resume, None
        if resume is not None:
            resume()

    def __await__(self) -> Generator["Wait[Any]", None, T]:
        if not self.done:
            yield self
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


class Task:
    """A running handler. ``on_end`` is called once, with the exception that escaped it or None."""

    __slots__ = ("_coroutine", "_on_end", "_wait", "deadline", "ended")

    def __init__(
        self, coroutine: Coroutine[Wait[Any], None, None], on_end: Callable[["Task", Exception | None], None]
    ) -> None:
        self._coroutine = coroutine
        self._on_end = on_end
        self._wait: Wait[Any] | None = None
        self.deadline = 0.0
        self.ended = False

    def step(self) -> None:
        """Run the handler up to its next unfulfilled wait."""
        try:
            self._wait = self._coroutine.send(None)
        except StopIteration:
            self._end(None)
        except Exception as error:
            self._end(error)
        else:
            self._wait.then(self.step)

    def interrupt(self, error: Exception) -> None:
        """Resume a waiting handler with ``error`` in place of the value that it awaits."""
        if self._wait is not None and not self._wait.done:
            self._wait.fail(error)

    def _end(self, error: Exception | None) -> None:
        self.ended = True
        self._on_end(self, error)
