"""The end of a connection: the last lines arrive, also if the peer has sent bytes that are not read any more."""

import socket
import time
from collections.abc import Iterator

import pytest

from gateway.net.connection import ClientConnection
from gateway.net.selector import Selector

DEADLINE_S = 30.0


class Owner:
    """Records the events of a connection."""

    def __init__(self) -> None:
        self.touched: list[ClientConnection] = []
        self.data = b""
        self.lost_because: str | None = None
        self.kept_bytes = 0
        self.selector = Selector()

    def received(self, _connection: ClientConnection, data: bytes) -> None:
        self.data += data

    def ended(self, connection: ClientConnection) -> None:
        connection.close()

    def backlog_changed(self, change: int) -> None:
        self.kept_bytes += change

    def closed(self, _connection: ClientConnection, why: str) -> None:
        self.lost_because = why

    def turn(self) -> None:
        for fd, mask in self.selector.wait(0.01):
            self.selector.handlers[fd](mask)
        for connection in self.touched:
            connection.flush()
        self.touched.clear()


@pytest.fixture
def owner() -> Iterator[Owner]:
    owner = Owner()
    yield owner
    owner.selector.close()


def connect(owner: Owner) -> tuple[ClientConnection, socket.socket]:
    """Connect over loopback TCP, since a pair of Unix sockets has no reset."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname(), DEADLINE_S)
        accepted, _ = listener.accept()
    return ClientConnection(
        accepted, "peer", owner.selector, owner, owner.touched, 100_000, owner.backlog_changed
    ), peer


def test_a_lingering_close_reads_on_until_the_peer_has_closed_too(owner: Owner) -> None:
    connection, peer = connect(owner)
    with peer:
        connection.write(b"ERROR :Closing link\r\n")
        connection.close(lingers=True)
        owner.turn()
        assert peer.recv(100) == b"ERROR :Closing link\r\n"
        assert peer.recv(100) == b""
        for _ in range(3):  # the second of them would fail if the first had been answered with a reset
            peer.sendall(b"too late\r\n")
            owner.turn()
        assert owner.data == b""
        assert owner.lost_because is None
    deadline = time.monotonic() + DEADLINE_S
    while owner.lost_because is None and time.monotonic() < deadline:
        owner.turn()
    assert owner.lost_because == ""
    assert not connection.is_open


def test_a_lingering_close_of_a_peer_that_has_closed_is_one(owner: Owner) -> None:
    connection, peer = connect(owner)
    with peer:
        peer.shutdown(socket.SHUT_WR)
        while not connection.has_ended:
            owner.turn()
        connection.close(lingers=True)
        owner.turn()
        assert owner.lost_because == ""


def test_the_owner_knows_what_waits_for_a_peer_to_read(owner: Owner) -> None:
    connection, peer = connect(owner)
    with peer:
        drained: list[int] = []
        while not connection.backlog_bytes:
            connection.write(b"x" * 50_000)
            owner.turn()
        connection.when_drained(lambda: drained.append(owner.kept_bytes))
        assert owner.kept_bytes == connection.backlog_bytes > 0
        peer.settimeout(DEADLINE_S)
        while not drained:
            peer.recv(1 << 20)
            owner.turn()
        assert drained == [0]
        assert connection.backlog_bytes == 0
    connection.abort("")


def test_what_waited_for_a_peer_that_was_cut_waits_no_more(owner: Owner) -> None:
    connection, peer = connect(owner)
    with peer:
        drained: list[int] = []
        while connection.is_open:
            connection.write(b"x" * 50_000)
            owner.turn()
            if connection.backlog_bytes and not drained:
                drained.append(0)
                connection.when_drained(lambda: drained.append(1))
        assert owner.lost_because == "SendQ exceeded"
        assert owner.kept_bytes == 0
        assert drained == [0, 1]
