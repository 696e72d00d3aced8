"""The acceptor: where it listens, whom it assigns to the lanes, and how it ends."""

import contextlib
import errno
import os
import queue
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.net import acceptor as acceptor_module
from gateway.net.acceptor import Acceptor, listen

DEADLINE_S = 30.0


@dataclass(frozen=True)
class Address:
    kind: str = "tcp4"
    host: str = "127.0.0.1"
    port: int = 0
    path: str = ""


@contextlib.contextmanager
def accepting(*listening: socket.socket) -> Iterator[tuple[Acceptor, "queue.Queue[tuple[socket.socket, str]]"]]:
    """Start an acceptor. The queue has each socket that it assigns, with its peer."""
    assigned: queue.Queue[tuple[socket.socket, str]] = queue.Queue()
    acceptor = Acceptor(listening, lambda accepted, peer: assigned.put((accepted, peer)), lambda: None)
    acceptor.start()
    try:
        yield acceptor, assigned
    finally:
        acceptor.stop()
        while not assigned.empty():
            assigned.get()[0].close()


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.parametrize(
    ("kind", "host"),
    [
        ("tcp4", "127.0.0.1"),
        pytest.param("tcp6", "::1", marks=pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6")),
    ],
)
def test_a_connection_is_assigned_with_the_address_of_its_peer(kind: str, host: str) -> None:
    with accepting(listen(Address(kind, host))) as (acceptor, assigned):
        (address,) = acceptor.addresses
        shown, _, port = address.rpartition(":")
        assert shown == ("[::1]" if kind == "tcp6" else host)
        with socket.create_connection((host, int(port)), DEADLINE_S) as client:
            accepted, peer = assigned.get(timeout=DEADLINE_S)
            assert peer == host
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                accepted.sendall(b"x")
                assert client.recv(1) == b"x"


def test_a_unix_socket_is_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "irc"
    with accepting(listen(Address("unix", path=str(path)))) as (acceptor, assigned):
        assert acceptor.addresses == [f"unix:{path}"]
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            accepted, peer = assigned.get(timeout=DEADLINE_S)
            accepted.close()
            assert peer == "unix"
    assert not path.exists()


def test_a_unix_socket_that_a_killed_process_has_left_is_taken_over_and_no_other_one(tmp_path: Path) -> None:
    left, answering, file = (tmp_path / name for name in ("left", "answering", "file"))
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(left))
    listen(Address("unix", path=str(left))).close()
    file.write_text("precious")
    with listen(Address("unix", path=str(answering))):
        for path in (answering, file):
            with pytest.raises(OSError, match="in use"):
                listen(Address("unix", path=str(path)))
    assert file.read_text() == "precious"


@pytest.mark.parametrize("shares", [True, False])
def test_several_gateways_may_listen_on_one_port_and_not_beside_a_stranger(shares: bool) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shares)
        other.bind(("127.0.0.1", 0))
        address = Address(port=other.getsockname()[1])
        if shares:
            with listen(address), listen(address):
                return
        with pytest.raises(OSError, match="in use"):
            listen(address)


def test_an_acceptor_that_was_not_started_can_be_stopped() -> None:
    listening = listen(Address())
    acceptor = Acceptor([listening], lambda accepted, _peer: accepted.close(), lambda: None)
    acceptor.stop()
    assert listening.fileno() == -1


class Full:
    """A listening socket for which the process has no descriptor once, or whose client is gone again."""

    family = socket.AF_INET

    def __init__(self, error: int) -> None:
        self.error = error

    def accept(self) -> Any:
        raise OSError(self.error, os.strerror(self.error))

    def fileno(self) -> int:
        return -2

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


@pytest.mark.parametrize(
    ("error", "is_full"),
    [
        (errno.EMFILE, True),
        (errno.ENFILE, True),
        (errno.ENOBUFS, True),
        (errno.ENOMEM, True),
        (errno.ECONNABORTED, False),
    ],
)
def test_no_free_descriptor_is_reported_and_anything_else_passes(
    error: int, is_full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor_module, "FULL_PAUSE_S", 0.0)
    reports: list[str] = []
    listening: Any = Full(error)
    acceptor = Acceptor([listening], lambda _accepted, _peer: None, lambda: reports.append("full"))
    acceptor._accept(listening)
    acceptor.stop()
    assert reports == ["full"] * is_full
