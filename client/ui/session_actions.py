"""The actions of the user, passed from the thread of the interface to the session.

Owns their order (first in, first out) and how often typing is reported.
"""

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from client.buffer import Buffer, BufferKind, Entry
from client.session import Session
from client.typing_and_read_markers import TypingState
from gateway.wire.message import Message

TYPING_S: Final = 1.0  # between two reports to the session, which sends even fewer

T = TypeVar("T")


class SessionPort(Protocol):
    """Access to a session on other threads; client.transport implements it."""

    def start(self) -> None: ...

    def do(self, action: Callable[[Session, float], object]) -> None: ...

    def read(self, function: Callable[[Session], T]) -> T: ...

    def close(self) -> None: ...


class SessionActions:
    """Everything that the interface does with the session."""

    def __init__(self, port: SessionPort) -> None:
        self._port = port
        self._typed_at = -TYPING_S
        self._marked: dict[str, float] = {}

    @property
    def waiting(self) -> int:
        """Return how many messages are not confirmed."""
        return self._port.read(lambda session: session.unconfirmed)

    def do(self, action: Callable[[Session, float], object]) -> None:
        self._port.do(action)

    def say(self, target: str, text: str, reply_to: str = "") -> None:
        self._port.do(lambda session, now: session.say(target, text, now, reply_to=reply_to))
        self._typed_at = -TYPING_S

    def request(self, message: Message) -> None:
        self._port.do(lambda session, now: session.request(message, now))

    def leave(self, room: str) -> None:
        self.request(Message("PART", [room]))

    def react(self, target: str, entry: Entry, reaction: str, own_nick: str) -> None:
        """React to an entry, or remove the same reaction."""
        takes_back = own_nick in entry.reactions.get(reaction, ())
        self._port.do(lambda session, now: session.react(target, entry.msgid, reaction, now, removes=takes_back))

    def redact(self, target: str, entry: Entry) -> None:
        self._port.do(lambda session, now: session.redact(target, entry.msgid, "", now))

    def set_typing(self, buffer: Buffer, state: TypingState, at: float) -> None:
        """Report that the user types in a conversation."""
        if buffer.kind is BufferKind.SERVER or (state is TypingState.ACTIVE and at - self._typed_at < TYPING_S):
            return
        self._typed_at = at if state is TypingState.ACTIVE else -TYPING_S
        self._port.do(lambda session, now: session.set_typing(buffer.name, state, now))

    def mark_read(self, buffer: Buffer) -> None:
        """Report how far the user has read, to the network and so to their other clients."""
        at = buffer.read_until
        if buffer.kind is not BufferKind.SERVER and at > self._marked.get(buffer.name, 0.0):
            self._marked[buffer.name] = at
            self._port.do(lambda session, now: session.mark_read(buffer.name, at, now))

    def open_person(self, nick: str) -> None:
        self._port.do(lambda session, _now: session.open_person(nick))

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
