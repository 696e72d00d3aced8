"""A lane's connection to one Redis server: commands, replies and published messages, without blocking.

One RESP3 connection carries both the commands and the subscriptions: an append's reply and its entry arrive in one
read, which halves the system calls of two connections (docs/decisions/0002). The socket is connected on the executor,
with name look-up, TLS and credentials. From then on only the lane's thread touches it.

:class:`RedisLink` is the :class:`gateway.broker.port.RedisPort` of a Redis that is one server: all keys are its. After
a loss, the next connection first kills the old one by its client id (if it is the same server process), so that
nothing of it can still run.
"""

import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import hiredis

from gateway.broker.port import LOST, Done, OnMessage, OnSubscribed, Reply, ignore
from gateway.broker.scripts import Script

READ, WRITE = 1, 4  # EPOLLIN and EPOLLOUT

_pack: Callable[[tuple[str | bytes | int, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]

UNUSABLE = {
    "NOSCRIPT": "the server's scripts were flushed",  # the next connection loads them
    "READONLY": "a replica, which takes no writes",
    "MASTERDOWN": "a replica without its master",
    "LOADING": "the server is reading its data",
    "NOAUTH": "a password is needed",
    "NOPERM": "the user may not do what a gateway must",
}
"""Errors about the server or the user, not about one command: such a connection is ended."""


class Selector(Protocol):
    """The operations of the lane's selector that the link uses."""

    def register(self, fd: int, on_ready: Callable[[int], None], events: int = ...) -> None: ...
    def modify(self, fd: int, events: int) -> None: ...
    def unregister(self, fd: int) -> None: ...


class Events(Protocol):
    """The owner of a link: what the link reports to its lane."""

    def link_up(self) -> None:
        """A new connection is ready. All subscriptions have been sent on it."""

    def link_down(self, why: str) -> None:
        """The connection has ended. Every unanswered ``done`` has been called with LOST."""

    def link_fault(self, error: Exception) -> None:
        """The handling of a reply or a message has failed. The connection is given up."""


class RedisLink:
    """A RedisPort over one connection. Its owner attaches connected sockets, flushes it, and may drop it."""

    def __init__(self, selector: Selector, events: Events, scripts: Sequence[Script]) -> None:
        """``scripts`` are loaded on each new connection."""
        self._selector = selector
        self._events = events
        self._scripts = scripts
        self._socket: socket.socket | None = None
        self._reader = hiredis.Reader()
        self._awaiting: deque[Done] = deque()
        self._out: list[bytes] = []
        self._writing = False
        self._server_run = b""
        self._client_id = 0
        self._subscribers: dict[bytes, tuple[OnMessage, OnSubscribed]] = {}
        self.is_connected = False
        self.bytes_in = 0
        self.commands = 0

    @property
    def fd(self) -> int:
        """The connection's descriptor; -1 while there is none."""
        return -1 if self._socket is None else self._socket.fileno()

    @property
    def is_awaiting(self) -> bool:
        """Whether an answer is due."""
        return bool(self._awaiting)

    # -- the port -------------------------------------------------------------------------------------

    def is_up(self, key: str) -> bool:
        return self.is_connected

    def call(self, key: str, done: Done, verb: str, *args: str | bytes | int) -> None:
        if self._socket is None:
            done(LOST)
            return
        self.commands += 1
        self._awaiting.append(done)
        self._out.append(_pack((verb, key, *args)))

    def run(self, script: Script, done: Done, keys: Sequence[str], *args: str | bytes | int) -> None:
        if self._socket is None:
            done(LOST)
            return
        self.commands += 1
        self._awaiting.append(done)
        self._out.append(_pack((b"EVALSHA", script.sha, script.keys, *keys, *args)))

    def publish(self, channel: str, payload: str | bytes | int) -> None:
        self.send(ignore, "PUBLISH", channel, payload)

    def wait_replicas(self, key: str, done: Done, count: int, timeout_ms: int) -> None:
        self.send(done, "WAIT", count, timeout_ms)

    def reconnect(self, key: str, why: str) -> None:
        self.drop(why)

    def subscribe(self, channel: str, on_message: OnMessage, on_subscribed: OnSubscribed) -> None:
        self._subscribers[channel.encode()] = (on_message, on_subscribed)
        if self.is_connected:
            self._awaiting.append(self._subscribed)
            self._out.append(_pack((b"SUBSCRIBE", channel)))

    def unsubscribe(self, channel: str) -> None:
        del self._subscribers[channel.encode()]
        if self.is_connected:
            self._awaiting.append(self._subscribed)
            self._out.append(_pack((b"UNSUBSCRIBE", channel)))

    def _subscribed(self, reply: Reply) -> None:
        """In the place of the push that confirms it; an error is a reply like any other."""
        if isinstance(reply, hiredis.ReplyError):
            self.drop(f"a subscription was refused: {reply}")

    # -- one server -----------------------------------------------------------------------------------

    def send(self, done: Done, *words: str | bytes | int) -> None:
        """Queue a command about the server or the connection."""
        if self._socket is None:
            done(LOST)
            return
        self.commands += 1
        self._awaiting.append(done)
        self._out.append(_pack(words))

    def flush(self) -> None:
        """Send what was queued. What the socket does not take stays queued, in order."""
        if not self._out or self._writing or self._socket is None:
            return
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        try:
            sent = self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self.drop(f"send: {error.strerror}")
            return
        if sent == len(data):
            self._out.clear()
        else:
            self._out[:] = [data[sent:]]
            self._writing = True
            self._selector.modify(self._socket.fileno(), READ | WRITE)

    # -- connection -----------------------------------------------------------------------------------

    def attach(self, connected: socket.socket) -> None:
        """Take over a connected socket and greet the server. ``link_up`` follows."""
        assert self._socket is None
        connected.setblocking(False)
        self._socket = connected
        self._reader = hiredis.Reader()
        self._selector.register(connected.fileno(), self._on_ready)
        self.send(self._greeted, "HELLO", 3)
        self.send(self._ran, "INFO", "server")
        self.flush()

    def _greeted(self, reply: Reply) -> None:
        if isinstance(reply, hiredis.ReplyError):
            self.drop(f"refused: {reply}")

    def _ran(self, reply: Reply) -> None:
        if not isinstance(reply, str | bytes | hiredis.ReplyError):
            return
        text = reply if isinstance(reply, bytes) else str(reply).encode()
        run = next((line for line in text.split(b"\r\n") if line.startswith(b"run_id:")), b"")
        if run != self._server_run:
            self._server_run, self._client_id = run, 0  # the number is another client's in this process
        if self._client_id:
            self.send(ignore, "CLIENT", "KILL", "ID", self._client_id)
        # After the KILL, so that the old id is remembered until the old connection has ended.
        self.send(self._numbered, "CLIENT", "ID")
        self.flush()

    def _numbered(self, reply: Reply) -> None:
        if not isinstance(reply, int):
            if reply is not LOST:
                self.drop(f"refused: {reply}")
            return
        self._client_id = reply
        for script in self._scripts:
            self.send(ignore, "SCRIPT", "LOAD", script.source)
        self.is_connected = True
        for channel in self._subscribers:
            self._awaiting.append(self._subscribed)
            self._out.append(_pack((b"SUBSCRIBE", channel)))
        self._events.link_up()
        self.flush()

    def drop(self, why: str) -> None:
        """End the connection. Every command without a reply is answered with LOST."""
        if self._socket is None:
            return
        self._selector.unregister(self._socket.fileno())
        self._socket.close()
        self._socket = None
        self._writing = self.is_connected = False
        self._out.clear()
        unanswered, self._awaiting = self._awaiting, deque()
        for done in unanswered:
            done(LOST)
        self._events.link_down(why)

    # -- what arrives ---------------------------------------------------------------------------------

    def _on_ready(self, mask: int) -> None:
        assert self._socket is not None
        if mask & WRITE and self._writing:
            self._writing = False
            self._selector.modify(self._socket.fileno(), READ)
            self.flush()
        if mask & ~WRITE and self._socket is not None:
            self._receive()

    def _receive(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(262144)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.drop(f"receive: {error.strerror}")
            return
        if not data:
            self.drop("closed by the server")
            return
        self.bytes_in += len(data)
        reader, connection = self._reader, self._socket
        reader.feed(data)
        try:
            reply = reader.gets()
            while reply is not False and self._socket is connection:
                if type(reply) is hiredis.PushNotification:
                    if reply[0] == b"message":
                        subscriber = self._subscribers.get(reply[1])
                        if subscriber is not None:  # else it was unsubscribed meanwhile
                            subscriber[0](reply[2])
                    else:
                        self._confirmed(*reply[:2])
                elif type(reply) is hiredis.ReplyError and (why := self._unusable(str(reply))):
                    self.drop(why)
                else:
                    self._awaiting.popleft()(reply)
                reply = reader.gets()
        except hiredis.ProtocolError as error:
            self.drop(f"protocol: {error}")
        except Exception as error:
            # A fault of ours half-way through the input: the next connection repairs every log.
            self._events.link_fault(error)
            self.drop("fault")

    def _confirmed(self, what: bytes, channel: bytes) -> None:
        if what in (b"subscribe", b"unsubscribe"):
            self._awaiting.popleft()
        if what == b"subscribe" and channel in self._subscribers:
            self._subscribers[channel][1]()

    def _unusable(self, error: str) -> str:
        """Why the connection cannot be used after such an error; "" if only its command has failed."""
        code, _, _ = error.partition(" ")
        if code not in UNUSABLE or (code == "NOPERM" and not self.is_connected):  # the greeting works without INFO
            return ""
        return UNUSABLE[code] if code == "NOSCRIPT" else f"{UNUSABLE[code]}: {error}"
