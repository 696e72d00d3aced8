"""What the person does, as what the session is to do: from the thread of the interface to that of the network.

Owns the order (what is done first arrives first) and how often the network is told that the person writes.
"""

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from client.buffer import Buffer, BufferKind, Entry
from client.session import Session
from client.typing_and_read_markers import TypingState
from gateway.wire.message import Message

WRITING_S: Final = 1.0  # the session is told of it no more often; it tells the network less often still

T = TypeVar("T")


class SessionPort(Protocol):
    """The way to a session on other threads: what client.transport offers."""

    def start(self) -> None: ...

    def do(self, action: Callable[[Session, float], object]) -> None: ...

    def read(self, function: Callable[[Session], T]) -> T: ...

    def close(self) -> None: ...


class SessionActions:
    """Everything that the interface wants of the session."""

    def __init__(self, port: SessionPort) -> None:
        self._port = port
        self._wrote_at = -WRITING_S
        self._marked: dict[str, float] = {}

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return self._port.read(lambda session: session.unconfirmed)

    def do(self, action: Callable[[Session, float], object]) -> None:
        self._port.do(action)

    def say(self, target: str, text: str, reply_to: str = "") -> None:
        self._port.do(lambda session, now: session.say(target, text, now, reply_to=reply_to))
        self._wrote_at = -WRITING_S

    def request(self, message: Message) -> None:
        self._port.do(lambda session, now: session.request(message, now))

    def leave(self, room: str) -> None:
        self.request(Message("PART", [room]))

    def react(self, target: str, entry: Entry, reaction: str, own_nick: str) -> None:
        """React to a line, or take back the same reaction."""
        takes_back = own_nick in entry.reactions.get(reaction, ())
        self._port.do(lambda session, now: session.react(target, entry.msgid, reaction, now, removes=takes_back))

    def redact(self, target: str, entry: Entry) -> None:
        self._port.do(lambda session, now: session.redact(target, entry.msgid, "", now))

    def write(self, buffer: Buffer, writing: TypingState, at: float) -> None:
        """Tell the others in a room, or the other person, that something is being written."""
        if buffer.kind is BufferKind.SERVER or (writing is TypingState.ACTIVE and at - self._wrote_at < WRITING_S):
            return
        self._wrote_at = at if writing is TypingState.ACTIVE else -WRITING_S
        self._port.do(lambda session, now: session.write(buffer.name, writing, now))

    def mark_read(self, buffer: Buffer) -> None:
        """Tell the network, and so the person's other programs, how far they have read."""
        at = buffer.read_until
        if buffer.kind is not BufferKind.SERVER and at > self._marked.get(buffer.name, 0.0):
            self._marked[buffer.name] = at
            self._port.do(lambda session, now: session.mark_read(buffer.name, at, now))

    def talk_to(self, nick: str) -> None:
        self._port.do(lambda session, _now: session.talk_to(nick))

    def load_older(self, buffer: Buffer) -> None:
        before = buffer.oldest
        self._port.do(lambda session, now: session.load_older(buffer.name, before, now))

    def list_rooms(self) -> None:
        self._port.do(lambda session, now: session.list_rooms(now))

    def search(self, target: str, text: str) -> str:
        found: list[str] = []
        self._port.do(lambda session, now: found.append(session.search(target, text, now)))
        return found[0]

    def cancel_search(self, search_id: str) -> None:
        self._port.do(lambda session, _now: session.cancel_search(search_id))
