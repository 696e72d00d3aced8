"""The way from joining a room to being up to date in it, through its history (IRCv3 chathistory).

Owns the requests for the next page. What comes live meanwhile waits in the room. Knows not what of it was shown
before. Pure; whoever holds the session.
"""

from collections.abc import Mapping
from typing import Final, Protocol

from client.batches import Page
from client.exchange import Exchange
from client.room import Presence, Room, position
from gateway.wire.casefold import fold
from gateway.wire.message import Message

TRY_AGAIN_S: Final = 2.0  # for history that could not be had just now
_LINES_A_MESSAGE: Final = 20  # so many lines of a history are looked at for each message that is wanted of it
# Who came and went while we were away is not told: the list of members is a new one.
_WORTH_TELLING: Final = frozenset(("PRIVMSG", "NOTICE", "TAGMSG", "REDACT"))


class ShowOnce(Protocol):
    """Shows a message unless it was shown before; True if it was new."""

    def __call__(self, message: Message, room: Room, now: float, *, is_history: bool = False) -> bool: ...


class CatchingUp:
    """Rooms, and conversations with people, on their way to ready."""

    def __init__(self, exchange: Exchange, rooms: Mapping[str, Room], backlog: int, show_once: ShowOnce) -> None:
        """`backlog` is how many messages said before a first JOIN are asked for."""
        self._exchange = exchange
        self._rooms = rooms
        self._backlog = backlog
        self._show_once = show_once

    def begin(self, room: Room, now: float, *, is_first: bool = False) -> None:
        """Take a room that was just joined, for the first time or again."""
        room.presence = Presence.CATCHING_UP
        room.wants_backlog = room.wants_backlog or (is_first and bool(self._backlog))
        if self._exchange.registration.has_history and (room.wants_backlog or not is_first):
            self._ask(room, now)
        else:
            self._finish(room, now)

    def on_page(self, page: Page, now: float) -> None:
        """Take a page: show it, and ask for the next one, until one is the last or meets what came live."""
        room = self._rooms.get(fold(page.target))
        if room is None:
            return
        if room.wants_backlog:
            self._on_backlog(room, page, now)
            return
        has_news = meets_live = False
        for message in page.lines:
            has_news |= self._show(message, room, now)
            meets_live |= room.holds(message)
        if room.presence is not Presence.CATCHING_UP:
            return
        if has_news and not meets_live and not page.is_last(self._exchange.history_page):
            self._ask(room, now)
        else:
            self._finish(room, now)

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

    def _show(self, message: Message, room: Room, now: float) -> bool:
        if message.verb in _WORTH_TELLING:
            return self._show_once(message, room, now, is_history=True)
        last, room.position = room.position, position(message, now)
        return last != room.position

    def _on_backlog(self, room: Room, page: Page, now: float) -> None:
        """Put a page before those that came, and ask for the one before it until there are enough."""
        room.backlog[:0] = page.lines
        said = sum(message.verb in ("PRIVMSG", "NOTICE") for message in room.backlog)
        has_more = not page.is_last(min(self._backlog, self._exchange.history_page))
        if has_more and said < self._backlog and len(room.backlog) < _LINES_A_MESSAGE * self._backlog:
            self._ask(room, now)
        else:
            self._finish(room, now)

    def _ask(self, room: Room, now: float) -> None:
        room.asked_at, room.try_again_at = now, None
        if room.wants_backlog:
            self._exchange.send(room.request_backlog(min(self._backlog, self._exchange.history_page)))
        else:
            self._exchange.send(room.request_missed(self._exchange.history_page))

    def _finish(self, room: Room, now: float, problem: str = "") -> None:
        if problem and not room.wants_backlog and not room.is_person:
            self._exchange.tell(f"what you missed in {room.name} may be lacking here: {problem}", now, place=room.name)
        for message in room.take_backlog(self._backlog):
            self._show(message, room, now)
        for message in room.release_held():
            self._show_once(message, room, now)
