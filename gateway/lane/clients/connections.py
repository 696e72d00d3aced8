"""Who is connected to a lane: from the accepted socket to the client, and from the client to the closed socket.

Makes connections and clients, hands what they send to the door or the intake, and ends those who are silent, never
register, or leave too much unread. Runs on the lane's thread.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import structlog

from gateway.chat.batches import end_overdue
from gateway.chat.capabilities import TEXT
from gateway.chat.flood import TokenBucket
from gateway.chat.session import Session
from gateway.lane.clients.client import Client, Dialect
from gateway.lane.clients.handshake import PendingConnection
from gateway.net.connection import ClientConnection

if TYPE_CHECKING:
    from gateway.lane.assembly import Parts

log = structlog.get_logger()

REGISTRATION_LIMIT_S = 60.0
"""From the first line to a name that is free, with all else that belongs to it."""


class Connections:
    """See the module. It is the connections' owner, and the door's host."""

    def __init__(self, parts: Parts) -> None:
        self._lane, self._context = parts, parts.context
        self.next_session = 0
        self.opening: dict[ClientConnection, None] = {}  # ordered, as a simulation must repeat itself
        self.backlog_bytes = 0
        """What waits for clients to read, of all connections."""

    def __len__(self) -> int:
        return len(self._lane.clients) + len(self.opening)

    # -- come and gone --------------------------------------------------------------------------------

    def accept(self, accepted: socket.socket, peer: str) -> None:
        """Takes over an accepted socket."""
        connection = ClientConnection(
            accepted, peer, self._lane.selector, self, self._lane.touched, self._context.settings.sendq_bytes
        )
        self.opening[connection] = None
        self._lane.handshake.enter(connection)

    def admitted(self, connection: ClientConnection, address: str) -> bool:
        connection.is_admitted = self._context.process.admit(address, 1)
        return connection.is_admitted

    def discount(self, connection: ClientConnection) -> None:
        """Its address may make another in its place: the session has ended, whether the connection is closed or not."""
        if connection.is_admitted:
            connection.is_admitted = False
            self._context.process.admit(connection.peer, -1)

    def opened(self, connection: ClientConnection, dialect: Dialect, data: bytes) -> None:
        self.opening.pop(connection, None)
        client = Client(connection, dialect, self.bucket(), self._context.now)
        sid = f"{self._context.id}.{self.next_session}"
        self.next_session += 1
        client.session = Session(
            sid,
            self._context.server.name,
            client,
            connection.peer,
            self._context.process.cloak(connection.peer),
            self._context.wall_now,
        )
        client.session.is_secure = connection.is_encrypted
        connection.state = client
        self._lane.clients[sid] = client
        self._lane.directory_publisher.count_changed()
        if client.dialect.variant & TEXT:
            client.session.user, client.session.realname = "text", "plain text"
        self._lane.dispatcher.bytes(client, data)

    def bucket(self) -> TokenBucket | None:
        rate, burst = self._context.settings.flood_rate, self._context.settings.flood_burst
        return TokenBucket(rate, burst, self._context.now) if rate else None

    def received(self, connection: ClientConnection, data: bytes) -> None:
        state = connection.state
        if state.__class__ is Client:
            self._lane.dispatcher.bytes(state, data)
        else:
            self._lane.handshake.received(connection, data)

    def ended(self, connection: ClientConnection) -> None:
        if isinstance(connection.state, Client):
            self._lane.dispatcher.end(connection.state)
        else:
            self._lane.handshake.ended(connection)

    def closed(self, connection: ClientConnection, why: str) -> None:
        state = connection.state
        self._lane.sessions.closing.pop(connection, None)
        if isinstance(state, PendingConnection):
            self.discount(connection)
            self._lane.handshake.left(connection)
            self.opening.pop(connection, None)
        else:
            self._lane.dispatcher.lost(state, why or "Connection closed")

    def backlog_changed(self, change: int) -> None:
        self.backlog_bytes += change

    def log_refused(self, connection: ClientConnection, why: str) -> None:
        log.warning("refused", peer=connection.peer, why=why)

    # -- what must not last ---------------------------------------------------------------------------

    def sweep(self) -> None:
        """Asks silent clients whether they are there, and drops those who did not answer."""
        interval = self._context.settings.ping_interval_s
        self._context.later(max(0.5, interval / 8), self.sweep)
        for client in list(self._lane.clients.values()):
            silent = self._context.now - client.heard_at
            connection = client.connection
            if silent < interval or client.is_departing:
                continue
            if client.dialect.variant & TEXT and not connection.has_ended:
                continue
            if client.throttled and not (connection.backlog_bytes or connection.has_ended):
                continue  # it is not silent but not read
            if silent > interval * 2:
                self._lane.sessions.depart(client, f"Ping timeout: {silent:.0f} seconds")
            elif not client.pinged and client.session.is_registered:
                client.pinged = True
                client.send(f"PING :{self._context.server.name}")

    def end_unregistered(self) -> None:
        """Drops those who have told their dialect long ago, and nothing that makes them a user."""
        for client in list(self._lane.clients.values()):
            if not client.session.is_registered and self._context.now - client.opened_at > REGISTRATION_LIMIT_S:
                self._lane.sessions.depart(client, "Registration timed out")

    def end_batches(self) -> None:
        """Of those who may send: a batch that they have left open for too long."""
        for client in self._lane.clients.values():
            if not client.throttled:
                end_overdue(client.session, self._context.wall_now)

    def note_stall(self) -> None:
        """The lane's thread did not run for a while: what clients have sent meanwhile is not read yet."""
        for client in self._lane.clients.values():
            client.heard_at = self._context.now

    def reload(self) -> None:
        """Apply other settings to the clients that are here."""
        for client in self._lane.clients.values():
            client.bucket = self.bucket()
            client.connection.backlog_limit_bytes = self._context.settings.sendq_bytes

    def abort_all(self) -> None:
        here = (client.connection for client in self._lane.clients.values())
        for connection in [*self.opening, *self._lane.sessions.closing, *here]:
            connection.abort("")

    def relieve(self) -> None:
        """If too much waits for clients to read, cut those with the most until an eighth of the limit is free."""
        if self.backlog_bytes <= self._context.settings.sendq_total_bytes:
            return
        waiting = [client.connection for client in self._lane.clients.values() if client.connection.backlog_bytes]
        waiting.sort(key=lambda connection: connection.backlog_bytes)
        cut = 0
        while waiting and self.backlog_bytes > self._context.settings.sendq_total_bytes * 7 // 8:
            waiting.pop().abort("SendQ exceeded")
            cut += 1
        log.warning("sendq_total_exceeded", lane=self._context.id, cut=cut)
