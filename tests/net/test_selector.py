"""The lane's selector: it waits for descriptors, and other threads can end the wait."""

import socket
import threading
from collections.abc import Iterator

import pytest

from gateway.net.selector import READ, WRITE, Selector, Wake

DEADLINE_S = 30.0


@pytest.fixture
def selector() -> Iterator[Selector]:
    made = Selector()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def ignore(_mask: int) -> None:
    """Handle nothing."""


def test_a_descriptor_is_ready_once_there_is_something_to_read(
    selector: Selector, pair: tuple[socket.socket, socket.socket]
) -> None:
    one, other = pair
    selector.register(one.fileno(), ignore)
    assert selector.wait(0.0) == []
    other.send(b"x")
    assert selector.wait(DEADLINE_S) == [(one.fileno(), READ)]
    assert selector.wait(DEADLINE_S) == [(one.fileno(), READ)], "it stays ready until it is read"
    one.recv(1)
    assert selector.wait(0.0) == []


def test_what_is_waited_for_can_be_changed(selector: Selector, pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    other.send(b"x")
    selector.register(one.fileno(), ignore, WRITE)
    assert selector.wait(DEADLINE_S) == [(one.fileno(), WRITE)]
    selector.modify(one.fileno(), READ | WRITE)
    assert selector.wait(DEADLINE_S) == [(one.fileno(), READ | WRITE)]
    selector.modify(one.fileno(), 0)
    assert selector.wait(0.0) == []


def test_each_descriptor_has_its_handler_until_it_is_unregistered(
    selector: Selector, pair: tuple[socket.socket, socket.socket]
) -> None:
    one, other = pair
    called: list[tuple[str, int]] = []
    selector.register(one.fileno(), lambda mask: called.append(("one", mask)))
    selector.register(other.fileno(), lambda mask: called.append(("other", mask)))
    other.send(b"x")
    for fd, mask in selector.wait(DEADLINE_S):
        selector.handlers[fd](mask)
    assert called == [("one", READ)]
    selector.unregister(one.fileno())
    assert len(selector) == 1
    assert selector.wait(0.0) == []


def test_another_thread_ends_the_wait(selector: Selector) -> None:
    wake = Wake()
    selector.register(wake.fd, ignore)
    thread = threading.Thread(target=wake.set)
    thread.start()
    assert selector.wait(DEADLINE_S) == [(wake.fd, READ)]
    thread.join()
    wake.close()


def test_a_wake_before_the_wait_is_not_lost_and_several_are_one(selector: Selector) -> None:
    wake = Wake()
    selector.register(wake.fd, ignore)
    wake.set()
    wake.set()
    assert selector.wait(DEADLINE_S) == [(wake.fd, READ)]
    wake.clear()
    assert selector.wait(0.0) == []
    wake.close()


def test_a_wake_after_the_end_has_no_effect() -> None:
    """Another thread may post to a lane that has just ended."""
    wake = Wake()
    wake.close()
    wake.set()
