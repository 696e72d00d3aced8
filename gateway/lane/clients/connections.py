"""The connections of a lane's clients: made, swept, and cut.

A new connection belongs to the handshake. When its dialect is known it becomes a client, and its bytes go to the
dispatcher. Clients that are silent, never register, or leave too much unread are ended here. Runs on the lane's thread.
"""

import socket
from collections.abc import Callable

import structlog

from gateway.chat.batches import end_overdue
from gateway.chat.capabilities import TEXT
from gateway.chat.flood import TokenBucket
from gateway.chat.session import Session
from gateway.lane.clients.client import Client, Dialect
from gateway.lane.clients.dispatcher import Dispatcher
from gateway.lane.clients.handshake import Handshake
from gateway.lane.context import LaneContext
from gateway.net.connection import ClientConnection
from gateway.net.selector import Selector

log = structlog.get_logger()

REGISTRATION_LIMIT_S = 60.0
"""From the first line to a nick that is free, and all else that registration needs."""


class Connections:
    """All connections of one lane."""

    def __init__(
        self,
        context: LaneContext,
        selector: Selector,
        touched: list[ClientConnection],
        clients: dict[str, Client],
        handshake: Handshake,
        dispatcher: Dispatcher,
        disconnect: Callable[[Client, str], None],
        client_opened: Callable[[Client], None],
    ) -> None:
        """``touched``: the connections to flush at the end of the turn; ``disconnect`` ends a client for a reason."""
        self._context = context
        self._selector = selector
        self._touched = touched
        self._clients = clients
        self._handshake = handshake
        self._dispatcher = dispatcher
        self._disconnect = disconnect
        self._client_opened = client_opened
        self.next_session = 0
        self.backlog_bytes = 0
        """Bytes that wait for clients to read them, of all connections."""

    # -- new connections ------------------------------------------------------------------------------

    def accept(self, accepted: socket.socket, peer: str) -> None:
        """Take over an accepted socket."""
        connection = ClientConnection(
            accepted,
            peer,
            self._selector,
            self._handshake,
            self._touched,
            self._context.settings.sendq_bytes,
            self._backlog_changed,
        )
        self._handshake.accepted(connection)

    def _backlog_changed(self, change: int) -> None:
        self.backlog_bytes += change

    def opened(self, connection: ClientConnection, dialect: Dialect, data: bytes) -> None:
        """Make a client of a connection that has shown its dialect; ``data``: what it has sent so far."""
        context = self._context
        client = Client(connection, dialect, self.bucket(), context.now)
        sid = f"{context.id}.{self.next_session}"
        self.next_session += 1
        host = context.process.cloak(connection.peer)
        client.session = Session(sid, context.server.name, client, connection.peer, host, context.wall_now)
        client.session.is_secure = connection.is_encrypted
        connection.owner, connection.state = self._dispatcher, client
        self._clients[sid] = client
        self._client_opened(client)
        if client.dialect.variant & TEXT:
            client.session.user, client.session.realname = "text", "plain text"
        self._dispatcher.received(connection, data)

    def bucket(self) -> TokenBucket | None:
        rate, burst = self._context.settings.flood_rate, self._context.settings.flood_burst
        return TokenBucket(rate, burst, self._context.now) if rate else None

    # -- what must not last ---------------------------------------------------------------------------

    def sweep(self) -> None:
        """Send PING to silent clients, and end those that did not answer."""
        interval = self._context.settings.ping_interval_s
        self._context.later(max(0.5, interval / 8), self.sweep)
        for client in list(self._clients.values()):
            silent = self._context.now - client.heard_at
            connection = client.connection
            if silent < interval or client.is_leaving:
                continue
            if client.dialect.variant & TEXT and not connection.has_ended:
                continue
            if client.throttled and not (connection.backlog_bytes or connection.has_ended):
                continue  # it is not silent: it is not read
            if silent > interval * 2:
                self._disconnect(client, f"Ping timeout: {silent:.0f} seconds")
            elif not client.pinged and client.session.is_registered:
                client.pinged = True
                client.send(f"PING :{self._context.server.name}")

    def end_unregistered(self) -> None:
        """End the clients that have not registered in time."""
        for client in list(self._clients.values()):
            if not client.session.is_registered and self._context.now - client.opened_at > REGISTRATION_LIMIT_S:
                self._disconnect(client, "Registration timed out")

    def end_batches(self) -> None:
        """End the batches that clients have left open for too long, except those of clients that are not read."""
        for client in self._clients.values():
            if not client.throttled:
                end_overdue(client.session, self._context.wall_now)

    def note_stall(self) -> None:
        """The lane's thread did not run for a while: what clients have sent meanwhile is not read yet."""
        for client in self._clients.values():
            client.heard_at = self._context.now

    def reload(self) -> None:
        """Apply other settings to the clients that are here."""
        for client in self._clients.values():
            client.bucket = self.bucket()
            client.connection.backlog_limit_bytes = self._context.settings.sendq_bytes

    def abort_all(self) -> None:
        here = (client.connection for client in self._clients.values())
        for connection in [*self._handshake.pending, *here]:
            connection.abort("")

    def relieve(self) -> None:
        """If too much waits for clients to read, cut those with the most until an eighth of the limit is free."""
        if self.backlog_bytes <= self._context.settings.sendq_total_bytes:
            return
        waiting = [client.connection for client in self._clients.values() if client.connection.backlog_bytes]
        waiting.sort(key=lambda connection: connection.backlog_bytes)
        cut = 0
        while waiting and self.backlog_bytes > self._context.settings.sendq_total_bytes * 7 // 8:
            waiting.pop().abort("SendQ exceeded")
            cut += 1
        log.warning("sendq_total_exceeded", lane=self._context.id, cut=cut)
