"""The fake network behind real sockets on loopback."""

import socket
import threading
from collections.abc import Callable
from types import TracebackType

from tests.client.fake_gateway import FakeConnection, FakeNetwork

DEADLINE_S = 60.0


class SharedNetwork:
    """A fake network for several threads. `until` waits for a condition."""

    def __init__(self, network: FakeNetwork | None = None) -> None:
        self.network = network or FakeNetwork()
        self.changed = threading.Condition()
        self._sockets: dict[int, tuple[FakeConnection, socket.socket]] = {}

    def say(self, nick: str, target: str, text: str) -> None:
        with self.changed:
            self.network.say(nick, target, text)
            self._flush()

    def until(self, claim: Callable[[FakeNetwork], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: claim(self.network), DEADLINE_S), "it never became true"

    def serve(self, accepted: socket.socket) -> None:
        """Serve one client until its connection ends, on a thread of its own."""
        with self.changed:
            connection = self.network.connect()
            self._sockets[id(connection)] = connection, accepted
        try:
            while not connection.has_quit and (data := accepted.recv(65536)):
                with self.changed:
                    connection.take(data)
                    self._flush()
                    self.changed.notify_all()
        except OSError:
            pass  # closed by the test
        finally:
            with self.changed:
                connection.close()
                del self._sockets[id(connection)]
                self.changed.notify_all()
            accepted.close()

    def _flush(self) -> None:
        for connection, accepted in self._sockets.values():
            lines, connection.output[:] = connection.output[:], []
            try:
                accepted.sendall("".join(f"{line}\r\n" for line in lines).encode())
            except OSError:
                continue


class FakeServer:
    """One gateway of the network on its own port, from `with` to `die` or its end."""

    def __init__(self, shared: SharedNetwork) -> None:
        self._shared = shared
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.accepted_count = 0
        self._accepted: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name=f"fake-{self.port}")]

    def __enter__(self) -> "FakeServer":
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.die()
        for thread in self._threads:
            thread.join(DEADLINE_S)

    def die(self) -> None:
        """Lose all connections at once, and refuse new ones."""
        for open_socket in (self._listener, *self._accepted):
            try:
                open_socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _accept(self) -> None:
        with self._listener:
            try:
                while True:
                    accepted, _ = self._listener.accept()
                    self._accepted.append(accepted)
                    self.accepted_count += 1
                    self._threads.append(threading.Thread(target=self._shared.serve, args=(accepted,)))
                    self._threads[-1].start()
            except OSError:
                return
