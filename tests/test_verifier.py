"""Attempts at passwords: in turn, bounded, and only while a client waits for the result."""

import threading
from collections.abc import Callable, Iterator

import pytest

from gateway.verifier import ADDRESSES_LIMIT, ATTEMPTS_LIMIT, Verifier

DEADLINE_S = 10.0


class Tries:
    """A verifier whose thread runs an attempt when the test allows it, and the results."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.outcomes: dict[str, bool] = {}
        self._let = threading.Semaphore(0)
        self._begun = threading.Semaphore(0)
        self._posted = threading.Semaphore(0)
        self.verifier = Verifier(self._fits)
        self.submit("192.0.2.99", "the first")
        assert self._begun.acquire(timeout=DEADLINE_S)  # the thread is busy until the test releases it

    def _fits(self, _hash: str, password: str) -> bool:
        self._begun.release()
        assert self._let.acquire(timeout=DEADLINE_S)
        self.made.append(password)
        return password == "right"

    def submit(self, address: str, password: str) -> Callable[[], None] | None:
        def post(call: Callable[[], None]) -> None:
            call()
            self._posted.release()

        def done(fits: bool) -> None:
            self.outcomes[password] = fits

        return self.verifier.submit(address, "hash", password, post, done)

    def make(self, count: int) -> list[str]:
        for _ in range(count):
            self._let.release()
            assert self._posted.acquire(timeout=DEADLINE_S)
        return self.made

    def close(self) -> None:
        self._let.release(1000)
        self.verifier.close()


@pytest.fixture
def tries() -> Iterator[Tries]:
    tries = Tries()
    yield tries
    tries.close()


def test_addresses_take_turns_and_each_keeps_its_order(tries: Tries) -> None:
    for number in range(3):
        tries.submit("192.0.2.1", f"wrong {number}")
    tries.submit("192.0.2.2", "right")
    assert tries.make(5) == ["the first", "wrong 0", "right", "wrong 1", "wrong 2"]
    assert [password for password, fits in tries.outcomes.items() if fits] == ["right"]


def test_a_try_that_was_taken_back_is_not_made(tries: Tries) -> None:
    cancels = [tries.submit("192.0.2.1", f"wrong {number}") for number in range(3)]
    alone = tries.submit("192.0.2.2", "alone")
    for cancel in (cancels[1], alone):
        assert cancel is not None
        cancel()
    assert tries.make(3) == ["the first", "wrong 0", "wrong 2"]


def test_an_address_has_so_many_tries_that_wait_and_others_are_taken_all_the_same(tries: Tries) -> None:
    for number in range(ATTEMPTS_LIMIT):
        assert tries.submit("192.0.2.1", f"wrong {number}") is not None
    assert tries.submit("192.0.2.1", "one more") is None
    assert tries.submit("192.0.2.2", "right") is not None
    assert tries.make(3)[2] == "right"


def test_addresses_of_one_ipv6_site_are_one(tries: Tries) -> None:
    for number in range(3):
        tries.submit(f"2001:db8::{number}", f"wrong {number}")
    tries.submit("192.0.2.2", "right")
    assert tries.make(3)[2] == "right"


def test_so_many_addresses_wait_at_once(tries: Tries) -> None:
    for number in range(ADDRESSES_LIMIT):
        assert tries.submit(f"198.51.100.{number}", f"wrong {number}") is not None
    assert tries.submit("192.0.2.1", "right") is None


def test_what_waits_when_it_ends_is_not_made(tries: Tries) -> None:
    tries.submit("192.0.2.1", "late")
    closing = threading.Thread(target=tries.verifier.close)
    with tries.verifier._changed:
        closing.start()
        assert tries.verifier._changed.wait_for(lambda: tries.verifier._is_closing, DEADLINE_S)
    tries.make(1)
    closing.join(DEADLINE_S)
    assert tries.made == ["the first"]
