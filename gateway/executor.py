"""The small thread pool for whatever blocks: connecting to Redis, password hashing, name look-ups.

It owns nothing: it runs one call and hands the result to whoever asked, through their lane's ``post``.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

THREADS = 4


class Executor:
    """Runs blocking calls on threads named ``executor_N``."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="executor")

    def run(
        self,
        call: Callable[[], T],
        post: Callable[[Callable[[], None]], None],
        done: Callable[[T | BaseException], None],
    ) -> None:
        """Runs ``call`` on a thread; ``done`` gets its result or its exception, by way of ``post``."""

        def deliver(future: Future[T]) -> None:
            error = future.exception()
            result = error if error is not None else future.result()
            post(lambda: done(result))

        self._pool.submit(call).add_done_callback(deliver)

    def close(self) -> None:
        """Waits for the calls that run; none may hang without a timeout of its own."""
        self._pool.shutdown(cancel_futures=True)
