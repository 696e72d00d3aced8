"""Check operators' passwords: one at a time for the whole gateway, addresses in turn.

argon2id takes a core for a tenth of a second by design, so a check is the most expensive request of a client. Checks
run on one thread of low priority. An address with many attempts delays only its own. A check is skipped if its client
has left.
"""

import contextlib
import os
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from gateway import passwords
from gateway.admission import site

log = structlog.get_logger()

ADDRESSES_LIMIT = 64
ATTEMPTS_LIMIT = 32
"""Waiting attempts of one address; a session has at most one."""
NICENESS = 5
"""The thread's nice value, so that the lanes come first."""

Post = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    """One password to check, and the callback for the result."""

    password_hash: str
    password: str
    post: Post
    done: Callable[[bool], None]


class Verifier:
    """Checks one password at a time. Owns the thread "verifier", from the first attempt until `close`."""

    def __init__(self, fits: Callable[[str, str], bool] = passwords.fits) -> None:
        """``fits(hash, password)`` returns whether they match; called on the thread."""
        self._fits = fits
        self._waiting: OrderedDict[str, deque[_Attempt]] = OrderedDict()  # by address, the next in turn first
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def submit(
        self, address: str, password_hash: str, password: str, post: Post, done: Callable[[bool], None]
    ) -> Callable[[], None] | None:
        """Queue an attempt; ``done`` is called through ``post`` with the result. Any thread.

        Returns a function that cancels the attempt, or None if too many wait and the attempt was not queued.
        """
        key = site(address)
        one = _Attempt(password_hash, password, post, done)
        with self._changed:
            if self._is_full(key):
                return None
            self._waiting.setdefault(key, deque()).append(one)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="verifier")
                self._thread.start()
            self._changed.notify()
        return partial(self._cancel, key, one)

    def close(self) -> None:
        """Wait for the running check; drop the others."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _is_full(self, key: str) -> bool:
        attempts = self._waiting.get(key)
        return len(self._waiting) >= ADDRESSES_LIMIT if attempts is None else len(attempts) >= ATTEMPTS_LIMIT

    def _cancel(self, key: str, one: _Attempt) -> None:
        with self._changed:
            attempts = self._waiting.get(key)
            if attempts is not None and one in attempts:
                attempts.remove(one)
                if not attempts:
                    del self._waiting[key]

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # argon2's own threads inherit it
        while (one := self._next()) is not None:
            try:
                fits = self._fits(one.password_hash, one.password)
            except Exception as error:
                log.error("fault", where="verifier", exc_info=error)
                fits = False
            one.post(partial(one.done, fits))

    def _next(self) -> _Attempt | None:
        """Wait for the next attempt; None when the thread must end."""
        with self._changed:
            while not self._waiting and not self._is_closing:
                self._changed.wait()
            if self._is_closing:
                return None
            key, attempts = next(iter(self._waiting.items()))
            one = attempts.popleft()
            self._waiting.move_to_end(key)
            if not attempts:
                del self._waiting[key]
            return one
