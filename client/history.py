"""The way from joining a room to being up to date in it, through its history (IRCv3 chathistory, batch).

Owns the batches that are being received and the requests for the next page. What comes live meanwhile waits in the
room. Knows not what of it was shown before. Pure; whoever holds the session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from client.exchange import Exchange
from client.room import Presence, Room
from gateway.wire.casefold import fold
from gateway.wire.message import Message

HISTORY_PAGE: Final = 100
TRY_AGAIN_S: Final = 2.0  # for history that could not be had just now


@dataclass(slots=True)
class Batch:
    """A batch that is being received."""

    kind: str
    target: str
    label: str
    has_news: bool = False  # something in it was not shown before
    meets_live: bool = False  # it reaches what came live already


class ShowOnce(Protocol):
    """Shows a message unless it was shown before; True if it was new."""

    def __call__(self, message: Message, now: float, *, is_history: bool = False) -> bool: ...


class CatchingUp:
    """Rooms on their way from joined to ready."""

    def __init__(self, exchange: Exchange, rooms: Mapping[str, Room], backlog: int, show_once: ShowOnce) -> None:
        """`backlog` is how many messages said before a first JOIN are asked for."""
        self.page_limit = HISTORY_PAGE
        self._exchange = exchange
        self._rooms = rooms
        self._backlog = backlog
        self._show_once = show_once
        self._batches: dict[str, Batch] = {}

    def lose_connection(self) -> None:
        self._batches.clear()
        self.page_limit = HISTORY_PAGE

    def begin(self, room: Room, now: float, *, is_first: bool = False) -> None:
        """Take a room that was just joined, for the first time or again."""
        room.presence = Presence.CATCHING_UP
        room.wants_backlog = room.wants_backlog or (is_first and bool(self._backlog))
        if self._exchange.registration.has_history and (room.wants_backlog or not is_first):
            self._ask(room, now)
        else:
            self._finish(room, now)

    def takes(self, message: Message, now: float) -> bool:
        """Whether a message is a part of history, or has to wait until there is no more of it."""
        room = self._rooms.get(fold(message.params[0]))
        batch = self._batches.get(message.tags.get("batch", ""))
        if batch is not None and batch.kind == "chathistory":
            batch.has_news |= self._show_once(message, now, is_history=True)
            batch.meets_live |= room is not None and room.holds(message)
        elif room is not None and room.presence is Presence.CATCHING_UP:
            room.held.append(message)
        else:
            return False
        return True

    def label(self, message: Message) -> str:
        """Give the label of the command that this answers, its own or its batch's (IRCv3 labeled-response)."""
        batch = self._batches.get(message.tags.get("batch", ""))
        return message.tags.get("label") or (batch.label if batch else "")

    def on_batch(self, message: Message, now: float) -> None:
        sign, reference = message.params[0][:1], message.params[0][1:]
        if sign == "+":
            kind, target = [*message.params[1:], "", ""][:2]
            self._batches[reference] = Batch(kind, target, self.label(message))
        elif (batch := self._batches.pop(reference, None)) and batch.kind == "chathistory":
            self._on_page_end(batch, now)

    def on_refused(self, message: Message, now: float) -> None:
        """Ask by time where the msgid was not known, again where it failed; else go on without, and say so."""
        is_passing = message.params[1] == "MESSAGE_ERROR"
        named = {fold(param) for param in message.params}
        asking = [room for room in self._rooms.values() if room.presence is Presence.CATCHING_UP]
        for room in [room for room in asking if fold(room.name) in named] or asking:
            if is_passing and room.may_try_again():
                room.try_again_at = now + TRY_AGAIN_S
            elif not is_passing and room.falls_back_to_time():
                self._ask(room, now)
            else:
                self._finish(room, now, message.params[-1])

    def tick(self, room: Room, now: float, answer_limit_s: float) -> None:
        """Let time pass for a room that is catching up."""
        if room.try_again_at is not None:
            if now >= room.try_again_at:
                self._ask(room, now)
        elif now - room.asked_at >= answer_limit_s:
            self._finish(room, now, "the gateway does not answer")

    def _ask(self, room: Room, now: float) -> None:
        room.asked_at, room.try_again_at = now, None
        if room.wants_backlog:
            self._exchange.send(room.request_backlog(min(self._backlog, self.page_limit)))
        else:
            self._exchange.send(room.request_missed(self.page_limit))

    def _on_page_end(self, batch: Batch, now: float) -> None:
        """Ask for the next page, until one brings nothing new or reaches what came live."""
        room = self._rooms.get(fold(batch.target))
        if room is None or room.presence is not Presence.CATCHING_UP:
            return
        if batch.has_news and not batch.meets_live and not room.wants_backlog:
            self._ask(room, now)
        else:
            self._finish(room, now)

    def _finish(self, room: Room, now: float, problem: str = "") -> None:
        if problem and not room.wants_backlog:
            self._exchange.tell(f"what you missed in {room.name} may be lacking here: {problem}", now)
        for message in room.release_held():
            self._show_once(message, now)
