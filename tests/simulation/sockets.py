"""The simulated sockets of a lane: its connections to clients and to Redis, and its selector.

Non-blocking sockets as far as a lane uses them. Bytes arrive after a random delay, in order, in virtual
time.
"""

import select
from collections.abc import Callable
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from gateway.net.selector import READ, WRITE, Ready, Selector, Wake
from tests.simulation.agenda import Agenda
from tests.simulation.server import Connection, SimulatedSocket

if TYPE_CHECKING:
    from tests.simulation.clients import SimulatedConnection
    from tests.simulation.gateways import Node

WAKE_FD = 0
FIRST_CLIENT_FD = 1_000_000  # file descriptors of connections to Redis are their client ids, which are small
_fds = count(FIRST_CLIENT_FD)

WINDOW_BYTES = 65536
NARROW_WINDOW_BYTES = 300
PARTIAL_READS = 0.1
"""The probability that a read returns only a part of the bytes."""


class ClientSocket:
    """The lane's end of a client's connection. It holds the bytes on their way in both directions."""

    def __init__(self, agenda: Agenda, random: Random, node: "Node", connection: "SimulatedConnection") -> None:
        self.node = node
        self.connection = connection
        self.fd = next(_fds)
        self.window_bytes = WINDOW_BYTES
        self.is_shut = False  # the client sends no more
        self.is_reset = False  # the client is gone
        self.is_closed = False  # by the lane
        self.is_finished = False  # the lane sends no more
        self._agenda = agenda
        self._random = random
        self._to_lane = bytearray()
        self._to_client = bytearray()
        self._arrives_at = 0.0
        self._is_read_due = False

    # -- the lane's end -------------------------------------------------------------------------------

    def fileno(self) -> int:
        return self.fd

    def setblocking(self, _blocking: bool) -> None:
        """Do nothing: the socket never blocks."""

    def send(self, data: bytes) -> int:
        if self.is_reset:
            raise ConnectionResetError(104, "Connection reset by peer")
        free = self.window_bytes - len(self._to_client)
        if free <= 0:
            raise BlockingIOError
        self._to_client += data[:free]
        self._let_read()
        return min(free, len(data))

    def recv(self, limit: int) -> bytes:
        buffer = self._to_lane
        if buffer:
            if len(buffer) > 1 and self._random.random() < PARTIAL_READS:
                limit = self._random.randrange(1, len(buffer))
            data = bytes(buffer[:limit])
            del buffer[:limit]
            return data
        if self.is_shut or self.is_reset:
            return b""
        raise BlockingIOError

    def shutdown(self, _how: int) -> None:
        """Shut down the lane's sending side. The client reads the end of the stream and then closes too."""
        self.is_finished = True
        self._let_read()

    def close(self) -> None:
        self.is_closed = True
        self._let_read()

    def ready(self, events: int) -> int:
        mask = READ if events & READ and (self._to_lane or self.is_shut or self.is_reset) else 0
        if events & WRITE and (self.is_reset or len(self._to_client) < self.window_bytes):
            mask |= WRITE
        return mask | select.EPOLLHUP if self.is_reset else mask

    # -- the client's end -----------------------------------------------------------------------------

    def arrive(self, data: bytes, delay_s: float) -> None:
        """Send bytes to the lane, which arrive after a delay; b"" is the end of the stream."""
        self._arrives_at = max(self._arrives_at, self._agenda.now + delay_s)
        self._agenda.at(self._arrives_at, lambda: self._arrived(data))

    def _arrived(self, data: bytes) -> None:
        self._to_lane += data
        self.is_shut |= not data
        self.node.look_soon()

    def reset(self) -> None:
        """Let the client vanish without a FIN."""
        self.is_reset = True
        self._to_client.clear()
        self.node.look_soon()

    def widen(self, window_bytes: int) -> None:
        """Set the number of unread bytes at which sending blocks. A client that reads nothing has a narrow window."""
        self.window_bytes = window_bytes
        self._let_read()
        self.node.look_soon()

    def _let_read(self) -> None:
        if not self._is_read_due and self.window_bytes > NARROW_WINDOW_BYTES:
            self._is_read_due = True
            self._agenda.after(self._random.uniform(0.0001, 0.002), self._read)

    def _read(self) -> None:
        self._is_read_due = False
        if self.window_bytes <= NARROW_WINDOW_BYTES or self.is_reset:
            return
        data = bytes(self._to_client)
        was_full = len(data) >= self.window_bytes
        self._to_client.clear()
        if data:
            self.connection.received(data)
            if was_full:
                self.node.look_soon()
        if self.is_finished or self.is_closed:
            self.is_shut = True
            self.connection.over("closed")
            self.node.look_soon()


class LinkSocket(SimulatedSocket):
    """The lane's end of its connection to Redis."""

    def __init__(self, connection: Connection, random: Random, sent: Callable[[Connection], None]) -> None:
        super().__init__(connection)
        self.is_held = False  # the network delays what the server sent
        self.is_reset = False  # the network has broken the connection
        self._random = random
        self._sent = sent

    def send(self, data: bytes) -> int:
        if self.is_reset:
            raise ConnectionResetError(104, "Connection reset by peer")
        taken = super().send(data)
        self._sent(self.connection)
        return taken

    def recv(self, limit: int) -> bytes:
        if self.is_reset:
            raise ConnectionResetError(104, "Connection reset by peer")
        data = super().recv(limit)
        if len(data) > 1 and self._random.random() < PARTIAL_READS:
            cut = self._random.randrange(1, len(data))
            self.connection.replies.insert(0, data[cut:])
            data = data[:cut]
        return data

    def ready(self, events: int) -> int:
        return READ if events & READ and (self.is_reset or (self.is_ready and not self.is_held)) else 0


class LaneSelector(Selector):
    """A selector that returns the ready sockets of a lane in the order of registration."""

    def __init__(self) -> None:
        self.sockets: dict[int, ClientSocket | LinkSocket | LaneWake] = {}
        self._events: dict[int, int] = {}
        self.handlers: dict[int, Ready] = {}

    def register(self, fd: int, on_ready: Ready, events: int = READ) -> None:
        self.handlers[fd] = on_ready
        self._events[fd] = events

    def modify(self, fd: int, events: int) -> None:
        self._events[fd] = events

    def unregister(self, fd: int) -> None:
        del self.handlers[fd], self._events[fd], self.sockets[fd]

    def wait(self, timeout_s: float) -> list[tuple[int, int]]:
        sockets = self.sockets
        return [(fd, mask) for fd, events in self._events.items() if (mask := sockets[fd].ready(events))]

    def close(self) -> None:
        self.sockets.clear()


class LaneWake(Wake):
    """The wake-up of a lane's selector when a call is posted."""

    def __init__(self) -> None:
        self.fd = WAKE_FD
        self.is_rung = False

    def set(self) -> None:
        self.is_rung = True

    def clear(self) -> None:
        self.is_rung = False

    def close(self) -> None:
        """Do nothing."""

    def ready(self, _events: int) -> int:
        return READ if self.is_rung else 0
