"""One conversation: a room that the user is in, or the direct messages with one person.

Owns what was shown last and what waits. After a reconnect, the history after the last message shown is fetched page by
page (IRCv3 chathistory AFTER). Live messages wait until that is done, so that all are shown once and in order. Knows
neither sockets nor the clock. Pure; under the session's lock.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

from client.tags import server_time, timestamp
from gateway.wire.message import Message

HELD_LIMIT: Final = 1000  # live messages while catching up; the oldest is dropped, because the history has it
HISTORY_TRIES: Final = 3
SEEN_LIMIT: Final = 20_000


class SyncState(Enum):
    """How far a conversation is synchronized on this connection."""

    AWAITED = "awaited"  # wanted, not joined on this connection yet
    CATCHING_UP = "catching up"  # joined; missed history is on its way
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the history: the last message shown, or the moment of joining."""

    msgid: str
    at: float

    def after(self, *, by_msgid: bool) -> str:
        """Return the position as a parameter of CHATHISTORY AFTER.

        A time is one millisecond early, because AFTER excludes its whole millisecond. ShownIds removes the doubles.
        """
        return f"msgid={self.msgid}" if by_msgid and self.msgid else timestamp(self.at - 0.001)

    def before(self, *, by_msgid: bool) -> str:
        """Return the position as a parameter of CHATHISTORY BEFORE; a time is one millisecond late."""
        return f"msgid={self.msgid}" if by_msgid and self.msgid else timestamp(self.at + 0.001)


class Conversation:
    """A room that the user wants to be in, or one person, over all connections."""

    def __init__(self, name: str, key: str = "", *, is_person: bool = False) -> None:
        self.name = name
        self.key = key
        self.is_person = is_person
        self.topic = ""
        self.shows_names = True  # the user requested the next NAMES list
        self.has_asked_who = False  # the WHO of this connection is sent
        self.awaits_who = False  # its answer is not complete
        self.sync_state = SyncState.READY if is_person else SyncState.AWAITED
        self.position: Position | None = None
        self.wants_backlog = False  # the next history is from before the first JOIN
        self.backlog: list[Message] = []  # the pages received so far
        self.asked_at = 0.0  # when the last JOIN or CHATHISTORY was sent
        self.held: deque[Message] = deque(maxlen=HELD_LIMIT)
        self.try_again_at: float | None = None  # after a request that failed
        self._tries_left = HISTORY_TRIES
        self._by_msgid = True

    def lose_connection(self) -> None:
        """Prepare for the next connection. Held messages are dropped: they are in the history after the position."""
        self.sync_state = SyncState.READY if self.is_person else SyncState.AWAITED
        self.held.clear()
        self.backlog.clear()
        self.has_asked_who = self.awaits_who = False
        self.try_again_at = None
        self._tries_left = HISTORY_TRIES
        self._by_msgid = True

    def request_missed(self, limit: int) -> Message:
        """Return the request for the page after the last message shown."""
        assert self.position is not None
        reference = self.position.after(by_msgid=self._by_msgid)
        return Message("CHATHISTORY", ["AFTER", self.name, reference, str(limit)])

    def request_backlog(self, limit: int) -> Message:
        """Return the request for the last messages from before the JOIN, or for the page before those."""
        if not self.backlog:
            return Message("CHATHISTORY", ["LATEST", self.name, "*", str(limit)])
        reference = position(self.backlog[0], 0.0).before(by_msgid=self._by_msgid)
        return Message("CHATHISTORY", ["BEFORE", self.name, reference, str(limit)])

    def take_backlog(self, count: int) -> list[Message]:
        """Return the last `count` messages of the backlog, with the other lines between them."""
        said = [index for index, message in enumerate(self.backlog) if message.verb in ("PRIVMSG", "NOTICE")]
        first = said[-count] if 0 < count <= len(said) else 0
        backlog, self.backlog = self.backlog[first:], []
        return backlog

    def may_try_again(self) -> bool:
        """Count a request that failed; False if no try is left."""
        self._tries_left -= 1
        return self._tries_left > 0

    def falls_back_to_time(self) -> bool:
        """Request by time from now on, because the server does not know the msgid; False if it did so already."""
        could = self._by_msgid and self.position is not None and bool(self.position.msgid)
        self._by_msgid = False
        return could

    def holds(self, message: Message) -> bool:
        """Tell whether this message of the history is held already."""
        msgid = message.tags.get("msgid")
        return msgid is not None and any(held.tags.get("msgid") == msgid for held in self.held)

    def release_held(self) -> list[Message]:
        """Become ready; return the held messages in their order."""
        self.sync_state = SyncState.READY
        self.wants_backlog = False
        held = list(self.held)
        self.held.clear()
        return held


class ShownIds:
    """The ids of the messages shown last. No message is shown twice."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def add(self, message_id: str) -> bool:
        """Add an id; False if it is known."""
        if message_id in self._ids:
            return False
        self._ids[message_id] = None
        if len(self._ids) > SEEN_LIMIT:
            del self._ids[next(iter(self._ids))]
        return True


def position(message: Message, now: float) -> Position:
    """Return the position of a message in the history."""
    at = server_time(message)
    return Position(message.tags.get("msgid", ""), now if at is None else at)
