"""A room as this client is in it, or a conversation with someone: what was shown of it last, and what was missed since.

After a lost connection the history after the last message shown is fetched page by page (IRCv3 chathistory
AFTER); live messages wait until it has caught up, so that all are shown once and in order. Knows neither
sockets nor the clock. Pure; whoever holds the session.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

from client.tags import server_time, timestamp
from gateway.wire.message import Message

HELD_LIMIT: Final = 1000  # live messages held while catching up; the oldest is dropped, history has it
HISTORY_TRIES: Final = 3
SEEN_LIMIT: Final = 20_000


class SyncState(Enum):
    """How far this client is in a room."""

    AWAITED = "awaited"  # wanted, not joined on this connection yet
    CATCHING_UP = "catching up"  # joined; history is on its way
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a room's history: the last message shown, or the moment of joining."""

    msgid: str
    at: float

    def after(self, *, by_msgid: bool) -> str:
        """Name the place as a parameter of CHATHISTORY AFTER.

        A time is one millisecond early, since AFTER excludes all of its millisecond; nothing is shown twice.
        """
        return f"msgid={self.msgid}" if by_msgid and self.msgid else timestamp(self.at - 0.001)

    def before(self, *, by_msgid: bool) -> str:
        """Name the place as a parameter of CHATHISTORY BEFORE; a time is one millisecond late."""
        return f"msgid={self.msgid}" if by_msgid and self.msgid else timestamp(self.at + 0.001)


class Conversation:
    """One room that the person wants to be in, over all connections; or one person they talk to."""

    def __init__(self, name: str, key: str = "", *, is_person: bool = False) -> None:
        self.name = name
        self.key = key
        self.is_person = is_person
        self.topic = ""
        self.shows_names = True  # the next list of names was asked for, or is the first
        self.has_asked_who = False  # who is away, on this connection
        self.awaits_who = False  # the answer to that
        self.sync_state = SyncState.READY if is_person else SyncState.AWAITED
        self.position: Position | None = None
        self.wants_backlog = False  # what was said before we came first, not what we missed
        self.backlog: list[Message] = []  # as far as it has come
        self.asked_at = 0.0  # when the last JOIN or CHATHISTORY went out
        self.held: deque[Message] = deque(maxlen=HELD_LIMIT)
        self.try_again_at: float | None = None  # history could not be had just now
        self._tries_left = HISTORY_TRIES
        self._by_msgid = True

    def lose_connection(self) -> None:
        """Be where a new connection begins; what was held is in the history after the position."""
        self.sync_state = SyncState.READY if self.is_person else SyncState.AWAITED
        self.held.clear()
        self.backlog.clear()
        self.has_asked_who = self.awaits_who = False
        self.try_again_at = None
        self._tries_left = HISTORY_TRIES
        self._by_msgid = True

    def request_missed(self, limit: int) -> Message:
        """Ask for the page of history after the last message shown."""
        assert self.position is not None
        reference = self.position.after(by_msgid=self._by_msgid)
        return Message("CHATHISTORY", ["AFTER", self.name, reference, str(limit)])

    def request_backlog(self, limit: int) -> Message:
        """Ask for the last messages said before we came, or for those before what has come of them."""
        if not self.backlog:
            return Message("CHATHISTORY", ["LATEST", self.name, "*", str(limit)])
        reference = position(self.backlog[0], 0.0).before(by_msgid=self._by_msgid)
        return Message("CHATHISTORY", ["BEFORE", self.name, reference, str(limit)])

    def take_backlog(self, count: int) -> list[Message]:
        """Give the last `count` messages of the backlog, with what came between them."""
        said = [index for index, message in enumerate(self.backlog) if message.verb in ("PRIVMSG", "NOTICE")]
        first = said[-count] if 0 < count <= len(said) else 0
        backlog, self.backlog = self.backlog[first:], []
        return backlog

    def may_try_again(self) -> bool:
        """Count a try to get history that failed; False where it was the last one."""
        self._tries_left -= 1
        return self._tries_left > 0

    def falls_back_to_time(self) -> bool:
        """Ask by time from now on, as the gateway does not know the msgid; False where it did not help."""
        could = self._by_msgid and self.position is not None and bool(self.position.msgid)
        self._by_msgid = False
        return could

    def holds(self, message: Message) -> bool:
        """Tell whether this message of the history came live already, and waits."""
        msgid = message.tags.get("msgid")
        return msgid is not None and any(held.tags.get("msgid") == msgid for held in self.held)

    def release_held(self) -> list[Message]:
        """Be ready, and give the live messages that waited, in their order."""
        self.sync_state = SyncState.READY
        self.wants_backlog = False
        held = list(self.held)
        self.held.clear()
        return held


class ShownIds:
    """The ids of the messages shown last, so that none is shown twice."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def add(self, message_id: str) -> bool:
        """Note an id; False where it was there already."""
        if message_id in self._ids:
            return False
        self._ids[message_id] = None
        if len(self._ids) > SEEN_LIMIT:
            del self._ids[next(iter(self._ids))]
        return True


def position(message: Message, now: float) -> Position:
    """Give the place of a message in its room's history."""
    at = server_time(message)
    return Position(message.tags.get("msgid", ""), now if at is None else at)
