"""One client of a lane: its connection, how that speaks, its session, and what it waits for.

The only object that sees both the socket side and the chat side of a user. Runs on the lane's thread.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from gateway.chat.capabilities import ELSEWHERE, TEXT, VARIANT_CAPS
from gateway.chat.commands import Command
from gateway.chat.errors import ClientLeft
from gateway.chat.flood import TokenBucket
from gateway.chat.session import Session
from gateway.lane.loop.tasks import Task
from gateway.net.connection import ClientConnection
from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES, LineBuffer, TooLong

Read = Callable[[bytes], Iterable[str | TooLong]]
"""Returns the lines that are complete with these bytes. An empty line costs as others do, and means nothing."""


class Dialect(Protocol):
    """How a connection speaks."""

    name: str
    variant: int
    commands: Mapping[str, Command]
    over: str
    """Why the peer sends nothing more though it has not closed the connection; "" while it may."""

    def reader(self, client: "Client") -> Read:
        """Return what turns a client's bytes into lines."""

    def encode(self, line: str, client: "Client") -> bytes:
        """An IRC line as this connection is to see it; b"" where it is not to."""

    def last_words(self) -> bytes:
        """What ends our side of the connection."""

    def translate(self, line: str, client: "Client") -> str | None:
        """A line that the peer sent as the IRC line that it means; None where it was answered already."""


class Client:
    """See the module."""

    __slots__ = (
        "active_room",
        "bucket",
        "buffer",
        "client_side_nick",
        "connection",
        "dialect",
        "heard_at",
        "inputs",
        "intended",
        "is_departing",
        "on_finished",
        "on_idle",
        "opened_at",
        "overdue",
        "pinged",
        "read",
        "session",
        "task",
        "throttled",
        "under_way",
    )

    def __init__(self, connection: ClientConnection, dialect: Dialect, bucket: TokenBucket | None, now: float) -> None:
        self.connection = connection
        self.dialect = dialect
        self.bucket = bucket
        self.buffer = LineBuffer(tags_limit_bytes=CLIENT_TAGS_LIMIT_BYTES)
        self.read = dialect.reader(self)
        self.inputs: deque[str | TooLong] | None = None  # lines that wait
        self.on_finished: Callable[[], None] | None = None  # what follows the last line; no more are taken
        self.task: Task | None = None  # the handler that has parked this client's input
        self.overdue = 0  # of the lines that wait, those that did so behind a handler that waited in vain
        self.under_way = 0  # own events that are not in a log yet; of Outgoing
        self.on_idle: list[Callable[[], None]] | None = None  # of Outgoing
        self.intended: set[str] | None = None  # rooms whose JOIN is under way
        self.heard_at = now
        self.opened_at = now
        self.pinged = False
        self.throttled = 0  # for how many reasons it is not read from
        self.is_departing = False
        self.client_side_nick = (
            ""  # the nick that it still takes for its own, while its rooms are being told that it is lost
        )
        self.active_room = ""  # plain text: the room (folded) where what is typed goes
        self.session: Session  # set at once by the lane

    def send(self, line: str) -> None:
        """The session's outlet."""
        data = self.dialect.encode(line, self)
        if data and self.connection.is_open:
            self.connection.write(data)

    @property
    def variant(self) -> int:
        """Clients of one variant are sent the same bytes."""
        return self.dialect.variant | (self.session.caps & VARIANT_CAPS)

    def variant_in(self, room: str) -> int:
        """The variant for lines of a room (folded name)."""
        variant = self.variant
        return variant | ELSEWHERE if variant & TEXT and self.active_room != room else variant

    def send_nick_loss(self) -> None:
        """Tells it that its nick is lost, where no room's log will show that any more."""
        if self.client_side_nick:
            session = self.session
            self.send(f":{self.client_side_nick}!{session.user}@{session.host} NICK {session.nick}")
            self.client_side_nick = ""


class Clients(dict[str, Client]):
    """The clients of a lane, by session id."""

    def of(self, session: Session) -> Client:
        """Return the client of a session; raise ClientLeft if it has left."""
        client = self.get(session.sid)
        if client is None:
            raise ClientLeft
        return client
