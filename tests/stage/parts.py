"""What a single part of a lane needs around it in a test: a context with a clock of its own, clients, a Redis port."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from random import Random
from typing import Any, cast

from gateway.broker.scripts import Script
from gateway.browser_addresses import BrowserAddresses
from gateway.chat.session import Session
from gateway.lane.clients.client import Client, Clients, Dialect
from gateway.lane.clients.dialects import IRC
from gateway.lane.context import LaneContext
from gateway.lane.loop.clock import Clock
from gateway.lane.loop.process import Post, ProcessServices
from gateway.lane.loop.tasks import Task
from gateway.logs.in_flight import PendingEvent
from gateway.net.connection import ClientConnection
from gateway.net.selector import Selector
from tests.fuzz.wires import ClientSocket, SimulatedSelector, SimulatedWake
from tests.simulation.gateways import SERVER, SETTINGS
from tests.simulation.sockets import LaneWake


class Context(LaneContext):
    """A context whose time a test moves. ``faults``: where something went wrong."""

    def __init__(self, **settings: Any) -> None:
        self.time_s = 1_000.0
        self.faults: list[str] = []
        self.admitted: dict[str, int] = {}
        self.may_connect = self.may_create = True
        self.rehashes = 0
        self.verifications: list[tuple[tuple[str, str, str], Callable[[bool], None]]] = []
        """The passwords to verify: address, hash and password, and what to call with the result."""
        self.may_verify = True
        self.verifications_cancelled = 0
        now = lambda: self.time_s  # noqa: E731 - three clocks that are one
        super().__init__(
            "gate",
            0,
            replace(SETTINGS, **settings),
            SERVER,
            ProcessServices(
                connect=lambda _post, _done: None,
                cloak=lambda address: f"{address}.cloak",
                admit=self._admit,
                may_make_room=lambda _address: self.may_create,
                browsers=BrowserAddresses(now),
                verify=self._verify,
                beats=lambda: 1,
                gone=lambda _gateway: None,
                rehash=self._rehash,
            ),
            clock=Clock(monotonic=now, wall=lambda: self.time_s + 1_000_000.0, awake=now),
            random=Random(1),
            wake=LaneWake(),
        )

    def _admit(self, address: str, change: int) -> bool:
        if change > 0 and not self.may_connect:
            return False
        self.admitted[address] = self.admitted.get(address, 0) + change
        return True

    def _verify(
        self, address: str, password_hash: str, password: str, _post: Post, done: Callable[[bool], None]
    ) -> Callable[[], None] | None:
        self.verifications.append(((address, password_hash, password), done))
        return self._cancel_verification if self.may_verify else None

    def _cancel_verification(self) -> None:
        self.verifications_cancelled += 1

    def _rehash(self) -> None:
        self.rehashes += 1

    def fault(self, where: str, error: Exception) -> None:
        self.faults.append(f"{where}: {error}")

    def advance(self, seconds: float) -> None:
        """Let time pass, and call what is due."""
        end = self.time_s + seconds
        while (due := self.timers.next_due()) is not None and due <= end:
            self.time_s = max(self.time_s, due)
            self.timers.run_due(self.turn_began())
        self.time_s = end
        self.turn_began()


class Connection:
    """A client's connection without a socket. ``lines``: what was written."""

    def __init__(self, peer: str = "192.0.2.1") -> None:
        self.peer = peer
        self.written = b""
        self.is_open = True
        self.is_closing = self.has_ended = self.is_admitted = self.is_encrypted = self.is_paused = False
        self.backlog_bytes, self.backlog_limit_bytes = 0, 10_000
        self.out: list[bytes] = []
        self._waiting: list[Callable[[], None]] = []
        self.state: Any = None
        self.owner: Any = None

    @property
    def lines(self) -> list[str]:
        """Return what was written, and forget it."""
        written, self.written = self.written, b""
        return written.decode().splitlines()

    def write(self, data: bytes) -> None:
        self.written += data

    def flush(self) -> None:
        """Do nothing: what is written is read at once."""

    def when_drained(self, call: Callable[[], None]) -> None:
        self._waiting.append(call)
        if not self.backlog_bytes:
            self.drain()

    def drain(self) -> None:
        """Let the peer read all that waits for it."""
        self.backlog_bytes = 0
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    def close(self, *, lingers: bool = False) -> None:
        self.is_closing = True

    def abort(self, _why: str) -> None:
        self.is_open = False

    def as_connection(self) -> ClientConnection:
        return cast(ClientConnection, self)


