"""The socket of a connection, with or without TLS, for one thread that reads and one that writes.

Owns the socket. Knows nothing of lines. `receive` is for the receiving thread, `send` for the sending one.
"""

import select
import socket
import ssl
import threading
from typing import Final

from client.server_addresses import ServerAddress

CONNECT_LIMIT_S: Final = 5.0
RECEIVE_BYTES: Final = 65536
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Stream:
    """A non-blocking socket. Both threads wait in `select`, outside the lock."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._lock = threading.Lock()  # OpenSSL allows one thread at a time
        self.is_over = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self) -> bytes | None:
        """Return received bytes, b"" at the end of the stream, None if there are none yet."""
        try:
            with self._lock:
                return self._socket.recv(RECEIVE_BYTES)
        except _NOT_NOW:
            return None
        except ssl.SSLEOFError:
            return b""

    def send(self, data: bytes) -> None:
        """Send everything, however long that takes, unless the stream ends."""
        rest = memoryview(data)
        while rest and not self.is_over:
            try:
                with self._lock:
                    sent = self._socket.send(rest)
            except _NOT_NOW:
                select.select([], [self._socket], [], 1.0)
            else:
                rest = rest[sent:]

    def end(self) -> None:
        """End the stream for both threads."""
        self.is_over = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it had ended already

    def close(self) -> None:
        self._socket.close()


def connect(address: ServerAddress) -> Stream:
    """Open a connection. Raises OSError."""
    connected = socket.create_connection((address.host, address.port), timeout=CONNECT_LIMIT_S)
    try:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.uses_tls:
            connected = ssl.create_default_context().wrap_socket(connected, server_hostname=address.host)
        return Stream(connected)
    except OSError:
        connected.close()
        raise


def explain(error: OSError) -> str:
    """Describe a connection error in a few words."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return "the server does not speak TLS"
        case socket.gaierror():
            return "no such host"
        case TimeoutError():
            return "no answer"
    return (error.strerror or str(error)).lower()
