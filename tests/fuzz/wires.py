"""The machine of a lane, simulated: sockets, their selector, a clock that only the test moves.

Everything is in one thread and in memory, so thousands of lanes run in a minute.
"""

from collections.abc import Callable

from gateway.net.selector import READ, WRITE
from tests.simulation.server import SimulatedSocket


class ClientSocket:
    """The gateway's end of a client's connection. The client writes to `inbound` and reads `outbound`."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.inbound = bytearray()
        self.outbound = bytearray()
        self.room = 1 << 20  # bytes that the kernel still accepts for a client that does not read
        self.has_ended = False  # the client sends no more
        self.is_reset = False
        self.is_closed = False  # by the gateway
        self.is_web = False  # it sends WebSocket frames

    def setblocking(self, _blocking: bool) -> None:
        """Do nothing: it never blocks."""

    def fileno(self) -> int:
        return self._number

    def send(self, data: bytes) -> int:
        if self.is_reset:
            raise ConnectionResetError(104, "Connection reset by peer")
        if not self.room:
            raise BlockingIOError
        sent = min(self.room, len(data))
        self.outbound += data[:sent]
        self.room -= sent
        return sent

    def recv(self, limit: int) -> bytes:
        if self.is_reset:
            raise ConnectionResetError(104, "Connection reset by peer")
        data = bytes(self.inbound[:limit])
        del self.inbound[:limit]
        if not data and not self.has_ended:
            raise BlockingIOError
        return data

    def read(self) -> bytes:
        """Return the bytes that the client reads."""
        data = bytes(self.outbound)
        self.outbound.clear()
        self.room = 1 << 20
        return data

    def shutdown(self, _how: int) -> None:
        if self.is_reset:
            raise OSError(107, "Transport endpoint is not connected")

    def close(self) -> None:
        self.is_closed = True

    def ready(self, events: int) -> int:
        if self.is_reset:
            return READ
        readable = READ if self.inbound or self.has_ended else 0
        return (readable | (WRITE if self.room else 0)) & events


class SimulatedWake:
    """The descriptor that ends a lane's wait."""

    fd = 0

    def __init__(self) -> None:
        self.is_rung = False

    def set(self) -> None:
        self.is_rung = True

    def clear(self) -> None:
        self.is_rung = False

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


class SimulatedSelector:
    """Selects the simulated sockets that are ready. Clients have numbers from 1,000,000 on, links the server's."""

    def __init__(self, wake: SimulatedWake) -> None:
        self._wake = wake
        self.handlers: dict[int, Callable[[int], None]] = {}
        self._events: dict[int, int] = {}
        self.clients: dict[int, ClientSocket] = {}
        self.links: dict[int, SimulatedSocket] = {}

    def register(self, fd: int, on_ready: Callable[[int], None], events: int = READ) -> None:
        assert fd not in self.handlers
        self.handlers[fd], self._events[fd] = on_ready, events

    def modify(self, fd: int, events: int) -> None:
        assert fd in self._events
        self._events[fd] = events

    def unregister(self, fd: int) -> None:
        del self.handlers[fd], self._events[fd]

    def wait(self, _timeout_s: float) -> list[tuple[int, int]]:
        return [(fd, mask) for fd, events in self._events.items() if (mask := self._mask(fd, events))]

    def _mask(self, fd: int, events: int) -> int:
        if fd == self._wake.fd:
            return READ if self._wake.is_rung else 0
        if fd in self.clients:
            return self.clients[fd].ready(events)
        return READ if self.links[fd].is_ready else 0

    def close(self) -> None:
        self.handlers.clear()