class Sockets:
    """Real connections of clients, on simulated sockets."""

    def __init__(self) -> None:
        self.selector = SimulatedSelector(SimulatedWake())
        self.touched: list[ClientConnection] = []

    def make(self) -> ClientSocket:
        socket = ClientSocket(1_000_000 + len(self.selector.clients))
        self.selector.clients[socket.fileno()] = socket
        return socket

    def connection(self, owner: Any, peer: str) -> tuple[ClientConnection, ClientSocket]:
        socket = self.make()
        selector = cast(Selector, self.selector)
        connected: Any = socket
        return ClientConnection(connected, peer, selector, owner, self.touched, 65536, lambda _change: None), socket

    def receive(self, socket: ClientSocket, data: bytes) -> None:
        """Let the peer send, and the connections receive."""
        socket.inbound += data
        for fd, mask in self.selector.wait(0.0):
            self.selector.handlers[fd](mask)

    def flush(self) -> None:
        """End the turn: send what was written."""
        for connection in self.touched:
            connection.flush()
        self.touched.clear()

    def read(self, socket: ClientSocket) -> bytes:
        """Return what the peer was sent since the last time."""
        self.flush()
        return socket.read()


def make_client(
    context: LaneContext, clients: Clients, nick: str, *, caps: int = 0, dialect: Dialect = IRC
) -> tuple[Client, Connection]:
    """Return a registered client of the lane, and its connection."""
    connection = Connection()
    client = Client(connection.as_connection(), dialect, None, context.now)
    sid = f"{context.id}.{len(clients)}"
    client.session = session = Session(sid, "irc.test", client, "192.0.2.1", "host", context.wall_now)
    session.nick, session.user, session.realname, session.token = nick, nick, nick, "1"
    session.is_registered, session.registration, session.caps = True, None, caps
    connection.state = clients[sid] = client
    return client, connection


class LogWriter:
    """Log queues that are never sent. ``queues``: the events that wait, by log."""

    def __init__(self) -> None:
        self.queues: dict[str, list[PendingEvent]] = {}
        self.queued = 0

    def add(self, name: str, pending: PendingEvent) -> None:
        self.queues.setdefault(name, []).append(pending)

    def add_first(self, name: str, pending: PendingEvent) -> None:
        self.queues.setdefault(name, []).insert(0, pending)

    def withdraw(self, name: str, fits: Callable[[PendingEvent], bool]) -> list[PendingEvent]:
        queue = self.queues.get(name, [])
        withdrawn = [pending for pending in queue if fits(pending)]
        self.queues[name] = [pending for pending in queue if pending not in withdrawn]
        return withdrawn

    def under_way(self) -> list[tuple[str, PendingEvent, bool]]:
        return [(name, pending, True) for name, queue in self.queues.items() for pending in queue]

    def waiting(self, name: str) -> list[PendingEvent]:
        return self.queues.get(name, [])

    def after_recovery(self, _name: str, call: Callable[[], None]) -> None:
        call()

    def lines(self, name: str) -> list[str]:
        return [pending.line for pending in self.waiting(name)]


class RedisPort:
    """A port whose commands wait for the test to answer. ``commands``: the words of each, and its callback."""

    def __init__(self) -> None:
        self.is_connected = True
        self.commands: list[tuple[tuple[Any, ...], Callable[[Any], None]]] = []

    def is_up(self, _key: str) -> bool:
        return self.is_connected

    def call(self, key: str, done: Callable[[Any], None], verb: str, *args: Any) -> None:
        self.commands.append(((verb, key, *args), done))

    def run(self, script: Script, done: Callable[[Any], None], keys: Sequence[str], *args: Any) -> None:
        self.commands.append(((script.name, *keys, *args), done))

    def publish(self, channel: str, payload: Any) -> None:
        self.commands.append((("PUBLISH", channel, payload), lambda _reply: None))

    def answer(self, verb: str, reply: Any) -> tuple[Any, ...]:
        """Answer the oldest command of this verb (or script); return its words."""
        found = next(command for command in self.commands if command[0][0] == verb)
        self.commands.remove(found)
        found[1](reply)
        return found[0]

    def verbs(self) -> list[str]:
        return [words[0] for words, _ in self.commands]


class Running:
    """A coroutine that is run by hand. ``error``: what escaped it."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.result: Any = None
        self.error: Exception | None = None
        self.is_over = False
        self.task = Task(self._run(coroutine), self._ended)
        self.task.step()

    async def _run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.result = await coroutine

    def _ended(self, _task: Task, error: Exception | None) -> None:
        self.is_over, self.error = True, error
