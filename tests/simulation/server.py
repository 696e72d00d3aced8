"""A simulated Redis: in memory, in one thread, one step at a time, with all failures of a real one.

A :class:`gateway.broker.link.Link` uses it in RESP3 through a :class:`SimulatedSocket`, so the
link itself is tested. Nothing moves by itself: the server executes in :meth:`SimulatedServer.serve`, a link reads in
:meth:`SimulatedSelector.poll`, and a run may cause network faults in between. On one connection pushes and replies
keep their order, as in RESP3.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import hiredis

from gateway.broker.link import READ
from tests.simulation.scripts import TOLD
from tests.simulation.store import Failure, Store

Words = Sequence[bytes]

_SCRIPTS = {script.sha.encode(): (script, run) for script, run in TOLD.items()}
_SHA = {script.source.encode(): script.sha.encode() for script in TOLD}


class Push(list[Any]):
    """A message that the server sends without a request."""


class Connection:
    """The server's end of a client's connection."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.requests: deque[Words] = deque()
        self.replies: list[bytes] = []
        self.channels: dict[bytes, None] = {}
        self.is_open = True  # for the server
        self.deaf = 0  # the number of the next published messages that are lost
        self.is_abandoned = False  # closed by the client; the server notices it after it has read everything

    def close(self) -> None:
        """Close the server's end. Replies that were sent before still arrive."""
        self.is_open = False
        self.requests.clear()
        self.channels.clear()


class SimulatedServer:
    """One server and its connections.

    ``replies_first``: a client that publishes to itself gets the reply before the message (Redis 7.2, Valkey), or after
    it (Redis 7.0).
    """

    def __init__(self, replies_first: bool = False, store: Store | None = None) -> None:
        self.store = store or Store()
        self.connections: dict[int, Connection] = {}
        self.is_stalled = False  # accepts bytes and executes nothing
        self.replicas = 0  # all up to date
        self.denied: dict[str, str] = {}  # verb in lower case -> the error reply
        self._replies_first = replies_first
        self._runs = 0
        self._loaded: set[bytes] = set()
        self._last_client = 0
        self._own_pushes: list[bytes] = []

    # -- what may happen to it ------------------------------------------------------------------------

    def restart(self, saved: Any = None) -> None:
        """Start a new process on the same data, or on the data of an earlier :meth:`Store.save`."""
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()
        self._runs += 1
        self._loaded.clear()
        self.is_stalled = False
        if saved is not None:
            self.store.restore(saved)

    def flush_scripts(self) -> None:
        self._loaded.clear()

    def reuse_client_ids(self) -> None:
        """Count client ids from one again, as a new process does."""
        self._last_client = 0

    # -- connections ----------------------------------------------------------------------------------

    def connect(self) -> "SimulatedSocket":
        return SimulatedSocket(self.accept())

    def accept(self) -> Connection:
        self._last_client += 1
        connection = self.connections[self._last_client] = Connection(self._last_client)
        return connection

    def serve(self, connection: Connection | None = None, at_most: int | None = None) -> int:
        """Execute the commands of one connection, or of all; return their number."""
        if self.is_stalled:
            return 0
        executed = 0
        for one in [connection] if connection else list(self.connections.values()):
            while one.requests and executed != at_most:
                executed += 1
                self._execute(one, one.requests.popleft())
            if one.is_abandoned and not one.requests:
                self._forget(one)
        return executed

    def end(self, connection: Connection, delivered: int = 0) -> None:
        """Close a connection, as when its output buffer is full. The first ``delivered`` replies still arrive."""
        del connection.replies[delivered:]
        self._forget(connection)

    def execute(self, *words: bytes) -> Any:
        """Execute a command of the heartbeat's own client. Raises Failure."""
        self.store.advance(1)
        return self._command(Connection(0), words)

    def script(self, source: str, keys: Words, args: Words) -> Any:
        """Run a script of the heartbeat's own client, loaded or not."""
        self.store.advance(1)
        _, run = _SCRIPTS[_SHA[source.encode()]]
        return run(self.store, lambda *said: self._do_publish(Connection(0), *said), keys, args)

    def _forget(self, connection: Connection) -> None:
        connection.close()
        self.connections.pop(connection.id, None)

    def _execute(self, connection: Connection, words: Words) -> None:
        self.store.advance(1)
        try:
            reply = self._command(connection, words)
        except Failure as failure:
            reply = failure
        if reply is not Push:
            connection.replies.append(encode(reply))
        connection.replies += self._own_pushes
        self._own_pushes.clear()

    # -- commands -------------------------------------------------------------------------------------

    def _command(self, connection: Connection, words: Words) -> Any:
        verb, args = words[0].decode().lower(), words[1:]
        if verb in self.denied:
            raise Failure(self.denied[verb])
        own: Callable[..., Any] | None = getattr(self, f"_do_{verb}", None)
        if own is not None:
            return own(connection, *args)
        method: Callable[..., Any] | None = getattr(self.store, {"del": "del_"}.get(verb, verb), None)
        if method is None:
            raise Failure(f"ERR unknown command '{verb}'")
        return method(*args)

    def _do_hello(self, _connection: Connection, *_words: bytes) -> dict[str, str]:
        return {"server": "simulated", "version": "7.2.0"}

    def _do_info(self, _connection: Connection, _section: bytes) -> bytes:
        return b"# Server\r\nredis_version:7.2.0\r\nrun_id:%040d\r\n" % self._runs

    def _do_wait(self, _connection: Connection, _replicas: bytes, _timeout_ms: bytes) -> int:
        return self.replicas

    def _do_ping(self, _connection: Connection) -> str:
        return "PONG"

    def _do_client(self, connection: Connection, what: bytes, *args: bytes) -> Any:
        if what == b"ID":
            return connection.id
        found = self.connections.get(int(args[1]))  # KILL ID n
        if found is None:
            return 0
        self._forget(found)
        return 1

    def _do_script(self, _connection: Connection, what: bytes, *source: bytes) -> Any:
        if what == b"FLUSH":
            self.flush_scripts()
            return "OK"
        sha = _SHA[source[0]]
        self._loaded.add(sha)
        return sha

    def _do_evalsha(self, connection: Connection, sha: bytes, keys: bytes, *words: bytes) -> Any:
        if sha not in self._loaded:
            raise Failure("NOSCRIPT No matching script.")
        _, run = _SCRIPTS[sha]
        count = int(keys)
        return run(self.store, lambda *said: self._do_publish(connection, *said), words[:count], words[count:])

    def _do_publish(self, connection: Connection, channel: bytes, payload: bytes) -> int:
        listening = [one for one in self.connections.values() if channel in one.channels]
        data = encode(Push([b"message", channel, payload]))
        for one in listening:
            if one.deaf:
                one.deaf -= 1
                continue
            later = one is connection and self._replies_first
            (self._own_pushes if later else one.replies).append(data)
        return len(listening)

    def _do_subscribe(self, connection: Connection, channel: bytes) -> Any:
        connection.channels[channel] = None
        return self._confirm(connection, b"subscribe", channel)

    def _do_unsubscribe(self, connection: Connection, channel: bytes) -> Any:
        connection.channels.pop(channel, None)
        return self._confirm(connection, b"unsubscribe", channel)

    def _confirm(self, connection: Connection, what: bytes, channel: bytes) -> Any:
        connection.replies.append(encode(Push([what, channel, len(connection.channels)])))
        return Push  # there is no reply


