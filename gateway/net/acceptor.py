"""The acceptor thread: accepts connections and assigns them to the lanes.

Several gateway processes may listen on one port of a host (SO_REUSEPORT): the kernel then distributes the connections.
Owns the listening sockets. An accepted socket belongs to the lane that it is assigned to.
"""

import contextlib
import errno
import os
import select
import socket
import stat
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

BACKLOG = 4096
FULL_PAUSE_S = 0.2

Assign = Callable[[socket.socket, str], None]
"""Takes an accepted socket and its peer's address as text ("unix" for a Unix socket)."""


class Address(Protocol):
    """The address to listen at (gateway.values.Address)."""

    @property
    def kind(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def path(self) -> str: ...


def listen(address: Address) -> socket.socket:
    """Return a listening socket; raise OSError (in use, not permitted, no such interface)."""
    if address.kind == "unix":
        return _listen_unix(address.path)
    family = socket.AF_INET6 if address.kind == "tcp6" else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.port:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address.host, address.port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _listen_unix(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(os.stat(path).st_mode) and not _answers(path):
                os.unlink(path)  # left by a process that was killed
        listening.bind(path)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(path) == 0


class Acceptor:
    """The acceptor thread and its listening sockets."""

    def __init__(self, listening: Sequence[socket.socket], assign: Assign, on_full: Callable[[], None]) -> None:
        """``on_full`` is called when the process has no free descriptors; accepting continues after a pause."""
        self._listening = {sock.fileno(): sock for sock in listening}
        self._assign = assign
        self._on_full = on_full
        self._wake, self._waker = socket.socketpair()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="acceptor")

    @property
    def addresses(self) -> list[str]:
        """The listening addresses, as HOST:PORT, [V6]:PORT or unix:/PATH."""
        return [_as_text(sock) for sock in self._listening.values()]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting, close the listening sockets and join the thread."""
        self._stopped.set()
        self._waker.send(b".")
        if self._thread.ident is not None:
            self._thread.join()
        for sock in self._listening.values():
            if sock.family == socket.AF_UNIX:
                with contextlib.suppress(OSError):
                    os.unlink(sock.getsockname())
            sock.close()
        self._wake.close()
        self._waker.close()

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        for sock in self._listening.values():
            sock.setblocking(False)
            poll.register(sock, select.POLLIN)
        while not self._stopped.is_set():
            for fd, _ in poll.poll():
                if fd in self._listening:
                    self._accept(self._listening[fd])

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(64):
            try:
                accepted, peer = listening.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self._on_full()
                    self._stopped.wait(FULL_PAUSE_S)
                return
            if listening.family == socket.AF_UNIX:
                self._assign(accepted, "unix")
            else:
                with contextlib.suppress(OSError):
                    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                self._assign(accepted, peer[0])


def _as_text(sock: socket.socket) -> str:
    if sock.family == socket.AF_UNIX:
        return f"unix:{sock.getsockname()}"
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if sock.family == socket.AF_INET6 else f"{host}:{port}"
