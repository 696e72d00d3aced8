"""A TCP forwarder that can become a black hole: it forwards nothing and closes nothing, as a network that drops all.

One thread owns all sockets and reads `hole`.
"""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable

TICK_S = 0.05
PIECE_BYTES = 65536


class Forwarder:
    """Listens on a free port of loopback and forwards to another port, or to a Unix socket. It starts at once.

    The kernel buffers much less for a Unix socket than the megabytes for TCP on loopback.
    """

    def __init__(self, target: int | str) -> None:
        self._target = ("127.0.0.1", target) if isinstance(target, int) else target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.is_hole = False
        """While it is set, nothing is forwarded, and new connections hang too."""

        self.alter: Callable[[bytes], bytes] | None = None
        """Applied to each piece of bytes that the target sends back."""

        self._is_over = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._ends: dict[socket.socket, socket.socket] = {}
        self._thread = threading.Thread(target=self._run, name="forwarder")
        self._thread.start()

    @property
    def url(self) -> str:
        """The URL of a Redis behind this forwarder."""
        return f"redis://127.0.0.1:{self.port}/0"

    def reset(self) -> None:
        """Close all connections."""
        for end in list(self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._is_over = True
        self._thread.join()
        for end in self._ends:
            end.close()
        self._listening.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._is_over:
            if self.is_hole:
                threading.Event().wait(TICK_S)
                continue
            for key, _ in self._selector.select(TICK_S):
                if key.fileobj is self._listening:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._forward(key.fileobj)

    def _accept(self) -> None:
        near, _ = self._listening.accept()
        far = socket.socket(socket.AF_INET if isinstance(self._target, tuple) else socket.AF_UNIX)
        try:
            far.settimeout(2)
            far.connect(self._target)
        except OSError:
            near.close()
            far.close()
            return
        for end, other in ((near, far), (far, near)):
            if end.family == socket.AF_INET:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.settimeout(2)
            self._ends[end] = other
            self._selector.register(end, selectors.EVENT_READ)

    def _forward(self, end: socket.socket) -> None:
        other = self._ends.get(end)
        if other is None:
            return
        data = b""
        with contextlib.suppress(OSError):
            data = end.recv(PIECE_BYTES)
            is_answer = end.getpeername() == self._target
            other.sendall(self.alter(data) if self.alter and is_answer else data)
        if not data:
            for gone in (end, other):
                self._selector.unregister(gone)
                del self._ends[gone]
                gone.close()
