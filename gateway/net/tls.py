"""TLS without sockets: ciphertext in and out as bytes, so a stalled handshake delays no other client.

Owns the server side of one TLS connection over memory buffers (RFC 8446, RFC 5246), and the loading of certificates.
Never blocks. A layer belongs to the thread that owns its socket; a context may be shared by all threads.
"""

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

_READ_BYTES: Final = 65536

# Reply to a client hello if there is no certificate: a fatal alert, handshake_failure (RFC 5246 7.2).
NO_TLS_ALERT: Final = b"\x15\x03\x03\x00\x02\x02\x28"


class TlsFailure(Exception):
    """The peer violated the protocol: send the bytes from `take_pending` (an alert), then close."""


class UnusableCertificate(ValueError):
    """The certificate or its key cannot be used; the message names the file and the reason."""


class TlsLayer:
    """The TLS state of one connection. After `feed` and `close`, send the bytes from `take_pending`."""

    __slots__ = ("_early", "_incoming", "_outgoing", "_ssl", "handshaken", "peer_has_closed")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._early = b""  # written before the handshake ended
        self.handshaken = False
        self.peer_has_closed = False

    def feed(self, ciphertext: bytes) -> bytes:
        """Take received bytes; return the plaintext that is complete now. Raises TlsFailure."""
        self._incoming.write(ciphertext)
        try:
            if not self.handshaken:
                self._ssl.do_handshake()
                self.handshaken = True
                self._write(self._early)
                self._early = b""
            return self._read()
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLError as error:
            raise TlsFailure((error.reason or str(error)).replace("_", " ").lower()) from None

    def wrap(self, plaintext: bytes) -> bytes:
        """Return the ciphertext of a plaintext; during the handshake the plaintext is buffered."""
        if not self.handshaken:
            self._early += plaintext
            return b""
        self._write(plaintext)
        return self._outgoing.read()

    def take_pending(self) -> bytes:
        """Return the layer's own messages: handshake, tickets, alerts."""
        return self._outgoing.read()

    def close(self) -> bytes:
        """Return the close_notify alert to send last (RFC 8446 6.1); the peer's reply need not be awaited."""
        with suppress(ssl.SSLError):  # the peer has not replied yet, or the handshake never ended
            self._ssl.unwrap()
        return self._outgoing.read()

    def _read(self) -> bytes:
        plaintext = b""
        try:
            while piece := self._ssl.read(_READ_BYTES):
                plaintext += piece
        except ssl.SSLWantReadError:
            return plaintext
        except ssl.SSLZeroReturnError:
            pass
        self.peer_has_closed = True
        return plaintext

    def _write(self, plaintext: bytes) -> None:
        if plaintext:
            written = self._ssl.write(plaintext)
            assert written == len(plaintext)  # a memory buffer accepts everything


def server_context(cert_file: str | Path, key_file: str | Path) -> ssl.SSLContext:
    """Load a PEM certificate chain and its key for TLS 1.2 and newer. Raises UnusableCertificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    _check_holds(cert_file, "CERTIFICATE-----")
    _check_holds(key_file, "PRIVATE KEY-----")

    def refuse_password() -> str:  # otherwise OpenSSL would ask for one on the terminal
        raise UnusableCertificate(f"{key_file}: the key is encrypted; store it without a passphrase")

    try:
        context.load_cert_chain(cert_file, key_file, refuse_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UnusableCertificate(f"{key_file}: not the key of the certificate in {cert_file}") from None
        raise UnusableCertificate(f"{cert_file} with {key_file}: {error.reason or error}") from None
    return context


def _check_holds(file: str | Path, pem_label: str) -> None:
    """Check the content of a PEM file: OpenSSL does not report which of the two files it cannot read."""
    try:
        text = Path(file).read_text("ascii", "replace")
    except OSError as error:
        raise UnusableCertificate(f"{file}: {error.strerror}") from None
    if pem_label not in text:
        raise UnusableCertificate(f"{file}: contains no -----BEGIN ... {pem_label} (PEM is expected)")
