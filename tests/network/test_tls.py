"""TLS on the port of plain clients (RFC 8446), and reloading certificates on SIGHUP."""

import shutil
import signal
import socket
import ssl
from pathlib import Path

import pytest

from tests.net.test_tls import make_certificate
from tests.network.harness import DEADLINE_S, Gateway, Network

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command makes the certificate")

HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """A directory with cert.pem and key.pem."""
    make_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    return tmp_path


def options(pem: Path) -> tuple[str, ...]:
    return "--tls-cert", str(pem / "cert.pem"), "--tls-key", str(pem / "key.pem")


def connect(gateway: Gateway) -> socket.socket:
    return socket.create_connection(("127.0.0.1", gateway.port), DEADLINE_S)


def encrypted(gateway: Gateway) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connect(gateway), suppress_ragged_eofs=False)


def certificate(gateway: Gateway) -> bytes | None:
    """Return the certificate that the gateway uses now."""
    with encrypted(gateway) as probe:
        return probe.getpeercert(binary_form=True)


def test_one_port_serves_encrypted_and_plain_clients(network: Network, pem: Path) -> None:
    first, second = network.gateways(2, *options(pem))
    alice = network.peer(first, "alice", "", "#t", connected=encrypted(first))
    bob = network.peer(second, "bob", "", "#t")
    bob.do("PRIVMSG #t :" + "x" * 400)
    assert alice.sync()[-1].endswith(" PRIVMSG #t :" + "x" * 400)
    alice.do("PRIVMSG #t :hello")
    assert bob.sync()[-1].endswith(" PRIVMSG #t :hello")


def test_a_new_certificate_is_shown_after_sighup_and_connections_stay(network: Network, pem: Path) -> None:
    gateway = network.gateway(*options(pem))
    alice = network.peer(gateway, "alice", connected=encrypted(gateway))
    before = certificate(gateway)
    make_certificate(pem / "cert.pem", pem / "key.pem")
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_log("reloaded")
    assert certificate(gateway) not in (None, before)
    assert alice.sync() == []


def test_a_broken_certificate_is_refused_and_the_old_one_stays(network: Network, pem: Path) -> None:
    gateway = network.gateway(*options(pem))
    before = certificate(gateway)
    (pem / "cert.pem").write_text("no certificate")
    gateway.process.send_signal(signal.SIGHUP)
    assert str(pem / "cert.pem") in gateway.wait_log("reload_failed")
    assert certificate(gateway) == before


def test_a_stalled_handshake_stalls_nobody(network: Network, pem: Path) -> None:
    gateway = network.gateway(*options(pem))
    with connect(gateway) as stalled:
        stalled.sendall(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a ClientHello (RFC 8446 4.1.2)
        alice = network.peer(gateway, "alice", connected=encrypted(gateway))
        assert alice.sync() == []
        assert network.peer(gateway, "bob").sync() == []


def test_without_a_certificate_a_hello_is_answered_by_an_alert(shared: Network, pair: tuple[Gateway, Gateway]) -> None:
    """RFC 8446 6.2 handshake_failure: a client that tries TLS gets an alert at once if there is no certificate."""
    with connect(pair[0]) as hello:
        hello.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert hello.recv(100) == HANDSHAKE_FAILURE
        assert hello.recv(100) == b""
    refused = pair[0].wait_log("refused")
    assert '"warning"' in refused
    assert "turn that off in the client" in refused


def test_a_wrong_certificate_at_the_start_is_one_line_and_status_2(network: Network, pem: Path) -> None:
    (pem / "key.pem").unlink()
    gateway = network.start(*options(pem))
    assert gateway.process.wait(DEADLINE_S) == 2
    (line,) = gateway.log.splitlines()
    assert line.startswith("hubbub-gateway: tls_cert, tls_key")
    assert str(pem / "key.pem") in line


def test_the_stream_ends_as_tls_wants_it(network: Network, pem: Path) -> None:
    """RFC 8446 6.1: close_notify marks the end. A client that requires it gets no error."""
    gateway = network.gateway(*options(pem))
    with encrypted(gateway) as wrapped:
        wrapped.sendall(b"QUIT\r\n")
        assert wrapped.recv(4096).startswith(b"ERROR :Closing link")
        assert wrapped.recv(4096) == b"", "a cut would raise SSLEOFError"
