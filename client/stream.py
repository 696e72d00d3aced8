"""A connection's socket, for one thread that reads and one that writes, with or without TLS.

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
    """A socket that never blocks; both threads wait in `select`, outside the lock."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._lock = threading.Lock()  # OpenSSL allows only one thread at a time into a connection
        self.is_over = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self) -> bytes | None:
        """Give what has come, b"" at the end of the stream, None where nothing has come yet."""
        try:
            with self._lock:
                return self._socket.recv(RECEIVE_BYTES)
        except _NOT_NOW:
            return None
        except ssl.SSLEOFError:
            return b""

    def send(self, data: bytes) -> None:
        """Send all of it, however long that takes, unless the stream is over."""
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
        """Let both threads find it over."""
        self.is_over = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was over already

    def close(self) -> None:
        self._socket.close()


def connect(address: ServerAddress) -> Stream:
    """Open a connection; OSError where that is impossible."""
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
    """Say in a few words what is wrong with a connection."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return "it does not speak TLS there"
        case socket.gaierror():
            return "no such host"
        case TimeoutError():
            return "no answer"
    return (error.strerror or str(error)).lower()
