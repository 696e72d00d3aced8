"""The thread pool for blocking calls, such as connecting to Redis.

It runs a call and passes the result to the caller's lane through ``post``.
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
        """Run ``call`` on a thread; ``done`` is called through ``post`` with its result or exception."""

        def deliver(future: Future[T]) -> None:
            error = future.exception()
            result = error if error is not None else future.result()
            post(lambda: done(result))

        self._pool.submit(call).add_done_callback(deliver)

    def close(self) -> None:
        """Wait for running calls; each call must have its own timeout."""
        self._pool.shutdown(cancel_futures=True)
