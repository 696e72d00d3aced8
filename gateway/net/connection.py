"""The socket of one client: received bytes go to its owner, written bytes go out in one send a turn.

Knows nothing of lines or of chat. Bytes that the socket does not accept wait, as the same objects that all members of
a room share, up to a limit. Beyond the limit the connection is closed. Runs on the lane's thread.
"""

import socket
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from gateway.net.selector import READ, WRITE, Selector
from gateway.net.tls import TlsFailure, TlsLayer

RECEIVE_BYTES = 16384
SEND_BYTES = 262144


class Owner(Protocol):
    """The receiver of a connection's events."""

    def received(self, connection: "ClientConnection", data: bytes) -> None: ...

    def ended(self, connection: "ClientConnection") -> None:
        """Called when the peer has closed its sending side; it may still read."""

    def closed(self, connection: "ClientConnection", reason: str) -> None:
        """Called when the connection is closed in both directions."""


class ClientConnection:
    """A socket and its unsent bytes. ``state`` belongs to the owner."""

    __slots__ = (
        "_backlog",
        "_backlog_changed",
        "_events",
        "_is_shut",
        "_lingers",
        "_on_drained",
        "_selector",
        "_send",
        "_socket",
        "_tls",
        "_touched",
        "backlog_bytes",
        "backlog_limit_bytes",
        "fd",
        "has_ended",
        "is_admitted",
        "is_closing",
        "is_open",
        "out",
        "owner",
        "peer",
        "state",
    )

    def __init__(
        self,
        connected: socket.socket,
        peer: str,
        selector: Selector,
        owner: Owner,
        touched: list["ClientConnection"],
        backlog_limit_bytes: int,
        backlog_changed: Callable[[int], None],
    ) -> None:
        """``touched``: the lane's list of connections to flush this turn; ``peer``: the address as text."""
        connected.setblocking(False)
        self._socket = connected
        self._send = connected.send
        self._selector = selector
        self.owner = owner
        self._backlog_changed = backlog_changed
        self._touched = touched
        self.out: list[bytes] = []
        self._backlog: deque[bytes] | None = None
        self._on_drained: list[Callable[[], None]] = []
        self._tls: TlsLayer | None = None
        self._events = READ
        self.backlog_bytes = 0
        self.backlog_limit_bytes = backlog_limit_bytes
        self.fd = connected.fileno()
        self.is_open = True
        self.is_closing = False
        self._lingers = False
        self._is_shut = False  # our sending side is closed, the peer's is not yet
        self.has_ended = False
        self.is_admitted = False  # counted towards the limit of its address
        self.peer = peer
        self.state: Any = None
        selector.register(self.fd, self._on_ready)

    # -- out ------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Collect bytes for the end of this turn; the object may be shared with other connections."""
        out = self.out
        if not out:
            self._touched.append(self)
        out.append(data)

    def flush(self) -> None:
        """Send the collected bytes; called once a turn for each touched connection."""
        out = self.out
        if not out or not self.is_open or self._is_shut:
            out.clear()
            return
        if self._tls is not None:
            out[:] = [self._encrypt(b"".join(out))]
        if self._backlog is not None:
            self._enqueue(out)
            out.clear()
            return
        data = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        try:
            sent = self._send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self.abort(error.strerror or "send failed")
            return
        if sent < len(data):
            self._enqueue([data[sent:] if sent else data])
        elif self.is_closing:
            self._all_sent()

    def _encrypt(self, data: bytes) -> bytes:
        assert self._tls is not None
        sealed = self._tls.wrap(data)
        return sealed + self._tls.close() if self.is_closing else sealed

    def _enqueue(self, pieces: list[bytes]) -> None:
        if self._backlog is None:
            self._backlog = deque()
        self._backlog.extend(pieces)
        length = sum(map(len, pieces))
        self.backlog_bytes += length
        self._backlog_changed(length)
        if self.backlog_bytes > self.backlog_limit_bytes:
            self.abort("SendQ exceeded")
        else:
            self._set_events(self._events | WRITE)

    def _drain(self) -> None:
        backlog = self._backlog
        while backlog:
            data = backlog.popleft()
            while backlog and len(data) < SEND_BYTES // 4 and len(backlog[0]) < SEND_BYTES // 4:
                data += backlog.popleft()
            try:
                sent = self._send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self.abort(error.strerror or "send failed")
                return
            self.backlog_bytes -= sent
            self._backlog_changed(-sent)
            if sent < len(data):
                backlog.appendleft(data[sent:])
                self._set_events(self._events | WRITE)
                return
        self._backlog = None
        self._set_events(self._events & ~WRITE)
        if self.is_closing:
            self._all_sent()
        self._notify_drained()

    def when_drained(self, call: Callable[[], None]) -> None:
        """Call once when no bytes wait for the peer to read, or the connection is closed."""
        self._on_drained.append(call)
        if not self.backlog_bytes:
            self._notify_drained()

    def _notify_drained(self) -> None:
        calls, self._on_drained = self._on_drained, []
        for call in calls:
            call()

    def _all_sent(self) -> None:
        """Close, or close the sending side only, after everything was sent."""
        if not self._lingers or self.has_ended:
            self.abort("")
            return
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.abort("")
            return
        self._is_shut = True
        self._set_events(self._events | READ)

    # -- in -------------------------------------------------------------------------------------------

    def _on_ready(self, mask: int) -> None:
        if mask & WRITE:
            self._drain()
            if not self.is_open:
                return
        if mask & ~WRITE:
            self._receive()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.abort(error.strerror or "receive failed")
            return
        if self._is_shut:
            if not data:
                self.abort("")
            return
        if not data:
            if not self._events & READ:  # both directions are closed
                self.abort("connection closed")
                return
            self._input_ended()
        elif self._tls is None:
            self.owner.received(self, data)
        else:
            self._decrypt(data)

    def _input_ended(self) -> None:
        """Note that the peer has closed its sending side."""
        if not self.has_ended and self.is_open:
            self.has_ended = True
            self._set_events(self._events & ~READ)
            self.owner.ended(self)

    def start_tls(self, layer: TlsLayer, first: bytes) -> None:
        """Use TLS from now on; ``first`` are the bytes of the client hello that were already read."""
        self._tls = layer
        self._decrypt(first)

    @property
    def is_encrypted(self) -> bool:
        return self._tls is not None

    def _decrypt(self, data: bytes) -> None:
        assert self._tls is not None
        try:
            plain = self._tls.feed(data)
        except TlsFailure as failure:
            self._send_encrypted(self._tls.take_pending())
            self.abort(f"TLS: {failure}")
            return
        self._send_encrypted(self._tls.take_pending())
        if plain and self.is_open:
            self.owner.received(self, plain)
        if self._tls.peer_has_closed:
            self._input_ended()

    def _send_encrypted(self, data: bytes) -> None:
        """Send bytes that are already encrypted."""
        if data:
            self._enqueue([data])
            if self.is_open:
                self._drain()

    def pause(self) -> None:
        """Stop reading from the peer until `resume`; TCP then slows it down."""
        self._set_events(self._events & ~READ)

    def resume(self) -> None:
        if not self.has_ended:
            self._set_events(self._events | READ)

    def _set_events(self, events: int) -> None:
        if events != self._events and self.is_open:
            self._events = events
            self._selector.modify(self.fd, events)

    # -- end ------------------------------------------------------------------------------------------

    def close(self, *, lingers: bool = False) -> None:
        """Close after everything written has been sent. The caller must abort if the peer does not read.

        With ``lingers``, wait until the peer has closed, too. A close with unread input causes a reset (RFC 2525
        2.17), which may destroy output that the peer has not read yet, such as ERROR.
        """
        if not self.is_closing and self.is_open:
            self.is_closing, self._lingers = True, lingers
            self.write(b"")  # the flush at the end of the turn closes it

    def abort(self, reason: str) -> None:
        """Close at once."""
        if not self.is_open:
            return
        self.is_open = False
        self._selector.unregister(self.fd)
        self._socket.close()
        self.out.clear()
        self._backlog = None
        self._backlog_changed(-self.backlog_bytes)
        self.backlog_bytes = 0
        self.owner.closed(self, reason)
        self._notify_drained()
