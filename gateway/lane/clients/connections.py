"""Who is connected to a lane: from the accepted socket to the client, and from the client to the closed socket.

Makes connections and clients, hands what they send to the door or the intake, and ends those who are silent, never
register, or leave too much unread. Runs on the lane's thread.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from gateway.chat.batches import end_overdue
from gateway.chat.flood import TokenBucket
from gateway.chat.session import Session
from gateway.lane.clients.browser_addresses import BrowserAddresses
from gateway.lane.clients.client import TEXT, Client, Dialect
from gateway.lane.clients.handshake import PendingConnection
from gateway.lane.loop.timers import Timer
from gateway.net.connection import ClientConnection

if TYPE_CHECKING:
    from gateway.lane.lane import Lane

log = structlog.get_logger()

REGISTRATION_LIMIT_S = 60.0
"""From the first line to a name that is free, with all else that belongs to it."""


class Connections:
    """See the module. It is the connections' owner, and the door's host."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.next_session = 0
        self.opening: dict[ClientConnection, None] = {}  # ordered, as a simulation must repeat itself
        self.backlog_bytes = 0
        """What waits for clients to read, of all connections."""

    def __len__(self) -> int:
        return len(self._lane.clients) + len(self.opening)

    @property
    def tls_context(self) -> ssl.SSLContext | None:
        return self._lane.tls_context

    @property
    def browsers(self) -> BrowserAddresses:
        return self._lane.process.browsers

    def later(self, after_s: float, call: Callable[[], None]) -> Timer:
        return self._lane.later(after_s, call)

    # -- come and gone --------------------------------------------------------------------------------

    def accept(self, accepted: socket.socket, peer: str) -> None:
        """Takes over an accepted socket."""
        connection = ClientConnection(
            accepted, peer, self._lane.selector, self, self._lane.touched, self._lane.settings.sendq_bytes
        )
        self.opening[connection] = None
        self._lane.door.enter(connection)

    def admitted(self, connection: ClientConnection, address: str) -> bool:
        connection.is_admitted = self._lane.process.admit(address, 1)
        return connection.is_admitted

    def discount(self, connection: ClientConnection) -> None:
        """Its address may make another in its place: the session has ended, whether the connection is closed or not."""
        if connection.is_admitted:
            connection.is_admitted = False
            self._lane.process.admit(connection.peer, -1)

    def opened(self, connection: ClientConnection, dialect: Dialect, data: bytes) -> None:
        self.opening.pop(connection, None)
        client = Client(connection, dialect, self.bucket(), self._lane.now)
        sid = f"{self._lane.id}.{self.next_session}"
        self.next_session += 1
        client.session = Session(
            sid,
            self._lane.server.name,
            client,
            connection.peer,
            self._lane.process.cloak(connection.peer),
            self._lane.wall_now,
        )
        client.session.is_secure = connection.is_encrypted
        connection.state = client
        self._lane.clients[sid] = client
        self._lane.directory_publisher.count_changed()
        if client.dialect.variant & TEXT:
            client.session.user, client.session.realname = "text", "plain text"
        self._lane.intake.bytes(client, data)

    def bucket(self) -> TokenBucket | None:
        rate, burst = self._lane.settings.flood_rate, self._lane.settings.flood_burst
        return TokenBucket(rate, burst, self._lane.now) if rate else None

    def received(self, connection: ClientConnection, data: bytes) -> None:
        state = connection.state
        if state.__class__ is Client:
            self._lane.intake.bytes(state, data)
        else:
            self._lane.door.received(connection, data)

    def ended(self, connection: ClientConnection) -> None:
        if isinstance(connection.state, Client):
            self._lane.intake.end(connection.state)
        else:
            self._lane.door.ended(connection)

    def closed(self, connection: ClientConnection, why: str) -> None:
        state = connection.state
        self._lane.sessions.closing.pop(connection, None)
        if isinstance(state, PendingConnection):
            self.discount(connection)
            self._lane.door.left(connection)
            self.opening.pop(connection, None)
        else:
            self._lane.intake.lost(state, why or "Connection closed")

    def backlog_changed(self, change: int) -> None:
        self.backlog_bytes += change

    def log_refused(self, connection: ClientConnection, why: str) -> None:
        log.warning("refused", peer=connection.peer, why=why)

    # -- what must not last ---------------------------------------------------------------------------

    def sweep(self) -> None:
        """Asks silent clients whether they are there, and drops those who did not answer."""
        interval = self._lane.settings.ping_interval_s
        self._lane.later(max(0.5, interval / 8), self.sweep)
        for client in list(self._lane.clients.values()):
            silent = self._lane.now - client.heard_at
            connection = client.connection
            if silent < interval or client.is_departing:
                continue
            if client.dialect.variant & TEXT and not connection.has_ended:
                continue
            if client.throttled and not (connection.backlog_bytes or connection.has_ended):
                continue  # it is not silent but not read
            if silent > interval * 2:
                self._lane.depart(client, f"Ping timeout: {silent:.0f} seconds")
            elif not client.pinged and client.session.is_registered:
                client.pinged = True
                client.send(f"PING :{self._lane.server.name}")

    def end_unregistered(self) -> None:
        """Drops those who have told their dialect long ago, and nothing that makes them a user."""
        for client in list(self._lane.clients.values()):
            if not client.session.is_registered and self._lane.now - client.opened_at > REGISTRATION_LIMIT_S:
                self._lane.depart(client, "Registration timed out")

    def end_batches(self) -> None:
        """Of those who may send: a batch that they have left open for too long."""
        for client in self._lane.clients.values():
            if not client.throttled:
                end_overdue(client.session, self._lane.wall_now)

    def relieve(self) -> None:
        """Too much waits for clients to read: those with the most are cut, until an eighth of the limit is free."""
        waiting = [client.connection for client in self._lane.clients.values() if client.connection.backlog_bytes]
        waiting.sort(key=lambda connection: connection.backlog_bytes)
        cut = 0
        while waiting and self.backlog_bytes > self._lane.settings.sendq_total_bytes * 7 // 8:
            waiting.pop().abort("SendQ exceeded")
            cut += 1
        log.warning("sendq_total_exceeded", lane=self._lane.id, cut=cut)