class SimulatedSocket:
    """The client's end of a connection: a non-blocking socket, as far as a link uses it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._reader = hiredis.Reader()

    def fileno(self) -> int:
        return self.connection.id

    def setblocking(self, _blocking: bool) -> None:
        """Do nothing: the socket never blocks."""

    def send(self, data: bytes) -> int:
        if not self.connection.is_open:
            raise BrokenPipeError(32, "Broken pipe")
        self._reader.feed(data)
        while (words := self._reader.gets()) is not False:
            self.connection.requests.append(words)
        return len(data)

    def recv(self, _limit: int) -> bytes:
        replies = self.connection.replies
        if replies:
            data = b"".join(replies)
            replies.clear()
            return data
        if self.connection.is_open:
            raise BlockingIOError
        return b""

    def close(self) -> None:
        self.connection.is_abandoned = True

    @property
    def is_ready(self) -> bool:
        return bool(self.connection.replies) or not self.connection.is_open


class SimulatedSelector:
    """The selector of the links. A link registers a number, which ``know`` must have seen before."""

    def __init__(self) -> None:
        self._sockets: dict[int, SimulatedSocket] = {}
        self._handlers: dict[int, Callable[[int], None]] = {}

    def know(self, socket: SimulatedSocket) -> SimulatedSocket:
        """Add a socket that will be registered."""
        self._sockets[socket.fileno()] = socket
        return socket

    def register(self, fd: int, on_ready: Callable[[int], None], _events: int = READ) -> None:
        self._handlers[fd] = on_ready

    def modify(self, fd: int, events: int) -> None:
        """Do nothing: a simulated socket is always writable."""

    def unregister(self, fd: int) -> None:
        del self._handlers[fd], self._sockets[fd]

    def poll(self, only: int | None = None) -> int:
        """Let every link (or ``only`` one, by its socket's number) read; return how many had something to read."""
        ready = [
            (fd, handler)
            for fd, handler in self._handlers.items()
            if (only is None or fd == only) and self._sockets[fd].is_ready
        ]
        for fd, handler in ready:
            if fd in self._handlers:
                handler(READ)
        return len(ready)


def encode(value: Any) -> bytes:
    """Encode a reply in RESP3: str is a status, bytes a bulk string, None null."""
    if value is None:
        return b"_\r\n"
    if isinstance(value, bytes):
        return b"$%d\r\n%s\r\n" % (len(value), value)
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, float):
        return b",%f\r\n" % value
    if isinstance(value, str):
        return b"+%s\r\n" % value.encode()
    if isinstance(value, Failure):
        return b"-%s\r\n" % str(value).encode()
    if isinstance(value, dict):
        return b"%%%d\r\n" % len(value) + b"".join(encode(one) for pair in value.items() for one in pair)
    kind = b">" if isinstance(value, Push) else b"*"
    return kind + b"%d\r\n" % len(value) + b"".join(map(encode, value))
