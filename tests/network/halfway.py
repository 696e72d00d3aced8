"""A proxy between a gateway and its Redis. It holds the bytes of one direction until after the gateway's death."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.network.harness import DEADLINE_S


class Gate:
    """One direction. While it is closed, all bytes are held, and the end of a connection too."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_closed = False
        self._held: list[tuple[socket.socket, bytes]] = []

    def close(self) -> None:
        with self._changed:
            self._is_closed = True

    def open(self) -> None:
        with self._changed:
            self._is_closed = False
            for sink, data in self._held:
                _send(sink, data)
            self._held.clear()

    def until_held(self, text: bytes) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: any(text in data for _, data in self._held), DEADLINE_S)

    def carry(self, source: socket.socket, sink: socket.socket) -> None:
        """Run until the source ends, on a separate thread."""
        data = b"."
        while data:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            with self._changed:
                if self._is_closed:
                    self._held.append((sink, data))
                else:
                    _send(sink, data)
                self._changed.notify_all()


def _send(sink: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        if data:
            sink.sendall(data)
        else:
            sink.shutdown(socket.SHUT_WR)


class Halfway:
    """A listener in the place of Redis that forwards to a server on a Unix socket."""

    def __init__(self, redis_url: str) -> None:
        self.requests, self.answers = Gate(), Gate()
        self._path = redis_url.removeprefix("unix://")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self._sockets: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept, name="halfway")]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._path)
                self._sockets += near, far
                for gate, source, sink in ((self.requests, near, far), (self.answers, far, near)):
                    self._threads.append(threading.Thread(target=gate.carry, args=(source, sink), name="halfway"))
                    self._threads[-1].start()

    def close(self) -> None:
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(DEADLINE_S)
        for one in self._sockets:
            one.close()


@contextmanager
def halfway(redis_url: str) -> Iterator[Halfway]:
    between = Halfway(redis_url)
    try:
        yield between
    finally:
        between.close()
