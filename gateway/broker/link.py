"""The lane's own connection to Redis: commands, replies and published messages, without blocking.

One RESP3 connection carries both the commands and the subscriptions: an append's reply and its entry
arrive in one read, which halves the system calls of two connections (docs/decisions/0002). The socket is
connected, with name look-up, TLS and credentials, on the executor; from then on only the lane's thread touches it.

What the link guarantees: commands run in the order in which they were queued; each ``done`` is called
exactly once, with the reply, a :class:`hiredis.ReplyError`, or :data:`LOST`. It never sends a command a
second time: whether that is safe only the caller knows. After a loss, the next connection first kills the
old one by its client id (where it is the same server process), so that nothing of it can still run.
"""

import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import hiredis

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
"""Errors that tell of the server or the user, not of one command: nothing more is asked on such a connection."""

OF_THE_SERVER = ("OOM", "MISCONF", "NOREPLICAS", "BUSY")
"""Errors that a command meets whatever its key is, and that pass: nothing was done, and it may be done later."""

Reply = Any
Done = Callable[[Reply], None]


def concerns_one_key(error: Reply) -> bool:
    """Whether an error tells of the key that a command was about, and of no other."""
    return isinstance(error, hiredis.ReplyError) and not str(error).startswith(OF_THE_SERVER)


class Lost:
    """The reply that never came; the command may have run."""

    def __repr__(self) -> str:
        return "LOST"


LOST = Lost()


class Selector(Protocol):
    """What the link needs of the lane's selector."""

    def register(self, fd: int, on_ready: Callable[[int], None], events: int = ...) -> None: ...
    def modify(self, fd: int, events: int) -> None: ...
    def unregister(self, fd: int) -> None: ...


class Events(Protocol):
    """What the link tells its lane."""

    def link_up(self) -> None:
        """A new connection is ready; nothing is subscribed on it yet."""

    def link_down(self, why: str) -> None:
        """The connection is gone; every unanswered ``done`` has been called with LOST."""

    def link_fault(self, error: Exception) -> None:
        """Taking in a reply or a message has failed; the connection is given up."""

    def link_subscribed(self, channel: bytes) -> None:
        """What is published on ``channel`` from now on will arrive."""

    def link_message(self, channel: bytes, payload: bytes) -> None:
        """A published message."""


class RedisLink:
    """A connection to Redis; see the module."""

    def __init__(self, selector: Selector, events: Events, scripts: Sequence[Script]) -> None:
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
        self.is_up = False
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

    # -- commands -------------------------------------------------------------------------------------

    def call(self, done: Done, *words: str | bytes | int) -> None:
        """Queues a command; it leaves with the next :meth:`flush`. Only while the link is up."""
        if self._socket is None:
            done(LOST)
            return
        self.commands += 1
        self._awaiting.append(done)
        self._out.append(_pack(words))

    def run(self, done: Done, script: Script, *words: str | bytes | int) -> None:
        """Queues a script with its keys and arguments."""
        self.call(done, b"EVALSHA", script.sha, script.keys, *words)

    def subscribe(self, channel: str) -> None:
        if self._socket is not None:
            self._awaiting.append(self._subscribed)
            self._out.append(_pack((b"SUBSCRIBE", channel)))

    def unsubscribe(self, channel: str) -> None:
        if self._socket is not None:
            self._awaiting.append(self._subscribed)
            self._out.append(_pack((b"UNSUBSCRIBE", channel)))

    def _subscribed(self, reply: Reply) -> None:
        """In the place of the push that confirms it; an error is a reply like any other."""
        if isinstance(reply, hiredis.ReplyError):
            self.drop(f"a subscription was refused: {reply}")

    def flush(self) -> None:
        """Sends what was queued; what the socket does not take stays, in order."""
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
        """Takes over a connected socket and greets the server; ``link_up`` follows."""
        assert self._socket is None
        connected.setblocking(False)
        self._socket = connected
        self._reader = hiredis.Reader()
        self._selector.register(connected.fileno(), self._on_ready)
        self.call(self._greeted, "HELLO", 3)
        self.call(self._ran, "INFO", "server")
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
            self._server_run, self._client_id = run, 0  # the same number would be a stranger's
        if self._client_id:
            self.call(_ignore, "CLIENT", "KILL", "ID", self._client_id)
        self.call(self._numbered, "CLIENT", "ID")  # behind it: the old number is kept until the old one is gone
        self.flush()

    def _numbered(self, reply: Reply) -> None:
        if not isinstance(reply, int):
            if reply is not LOST:
                self.drop(f"refused: {reply}")
            return
        self._client_id = reply
        for script in self._scripts:
            self.call(_ignore, "SCRIPT", "LOAD", script.source)
        self.is_up = True
        self._events.link_up()
        self.flush()

    def drop(self, why: str) -> None:
        """Gives the connection up; every command without a reply is told LOST."""
        if self._socket is None:
            return
        self._selector.unregister(self._socket.fileno())
        self._socket.close()
        self._socket = None
        self._writing = self.is_up = False
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
                        self._events.link_message(reply[1], reply[2])
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
            # A fault of ours half-way through what came: the next connection mends every log from its start.
            self._events.link_fault(error)
            self.drop("fault")

    def _confirmed(self, what: bytes, channel: bytes) -> None:
        if what in (b"subscribe", b"unsubscribe"):
            self._awaiting.popleft()
        if what == b"subscribe":
            self._events.link_subscribed(channel)

    def _unusable(self, error: str) -> str:
        """Why the connection is of no use after such an error; "" where only its command has failed."""
        code, _, _ = error.partition(" ")
        if code not in UNUSABLE or (code == "NOPERM" and not self.is_up):  # the greeting may do without
            return ""
        return UNUSABLE[code] if code == "NOSCRIPT" else f"{UNUSABLE[code]}: {error}"


def _ignore(_reply: Reply) -> None:
    """For commands whose reply tells nothing."""
