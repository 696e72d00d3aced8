"""Connecting to a Redis from its URL: the first commands, and TLS, with a simulated server."""

import select
import shutil
import socket
import ssl
import threading
from pathlib import Path

import pytest

from gateway.broker.dialing import dial
from gateway.net.tls import server_context
from tests.net.test_tls import make_certificate

DEADLINE_S = 30.0
MUCH = b"x" * 200_000  # many TLS records


class Answering:
    """A server for one connection. It records the commands and answers each, the last one with many bytes."""

    def __init__(self, answers: list[bytes], context: ssl.SSLContext | None = None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._answers, self._context = answers, context
        self.port = self._listening.getsockname()[1]
        self.told: list[list[bytes]] = []
        self._thread = threading.Thread(target=self._run, name="answering")
        self._thread.start()

    def _run(self) -> None:
        connected, _ = self._listening.accept()
        connected.settimeout(DEADLINE_S)
        try:
            if self._context is not None:
                connected = self._context.wrap_socket(connected, server_side=True)
            for answer in self._answers:
                self.told.append(connected.recv(4096).split(b"\r\n")[2::2])
                connected.sendall(answer)
            connected.recv(4096)
            connected.sendall(MUCH)
        except OSError:
            pass  # the client has refused
        finally:
            connected.close()

    def close(self) -> None:
        self._thread.join(DEADLINE_S)
        self._listening.close()


def everything(connected: socket.socket) -> bytes:
    """Return all answers until the end. It reads as a lane does: by a selector, without blocking."""
    connected.sendall(b"SEND MUCH\r\n")
    connected.setblocking(False)
    poll, received = select.epoll(), b""
    poll.register(connected.fileno(), select.EPOLLIN)
    with poll:
        while poll.poll(DEADLINE_S):
            try:
                data = connected.recv(262_144)
            except BlockingIOError:
                continue
            if not data:
                return received
            received += data
    raise AssertionError(f"no end after {len(received)} bytes")


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command makes the certificate")
    directory = tmp_path_factory.mktemp("redis-tls")
    make_certificate(directory / "cert.pem", directory / "key.pem")
    return directory


def test_credentials_and_database_are_sent_first() -> None:
    server = Answering([b"+OK\r\n", b"+OK\r\n"])
    with dial(f"redis://ann:secret@127.0.0.1:{server.port}/3") as connected:
        assert everything(connected) == MUCH
    server.close()
    assert server.told == [[b"AUTH", b"ann", b"secret"], [b"SELECT", b"3"]]


def test_a_refusal_is_an_error_without_the_password() -> None:
    server = Answering([b"-WRONGPASS invalid password\r\n"])
    with pytest.raises(OSError, match="AUTH refused: WRONGPASS") as refused:
        dial(f"redis://:secret@127.0.0.1:{server.port}")
    server.close()
    assert "secret" not in str(refused.value)
    assert server.told == [[b"AUTH", b"default", b"secret"]]


def test_rediss_is_encrypted_and_read_to_the_last_byte(pem: Path) -> None:
    """RFC 8446 5.1: a record has at most 16 KB. A selector does not report bytes that are already decrypted."""
    server = Answering([b"+OK\r\n"], server_context(pem / "cert.pem", pem / "key.pem"))
    with dial(f"rediss://localhost:{server.port}/1?ssl_ca_certs={pem / 'cert.pem'}") as connected:
        assert everything(connected) == MUCH
    server.close()
    assert server.told == [[b"SELECT", b"1"]]


def test_a_certificate_of_nobody_known_is_refused(pem: Path) -> None:
    server = Answering([b"+OK\r\n"], server_context(pem / "cert.pem", pem / "key.pem"))
    with pytest.raises(ssl.SSLCertVerificationError):
        dial(f"rediss://localhost:{server.port}/1")
    server.close()
    assert server.told == []
