"""The way from joining a room to being up to date in it, through its history (IRCv3 chathistory).

Owns the requests for the next page. What comes live meanwhile waits in the room. Knows not what of it was shown
before. Pure; whoever holds the session.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from client.batches import HistoryBatch
from client.conversation import Conversation, Position, SyncState, position
from client.events import OlderLoaded, OlderRequested, SearchResults
from client.exchange import Exchange
from client.tags import timestamp
from gateway.wire.casefold import fold
from gateway.wire.message import Message

TRY_AGAIN_S: Final = 2.0  # for history that could not be had just now
_LINES_A_MESSAGE: Final = 20  # so many lines of a history are looked at for each message that is wanted of it
# Who came and went while we were away is not told: the list of members is a new one.
_WORTH_TELLING: Final = frozenset(("PRIVMSG", "NOTICE", "TAGMSG", "REDACT"))


class ShowOnce(Protocol):
    """Shows a message unless it was shown before; True if it was new."""

    def __call__(self, message: Message, room: Conversation, now: float, *, is_history: bool = False) -> bool: ...


class CatchUp:
    """Rooms, and conversations with people, on their way to ready."""

    def __init__(
        self, exchange: Exchange, rooms: Mapping[str, Conversation], backlog: int, show_once: ShowOnce
    ) -> None:
        """`backlog` is how many messages said before a first JOIN are asked for."""
        self._exchange = exchange
        self._rooms = rooms
        self._backlog = backlog
        self._show_once = show_once

    def begin(self, room: Conversation, now: float, *, is_first: bool = False) -> None:
        """Take a room that was just joined, for the first time or again."""
        room.sync_state = SyncState.CATCHING_UP
        room.wants_backlog = room.wants_backlog or (is_first and bool(self._backlog))
        if self._exchange.login.has_history and (room.wants_backlog or not is_first):
            self._ask(room, now)
        else:
            self._finish(room, now)

    def on_page(self, page: HistoryBatch, now: float) -> None:
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
        if room.sync_state is not SyncState.CATCHING_UP:
            return
        if has_news and not meets_live and not page.is_last(self._exchange.history_page):
            self._ask(room, now)
        else:
            self._finish(room, now)

    def on_refused(self, message: Message, now: float) -> None:
        """Ask by time where the msgid was not known, again where it failed; else go on without, and say so."""
        is_passing = message.params[1] == "MESSAGE_ERROR"
        named = {fold(param) for param in message.params}
        asking = [room for room in self._rooms.values() if room.sync_state is SyncState.CATCHING_UP]
        for room in [room for room in asking if fold(room.name) in named] or asking:
            if is_passing and room.may_try_again():
                room.try_again_at = now + TRY_AGAIN_S
            elif not is_passing and room.falls_back_to_time():
                self._ask(room, now)
            else:
                self._finish(room, now, message.params[-1])

    def tick(self, room: Conversation, now: float, answer_limit_s: float) -> None:
        """Let time pass for a room that is catching up."""
        if room.try_again_at is not None:
            if now >= room.try_again_at:
                self._ask(room, now)
        elif now - room.asked_at >= answer_limit_s:
            self._finish(room, now, "the gateway does not answer")

    def _show(self, message: Message, room: Conversation, now: float) -> bool:
        if message.verb in _WORTH_TELLING:
            return self._show_once(message, room, now, is_history=True)
        last, room.position = room.position, position(message, now)
        return last != room.position

    def _on_backlog(self, room: Conversation, page: HistoryBatch, now: float) -> None:
        """Put a page before those that came, and ask for the one before it until there are enough."""
        room.backlog[:0] = page.lines
        said = sum(message.verb in ("PRIVMSG", "NOTICE") for message in room.backlog)
        has_more = not page.is_last(min(self._backlog, self._exchange.history_page))
        if has_more and said < self._backlog and len(room.backlog) < _LINES_A_MESSAGE * self._backlog:
            self._ask(room, now)
        else:
            self._finish(room, now)

    def _ask(self, room: Conversation, now: float) -> None:
        room.asked_at, room.try_again_at = now, None
        if room.wants_backlog:
            self._exchange.send(room.request_backlog(min(self._backlog, self._exchange.history_page)))
        else:
            self._exchange.send(room.request_missed(self._exchange.history_page))

    def _finish(self, room: Conversation, now: float, problem: str = "") -> None:
        if problem and not room.wants_backlog and not room.is_person:
            self._exchange.tell(
                f"what you missed in {room.name} may be lacking here: {problem}", now, conversation=room.name
            )
        for message in room.take_backlog(self._backlog):
            self._show(message, room, now)
        for message in room.release_held():
            self._show_once(message, room, now)


ANSWER_LIMIT_S: Final = 10.0
_DAY_S: Final = 86400.0  # more than clocks differ
SEARCH_LIMIT: Final = 50_000  # messages that one search looks through
_NO_HISTORY: Final = "there is no history to be had here"


@dataclass(slots=True)
class Request:
    """One conversation's past, page by page."""

    id: str
    target: str
    before: Position | None
    wanted: str | None  # in lower case: a search; None: one page of whatever was said
    asked_at: float = 0.0
    scanned: int = 0
    by_msgid: bool = True
    redacted: set[str] = field(default_factory=set)  # msgids: pages come newest first, so a REDACT before its message


