"""The handshake of a new connection: PROXY header, TLS, and the first line, which determines the dialect.

Reads and buffers, and decides on a complete line. It sends a greeting only after a second without input, and not to a
connection that may be a browser's spare one. A browser's requests are answered here too, unless it opens a WebSocket.
Runs on the lane's thread.
"""

from collections.abc import Callable
from ipaddress import ip_address

import structlog

from gateway.admission import is_local
from gateway.lane.clients.client import Dialect
from gateway.lane.clients.dialects import IRC, PLAIN_TEXT, OverWebSocket
from gateway.lane.clients.web_files import pages
from gateway.lane.context import LaneContext
from gateway.lane.loop.timers import Timer
from gateway.net.connection import ClientConnection
from gateway.net.tls import NO_TLS_ALERT, TlsLayer
from gateway.wire import http, proxy, websocket
from gateway.wire.dialect import Kind, sniff, strip_telnet

log = structlog.get_logger()

SILENCE_S = 1.0
OPENING_LIMIT_S = 60.0
"""The time for a header, a TLS handshake and a first line. A slower connection only occupies a descriptor."""
HEADER_LIMIT_S = 5.0
"""The time from the first byte of a PROXY header to its last."""
KEEP_ALIVE_S = 5.0
"""The time from an answer to a browser to its next request (RFC 9112 9.5)."""
NO_TLS = "it asked for TLS: turn that off in the client, or set tls_cert and tls_key"
# What a person reads who has not said anything yet. Each is a line of IRC as well (at most 15 parameters): a program
# that is slow to register takes its first word for a command that it does not know.
GREETING = "Welcome to {}. Type your name, then press Enter."
GOODBYE = "Goodbye. The gateway is shutting down."


class PendingConnection:
    """A connection whose dialect is not known yet."""

    __slots__ = ("buffer", "greeted", "idle", "is_exempt", "is_http", "is_proxied", "may_have_proxy", "timer")

    def __init__(self, may_have_proxy: bool, is_exempt: bool) -> None:
        self.buffer = b""
        self.is_exempt = is_exempt  # exempt from the limits of addresses: it comes from this machine itself
        self.may_have_proxy = may_have_proxy
        self.is_proxied = False
        self.timer: Timer | None = None
        self.idle: Timer | None = None  # of a browser that has been answered
        self.greeted = False
        self.is_http = False  # and remains one: bytes that a page can make a browser send are never taken for IRC


