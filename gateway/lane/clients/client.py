"""One client of a lane: its connection, its dialect, its session, and its waiting handler.

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
"""Takes bytes and returns the lines that they complete. An empty line counts for flood control, and has no effect."""


class Dialect(Protocol):
    """The dialect of a connection."""

    name: str
    variant: int
    commands: Mapping[str, Command]
    over: str
    """The reason why the peer may send nothing more although the connection is open; "" while it may."""

    def reader(self, client: "Client") -> Read:
        """Return the function that splits a client's bytes into lines."""

    def encode(self, line: str, client: "Client") -> bytes:
        """Return an IRC line in the form of this dialect, or b"" if it is not shown."""

    def last_words(self) -> bytes:
        """Return the bytes that end the gateway's side of the connection."""

    def translate(self, line: str, client: "Client") -> str | None:
        """Return the IRC line for a line of the peer, or None if it was answered already."""


class Client:
    """One client."""

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
        "is_leaving",
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
        self.inputs: deque[str | TooLong] | None = None  # lines that wait for a handler, or for a pause to end
        self.on_finished: Callable[[], None] | None = None  # the call after the last line; no more lines are accepted
        self.task: Task | None = None  # the handler that blocks this client's input
        self.overdue = 0  # the number of waiting lines behind a handler that has timed out
        self.under_way = 0  # the number of own events under way; written by Outgoing
        self.on_idle: list[Callable[[], None]] | None = None  # written by Outgoing
        self.intended: set[str] | None = None  # rooms whose JOIN is under way
        self.heard_at = now
        self.opened_at = now
        self.pinged = False
        self.throttled = 0  # the number of reasons why it is not read
        self.is_leaving = False
        self.client_side_nick = ""  # the nick that it still considers its own, while its rooms are being sent the loss
        self.active_room = ""  # plain text: the room (casefolded) to which typed lines go
        self.session: Session  # set at once by the lane

    def send(self, line: str) -> None:
        """Send a line: the session's outlet."""
        data = self.dialect.encode(line, self)
        if data and self.connection.is_open:
            self.connection.write(data)

    @property
    def variant(self) -> int:
        """The variant. Clients of one variant are sent the same bytes."""
        return self.dialect.variant | (self.session.caps & VARIANT_CAPS)

    def variant_in(self, room: str) -> int:
        """Return the variant for lines of a room (casefolded name)."""
        variant = self.variant
        return variant | ELSEWHERE if variant & TEXT and self.active_room != room else variant

    def send_nick_loss(self) -> None:
        """Send the loss of the nick, if no room's log will show it any more."""
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