class HistoryLoader:
    """The requests for older messages, one at a time for each conversation where answers have no labels."""

    def __init__(
        self, exchange: Exchange, new_id: Callable[[], str], catch_up_with: Callable[[str, float, float], None]
    ) -> None:
        """`catch_up_with` takes who has written, since when, and the present time."""
        self._exchange = exchange
        self._new_id = new_id
        self._catch_up_with = catch_up_with
        self._requests: dict[str, Request] = {}
        self._targets_label = ""
        self._targets_since = 0.0

    def load_older(self, target: str, before: Position | None, now: float) -> None:
        """Ask for the page before a message, the newest page where there is none; the answer is `OlderLoaded`."""
        if not any(request.wanted is None and fold(request.target) == fold(target) for request in self._list()):
            self._exchange.events.append(OlderRequested(now, target))
            self._begin(Request(self._new_id(), target, before, None), now)

    def search(self, target: str, text: str, now: float) -> str:
        """Search backwards from now; one `SearchResults` a page, the last one `is_over`. Return the search's id."""
        request = Request(self._new_id(), target, None, text.casefold())
        self._begin(request, now)
        return request.id

    def ask_who_wrote(self, since: float, now: float) -> None:
        """Ask for those with whom there was a message since `since`, where the answer can be told from others."""
        if since and self._exchange.login.has_history and self._exchange.agrees("labeled-response"):
            self._targets_label, self._targets_since = self._new_id(), since
            params = ["TARGETS", timestamp(since), timestamp(now + _DAY_S), str(self._exchange.history_page)]
            self._exchange.send(Message("CHATHISTORY", params, tags={"label": self._targets_label}))

    def cancel(self, search_id: str) -> None:
        self._requests.pop(search_id, None)

    def lose_connection(self, now: float) -> None:
        for request in self._list():
            self._end(request, now, "the connection is lost")

    def tick(self, now: float) -> None:
        for request in self._list():
            if now - request.asked_at >= ANSWER_LIMIT_S:
                self._end(request, now, "the gateway does not answer")

    def takes(self, page: HistoryBatch, now: float) -> bool:
        """Take a page that was asked for here; False where it is another's."""
        if page.kind == "draft/chathistory-targets":
            for _, nick, *_ in (line.params for line in page.lines if len(line.params) > 1):
                if not nick.startswith("#"):
                    self._catch_up_with(nick, self._targets_since, now)
            return True
        request = self._asked(page.label, [page.target])
        if request is None:
            return False
        lines = [line for line in page.lines if not self._exchange.is_ignored(line)]
        request.scanned += len(page.lines)
        has_more = not page.is_last(self._exchange.history_page)
        if page.lines:
            request.before = position(page.lines[0], now)
        if request.wanted is None:
            del self._requests[request.id]
            self._exchange.events.append(
                OlderLoaded(now, request.target, tuple(lines), self._exchange.naming.current, has_more)
            )
        else:
            is_over = not has_more or request.scanned >= SEARCH_LIMIT
            self._tell_found(request, lines, now, is_over=is_over)
            if is_over:
                del self._requests[request.id]
            else:
                self._ask(request, now)
        return True

    def refuses(self, message: Message, now: float) -> bool:
        """Take a FAIL CHATHISTORY for what was asked for here; False where it is another's."""
        if message.tags.get("label", "") == self._targets_label != "":
            return True
        request = self._asked(message.tags.get("label", ""), message.params)
        if request is None:
            return False
        if request.by_msgid and request.before is not None and message.params[1] != "MESSAGE_ERROR":
            request.by_msgid = False
            self._ask(request, now)
        else:
            self._end(request, now, message.params[-1])
        return True

    def _list(self) -> list[Request]:
        return list(self._requests.values())

    def _asked(self, label: str, named: Sequence[str]) -> Request | None:
        """Find the request that an answer is for: by its label, or where there are none by the target it names."""
        if self._exchange.agrees("labeled-response"):
            return self._requests.get(label)
        targets = {fold(name) for name in named}
        return next((each for each in self._requests.values() if fold(each.target) in targets), None)

    def _begin(self, request: Request, now: float) -> None:
        self._requests[request.id] = request
        if not self._exchange.is_registered:
            self._end(request, now, "there is no connection")
        elif not self._exchange.login.has_history:
            self._end(request, now, _NO_HISTORY)
        else:
            self._ask(request, now)

    def _ask(self, request: Request, now: float) -> None:
        request.asked_at = now
        tags = {"label": request.id} if self._exchange.agrees("labeled-response") else {}
        limit = str(self._exchange.history_page)
        if request.before is None:
            params = ["LATEST", request.target, "*", limit]
        else:
            params = ["BEFORE", request.target, request.before.before(by_msgid=request.by_msgid), limit]
        self._exchange.send(Message("CHATHISTORY", params, tags=tags))

    def _end(self, request: Request, now: float, problem: str) -> None:
        del self._requests[request.id]
        if request.wanted is None:
            nick = self._exchange.naming.current
            has_more = problem != _NO_HISTORY
            self._exchange.events.append(OlderLoaded(now, request.target, (), nick, has_more=has_more, problem=problem))
        else:
            self._tell_found(request, [], now, is_over=True, problem=problem)

    def _tell_found(
        self, request: Request, lines: list[Message], now: float, *, is_over: bool, problem: str = ""
    ) -> None:
        assert request.wanted is not None
        request.redacted |= {line.params[1] for line in lines if line.verb == "REDACT"}
        found = [
            line
            for line in reversed(lines)
            if line.verb in ("PRIVMSG", "NOTICE")
            and line.tags.get("msgid") not in request.redacted
            and request.wanted in line.params[-1].casefold()
        ]
        oldest_at = request.before.at if request.before else None
        self._exchange.events.append(
            SearchResults(now, request.id, request.target, tuple(found), request.scanned, oldest_at, is_over, problem)
        )
