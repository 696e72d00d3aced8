"""The TLS layer against OpenSSL's own client, through memory (RFC 8446, RFC 5246)."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from gateway.net.tls import NO_TLS_ALERT, TlsFailure, TlsLayer, UnusableCertificate, server_context

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command makes the certificate")


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with cert.pem and key.pem, self-signed for localhost."""
    directory = tmp_path_factory.mktemp("tls")
    make_certificate(directory / "cert.pem", directory / "key.pem")
    return directory


def make_certificate(cert: Path, key: Path) -> None:
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", *options, *names, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@pytest.fixture
def layer(pem: Path) -> TlsLayer:
    return TlsLayer(server_context(pem / "cert.pem", pem / "key.pem"))


class Client:
    """A client that trusts the test's certificate, over memory buffers."""

    def __init__(self, pem: Path, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        context = ssl.create_default_context(cafile=pem / "cert.pem")
        context.maximum_version = newest
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def hello(self) -> bytes:
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    def shake_hands(self, layer: TlsLayer) -> None:
        layer.feed(self.hello())
        self.incoming.write(layer.take_pending())
        for _ in range(3):
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                layer.feed(self.outgoing.read())
                self.incoming.write(layer.take_pending())
        layer.feed(self.outgoing.read())
        self.incoming.write(layer.take_pending())
        assert layer.handshaken


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
def client(pem: Path, request: pytest.FixtureRequest) -> Client:
    return Client(pem, request.param)


def test_plaintext_goes_both_ways(layer: TlsLayer, client: Client) -> None:
    client.shake_hands(layer)
    client.tls.write(b"NICK bob\r\n")
    client.tls.write(b"USER b 0 * :b\r\n")
    assert layer.feed(client.outgoing.read()) == b"NICK bob\r\nUSER b 0 * :b\r\n"
    client.incoming.write(layer.wrap(b":s 001 bob :hi\r\n"))
    assert client.tls.read(100) == b":s 001 bob :hi\r\n"


def test_any_chunking_gives_the_same_plaintext(layer: TlsLayer, client: Client) -> None:
    for byte in client.hello():
        assert layer.feed(bytes([byte])) == b""
    client.incoming.write(layer.take_pending())
    try:
        client.tls.do_handshake()
    except ssl.SSLWantReadError:  # TLS 1.2 needs one round trip more
        layer.feed(client.outgoing.read())
        client.incoming.write(layer.take_pending())
        client.tls.do_handshake()
    client.tls.write(b"PING x\r\n")
    plaintext = b"".join(layer.feed(bytes([byte])) for byte in client.outgoing.read())
    assert plaintext == b"PING x\r\n"


def test_more_than_a_record_passes_whole(layer: TlsLayer, client: Client) -> None:
    client.shake_hands(layer)
    data = bytes(range(256)) * 1000
    client.incoming.write(layer.wrap(data))
    received = b""
    while len(received) < len(data):
        received += client.tls.read(65536)
    assert received == data
    client.tls.write(data)
    assert layer.feed(client.outgoing.read()) == data


def test_what_is_written_during_the_handshake_follows_it(layer: TlsLayer, client: Client) -> None:
    assert layer.wrap(b"NOTICE * :hello\r\n") == b""
    client.shake_hands(layer)
    assert client.tls.read(100) == b"NOTICE * :hello\r\n"


def test_closing_notifies_the_peer(layer: TlsLayer, client: Client) -> None:
    """RFC 8446 6.1: close_notify, so that a cut cannot pass for an end."""
    client.shake_hands(layer)
    client.incoming.write(layer.wrap(b"ERROR :bye\r\n") + layer.close())
    assert client.tls.read(100) == b"ERROR :bye\r\n"
    assert client.tls.read(100) == b""


def test_the_peers_end_is_seen_after_its_last_words(layer: TlsLayer, client: Client) -> None:
    client.shake_hands(layer)
    client.tls.write(b"QUIT\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert layer.feed(client.outgoing.read()) == b"QUIT\r\n"
    assert layer.peer_has_closed


def test_closing_before_the_handshake_is_harmless(layer: TlsLayer) -> None:
    assert layer.close() == b""


def test_a_peer_that_speaks_no_tls_fails(layer: TlsLayer) -> None:
    with pytest.raises(TlsFailure):
        layer.feed(b"\x16NICK bob\r\nUSER bob 0 * :bob\r\n")


def test_a_failed_handshake_leaves_an_alert_to_send(layer: TlsLayer, pem: Path) -> None:
    client = Client(pem)
    hello = bytearray(client.hello())
    hello[9:11] = b"\x02\x00"  # the hello's legacy_version: older than any TLS
    with pytest.raises(TlsFailure):
        layer.feed(bytes(hello))
    alert = layer.take_pending()
    assert alert[0] == 21  # RFC 8446 5.1: a record of type alert


def test_a_client_that_rejects_the_certificate_is_a_failure_with_its_reason(layer: TlsLayer) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    stranger = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        stranger.do_handshake()
    layer.feed(outgoing.read())
    incoming.write(layer.take_pending())
    with pytest.raises(ssl.SSLCertVerificationError):
        stranger.do_handshake()
    with pytest.raises(TlsFailure, match="unknown ca"):
        layer.feed(outgoing.read())


def test_garbage_after_the_handshake_is_a_failure(layer: TlsLayer, client: Client) -> None:
    client.shake_hands(layer)
    with pytest.raises(TlsFailure):
        layer.feed(b"\x17\x03\x03\x00\x20" + bytes(32))


def test_without_a_certificate_the_client_gets_a_proper_alert(pem: Path) -> None:
    client = Client(pem)
    client.hello()
    client.incoming.write(NO_TLS_ALERT)
    with pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
        client.tls.do_handshake()


def test_an_unusable_file_is_named(pem: Path, tmp_path: Path) -> None:
    cert, key, missing, empty = (
        pem / "cert.pem",
        pem / "key.pem",
        tmp_path / "missing.pem",
        tmp_path / "empty.pem",
    )
    empty.write_text("")
    for files, named in [
        ((missing, key), missing),
        ((cert, missing), missing),
        ((empty, key), empty),
        ((cert, empty), empty),
    ]:
        with pytest.raises(UnusableCertificate, match=named.name):
            server_context(*files)
    make_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    with pytest.raises(UnusableCertificate, match="not the key of the certificate"):
        server_context(cert, tmp_path / "key.pem")
    (tmp_path / "broken.pem").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(UnusableCertificate, match=r"broken\.pem"):
        server_context(cert, tmp_path / "broken.pem")


def test_an_encrypted_key_is_refused_without_asking(pem: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    command = ["openssl", "ec", "-in", str(pem / "key.pem"), "-aes128", "-passout", "pass:x", "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    with pytest.raises(UnusableCertificate, match="passphrase"):
        server_context(pem / "cert.pem", locked)
