"""The fold of a session's events into what a person sees.

    events = ...                    from the transport, in order, on any thread
    buffers = Buffers("alice")
    for event in events:
        for change in buffers.apply(event, now):
            ...                     draw what changed

Owns all buffers and the state of the connection. What the person does goes to the session (say, load_older, react
...) and comes back as events; only what concerns nobody else is done here (open, close, focus). Pure: no clock, no
threads; on the thread of the interface.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from client.buffer import Buffer, Line
from client.events import Event, Link
from gateway.wire.casefold import fold


class Aspect(Enum):
    """What of a buffer, or of all, has changed."""

    CONNECTION = "connection"  # `buffers.connection` or `buffers.own_nick`; no buffer
    BUFFERS = "buffers"  # a buffer was opened, closed or renamed; no lines
    COUNTS = "counts"  # unread, mentions, read_until
    TOPIC = "topic"
    MEMBERS = "members"  # also is_joined and is_away
    TYPING = "typing"
    LOADING = "loading"  # is_loading, has_more_above
    APPENDED = "appended"  # `lines` stand at the end
    INSERTED = "inserted"  # `lines` stand somewhere before: above all, or where their time puts them
    UPDATED = "updated"  # `lines` were there, and look different now
    DROPPED = "dropped"  # `lines` are no longer there


@dataclass(frozen=True, slots=True)
class Change:
    aspect: Aspect
    buffer: Buffer | None = None
    lines: tuple[Line, ...] = ()


@dataclass(slots=True)
class Connection:
    """The way to the network, as the person should always see it."""

    link: Link = Link.CONNECTING
    address: str = ""
    since: float = 0.0
    latency_s: float | None = None  # from a PING to its PONG
    next_try_at: float | None = None  # while WAITING


class Buffers:
    """Everything that one person sees of one network."""

    def __init__(self, own_nick: str, highlights: Sequence[str] = ()) -> None:
        """`highlights` are words that count as a mention, as the own nick does."""

    own_nick: str
    connection: Connection
    server: Buffer  # status, MOTD, answers where no other buffer has the focus
    focused: Buffer  # what arrives in it is read at once, while it is followed

    @property
    def ordered(self) -> list[Buffer]:
        """The server, then the rooms in the order of joining, then the people, the first written to first."""

    def get(self, name: str) -> Buffer | None:
        """Find a buffer by the name of its room or person, in any case."""

    def apply(self, event: Event, now: float) -> list[Change]:
        """Take an event; the changes are in the order in which they happened."""

    def open_person(self, nick: str) -> tuple[Buffer, list[Change]]:
        """Find or make the buffer for direct messages with someone."""

    def close(self, buffer: Buffer) -> list[Change]:
        """Forget a buffer; a room is to be left by the session as well."""

    def focus(self, buffer: Buffer) -> list[Change]:
        """Turn to a buffer: what is in it is read. Then tell the session: mark_read(name, buffer.read_until)."""

    def follow(self, buffer: Buffer, *, is_at_end: bool) -> list[Change]:
        """Note whether the end of a buffer is in view: then it is kept short, and what arrives is read."""

    def find(self, buffer: Buffer, text: str) -> list[Line]:
        """Give the lines that contain a text, in any case, newest first."""
