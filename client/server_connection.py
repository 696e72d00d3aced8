"""One connection to a server: its lines, its batches, its PINGs, and whether the server still answers.

A session makes a new one for each connection. Pure: no sockets and no clock; under the session's lock.
"""

from collections.abc import Callable, Iterator
from typing import Final

from client.batches import Batches, HistoryBatch
from client.events import ConnectionChanged, ConnectionState
from client.exchange import Exchange
from client.pings import Ping, Pings
from gateway.wire.framing import LineBuffer
from gateway.wire.message import Message, parse

DEAD_AFTER_S: Final = 60.0  # of silence
REGISTRATION_LIMIT_S: Final = 20.0
RECEIVED_LINE_LIMIT_BYTES: Final = 8192  # more than Modern IRC allows, because not all servers keep to it


class ServerConnection:
    """The state of one connection; each connection has its own."""

    def __init__(self, exchange: Exchange, new_id: Callable[[], str], address: str, now: float) -> None:
        """`address` is shown to the user; "" is the state between two connections."""
        self.address = address
        self.pings = Pings(new_id, now)
        self.is_dead = False  # the server is silent or has sent ERROR: close this connection
        self.error = ""  # the text of ERROR
        self._exchange = exchange
        self._lines = LineBuffer(limit_bytes=RECEIVED_LINE_LIMIT_BYTES)
        self._batches = Batches()
        self._received_at = now

    def receive(self, data: bytes, now: float) -> Iterator[Message | HistoryBatch]:
        """Parse bytes of the server into messages and whole pages of history."""
        self._received_at = now
        for line in self._lines.feed(data):
            message = parse(line) if isinstance(line, str) else None
            whole = self._batches.take(message) if message is not None else None
            if whole is not None:
                yield whole

    def tick(self, now: float) -> None:
        """Note a server that has been silent for too long."""
        if self.address:
            limit_s = DEAD_AFTER_S if self._exchange.is_registered else REGISTRATION_LIMIT_S
            self.is_dead |= now - self._received_at >= limit_s

    def on_ping(self, message: Message) -> None:
        self._exchange.send(Message("PONG", message.params))

    def on_pong(self, message: Message, now: float) -> Ping | None:
        """Return the PING of ours that this answers, and report the latency."""
        ping = self.pings.answered(message.params[-1], now)
        if ping is not None:
            changed = ConnectionChanged(now, ConnectionState.CONNECTED, self.address, latency_s=now - ping.sent_at)
            self._exchange.events.append(changed)
        return ping

    def on_cap(self, message: Message) -> None:
        for line in self._exchange.login.handle(message.params[1].upper(), message.params[2:]):
            self._exchange.send(line)

    def on_error(self, message: Message) -> None:
        """Note that the server closes the connection (RFC 2812 3.7.4); what is unconfirmed waits for the next one."""
        self.error = message.params[-1]
        self.is_dead = True