class Handshake:
    """The pending connections of a lane."""

    opened: Callable[[ClientConnection, Dialect, bytes], None]
    """Makes a client of a connection whose dialect is known. It gets the bytes that the connection has sent so far."""

    def __init__(self, context: LaneContext) -> None:
        self._context = context
        self.pending: dict[ClientConnection, None] = {}  # ordered, as a simulation must repeat itself
        self._pages = pages()
        self._greeting = f"{GREETING.format(context.server.network)}\r\n".encode()

    def accepted(self, connection: ClientConnection) -> None:
        """Begin the handshake of a connection."""
        self.pending[connection] = None
        opening = PendingConnection(self._is_trusted(connection.peer), is_local(connection.peer))
        connection.state = opening
        if not opening.may_have_proxy and not self._is_admitted(connection, opening):
            self._reject(connection)
            return
        opening.timer = self._context.later(SILENCE_S, lambda: self._greet_if_silent(connection, opening))

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False  # a Unix socket has no address
        return any(address in network for network in self._context.settings.trusted_proxies)

    def _is_admitted(self, connection: ClientConnection, opening: PendingConnection) -> bool:
        if not (opening.is_exempt or connection.is_admitted):
            connection.is_admitted = self._context.process.admit(connection.peer, 1)
        return opening.is_exempt or connection.is_admitted

    def discount(self, connection: ClientConnection) -> None:
        """Release this connection's place in the limit of its address, whether it is closed or not."""
        if connection.is_admitted:
            connection.is_admitted = False
            self._context.process.admit(connection.peer, -1)

    def _reject(self, connection: ClientConnection) -> None:
        connection.write(b"ERROR :Too many connections from your address\r\n")
        connection.close()

    def _greet_if_silent(self, connection: ClientConnection, opening: PendingConnection) -> None:
        """Greet, unless this may be a browser's spare connection, which may also come by a load balancer."""
        opening.timer = self._context.later(OPENING_LIMIT_S, lambda: connection.abort("nothing said"))
        may_be_spare = opening.is_http or opening.is_proxied or connection.peer in self._context.process.browsers
        if not (opening.buffer or may_be_spare):
            self._greet(connection, opening)

    def _greet(self, connection: ClientConnection, opening: PendingConnection) -> None:
        if not (opening.greeted or connection.is_closing):
            opening.greeted = True
            connection.write(self._greeting)

    def dismiss(self, connection: ClientConnection) -> None:
        """Close a connection because the gateway ends. A user who was asked for a name is sent the reason."""
        if connection.state.greeted and not connection.is_closing:
            connection.write(f"{GOODBYE}\r\n".encode())
        connection.close()

    def received(self, connection: ClientConnection, data: bytes) -> None:
        """Handle bytes of a pending connection."""
        if connection.is_closing:
            return  # it has got its answer
        opening = connection.state
        if opening.may_have_proxy and not opening.buffer:
            self._context.later(HEADER_LIMIT_S, lambda: self._end_header(connection, opening))
        opening.buffer += data
        if opening.may_have_proxy and not self._read_proxy(connection, opening):
            return
        if not connection.is_encrypted and opening.buffer.startswith(b"\x16"):
            self._start_tls(connection, opening)
            return
        kind = Kind.HTTP if opening.is_http else sniff(opening.buffer)
        if kind is None:
            if b"\n" in opening.buffer:
                self._greet(connection, opening)  # the user has pressed Enter
            return
        if kind is Kind.HTTP:
            self._read_http(connection, opening)
        else:
            dialect = IRC if kind is Kind.IRC else PLAIN_TEXT
            self._open(connection, dialect, strip_telnet(opening.buffer))

    def _read_http(self, connection: ClientConnection, opening: PendingConnection) -> None:
        opening.is_http = True
        self._context.process.browsers.add(connection.peer)
        while head := http.HEAD.match(opening.buffer, 0, http.HEAD_LIMIT_BYTES):
            opening.buffer = opening.buffer[head.end() :]
            request = http.parse(head[1])
            if request is not None and request.is_upgrade:
                self._upgrade(connection, opening, request)
                return
            response, is_last = http.answer(request, self._pages)
            self._respond(connection, opening, response, is_last=is_last)
            if is_last:
                return
        if len(opening.buffer) >= http.HEAD_LIMIT_BYTES:
            self._respond(connection, opening, http.refusal("431 Request Header Fields Too Large", "Too long."))

    def _upgrade(self, connection: ClientConnection, opening: PendingConnection, request: http.Request) -> None:
        accepted = websocket.accept(request, self._context.settings.web_origins)
        if not self._is_admitted(connection, opening):
            accepted = http.refusal("429 Too Many Requests", "Too many connections from your address.")
        if isinstance(accepted, bytes):
            self._respond(connection, opening, accepted)
        else:
            self._open(connection, OverWebSocket(accepted), opening.buffer)

    def _respond(
        self, connection: ClientConnection, opening: PendingConnection, response: bytes, *, is_last: bool = True
    ) -> None:
        """Stop counting a connection for its address: a browser has several, for seconds only.

        The timer of the handshake closes those that neither read nor close.
        """
        self.discount(connection)
        connection.backlog_limit_bytes = max(connection.backlog_limit_bytes, 2 * len(response))  # encrypted it is more
        connection.write(response)
        if opening.idle is not None:
            opening.idle.cancel()
        if is_last:
            connection.close(lingers=True)
        else:
            opening.idle = self._context.later(KEEP_ALIVE_S, lambda: connection.close(lingers=True))

    def ended(self, connection: ClientConnection) -> None:
        """Handle the peer's end of file: bytes without a line end count as a line."""
        opening = connection.state
        if opening.buffer.strip():
            self.received(connection, b"\n")
        if connection.state is opening:
            connection.close()
        else:
            connection.owner.ended(connection)

    def closed(self, connection: ClientConnection, _why: str) -> None:
        """Handle the loss of a pending connection."""
        self.discount(connection)
        self._cancel(connection.state)
        self.pending.pop(connection, None)

    def _open(self, connection: ClientConnection, dialect: Dialect, data: bytes) -> None:
        self._cancel(connection.state)
        self.pending.pop(connection, None)
        self.opened(connection, dialect, data)

    @staticmethod
    def _log_refused(connection: ClientConnection, why: str) -> None:
        log.warning("refused", peer=connection.peer, why=why)

    def _cancel(self, opening: PendingConnection) -> None:
        for timer in (opening.timer, opening.idle):
            if timer is not None:
                timer.cancel()
        opening.timer = opening.idle = None

    def _read_proxy(self, connection: ClientConnection, opening: PendingConnection) -> bool:
        """Remove the PROXY header. Return whether the connection may continue."""
        header = proxy.parse(opening.buffer)
        if header is proxy.INCOMPLETE:
            return False
        opening.may_have_proxy = False
        opening.is_proxied = isinstance(header, proxy.Header)
        if isinstance(header, proxy.Header):
            opening.buffer = opening.buffer[header.consumed :]
            if header.source_ip is not None:
                connection.peer, opening.is_exempt = header.source_ip, False  # loopback too: it is the proxy's
        elif header is proxy.MALFORMED:
            self._refuse_header(connection, "malformed PROXY header")
            return False
        if not self._is_admitted(connection, opening):
            self._reject(connection)
            return False
        return bool(opening.buffer)

    def _end_header(self, connection: ClientConnection, opening: PendingConnection) -> None:
        if opening.may_have_proxy and connection.is_open:
            self._refuse_header(connection, "PROXY header not complete in time")

    def _refuse_header(self, connection: ClientConnection, why: str) -> None:
        self._log_refused(connection, why)
        connection.abort(why)

    def _start_tls(self, connection: ClientConnection, opening: PendingConnection) -> None:
        context, hello, opening.buffer = self._context.tls_context, opening.buffer, b""
        if context is None:
            self._log_refused(connection, NO_TLS)
            connection.write(NO_TLS_ALERT)
            connection.close()
        else:
            connection.start_tls(TlsLayer(context), hello)
