"""Tries at operators' passwords: one at a time for the whole gateway, addresses in turn.

argon2id takes a core for a tenth of a second on purpose, so a try is the most expensive thing that a client can ask
for. Tries are made on one thread of low priority. An address that tries much delays its own tries alone. A try that
nobody waits for any more is not made.
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
TRIES_LIMIT = 32
"""Waiting tries of one address; a session has one at most."""
NICENESS = 5
"""How far the lanes go before it where processors are scarce."""

Post = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Try:
    """One password to be tried, and how its lane gets the outcome."""

    password_hash: str
    password: str
    post: Post
    done: Callable[[bool], None]


class Verifier:
    """Verifies one password at a time. Owns the thread "verifier", from the first try to :meth:`close`."""

    def __init__(self, fits: Callable[[str, str], bool] = passwords.fits) -> None:
        """``fits``: whether a password (second) fits a hash (first); called on the thread."""
        self._fits = fits
        self._waiting: OrderedDict[str, deque[_Try]] = OrderedDict()  # by address, the next in turn first
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def submit(
        self, address: str, password_hash: str, password: str, post: Post, done: Callable[[bool], None]
    ) -> Callable[[], None] | None:
        """Queue a try; ``done`` gets its outcome by way of ``post``. From any thread.

        Returns what takes the try back; None where too many wait: then there is no try.
        """
        key = site(address)
        one = _Try(password_hash, password, post, done)
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
        """Wait for the try that is being made; the others are dropped."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _is_full(self, key: str) -> bool:
        tries = self._waiting.get(key)
        return len(self._waiting) >= ADDRESSES_LIMIT if tries is None else len(tries) >= TRIES_LIMIT

    def _cancel(self, key: str, one: _Try) -> None:
        with self._changed:
            tries = self._waiting.get(key)
            if tries is not None and one in tries:
                tries.remove(one)
                if not tries:
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

    def _next(self) -> _Try | None:
        """Wait for the next try; None when the thread is to end."""
        with self._changed:
            while not self._waiting and not self._is_closing:
                self._changed.wait()
            if self._is_closing:
                return None
            key, tries = next(iter(self._waiting.items()))
            one = tries.popleft()
            self._waiting.move_to_end(key)
            if not tries:
                del self._waiting[key]
            return one
