"""History (IRCv3 chathistory): missed messages, older pages, search, and people who wrote meanwhile.

`CatchUp` brings a conversation up to date when it is joined; live messages wait in it meanwhile. `HistoryLoader` owns
the requests of the user; each ends in one event that says so, even if the connection is lost. Neither knows what was
shown before. Pure; under the session's lock.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from client.batches import HistoryBatch
from client.conversation import Conversation, Position, SyncState, position
from client.events import OlderLoaded, OlderRequested, SearchResults
from client.exchange import Exchange
from client.tags import timestamp
from gateway.wire.casefold import casefold
from gateway.wire.message import Message

TRY_AGAIN_S: Final = 2.0  # after FAIL CHATHISTORY MESSAGE_ERROR
_LINES_A_MESSAGE: Final = 20  # lines of history that are read at most for each message of the backlog
# Missed joins and parts are not shown: the list of members is new anyway.
_SHOWN_VERBS: Final = frozenset(("PRIVMSG", "NOTICE", "TAGMSG", "REDACT"))


class ShowOnce(Protocol):
    """Show a message unless it was shown before; return whether it was new."""

    def __call__(self, message: Message, room: Conversation, now: float, *, is_history: bool = False) -> bool: ...


class CatchUp:
    """Conversations between joining and being up to date."""

    def __init__(
        self, exchange: Exchange, rooms: Mapping[str, Conversation], backlog: int, show_once: ShowOnce
    ) -> None:
        """`backlog`: how many messages from before a first JOIN are requested."""
        self._exchange = exchange
        self._rooms = rooms
        self._backlog = backlog
        self._show_once = show_once

    def begin(self, room: Conversation, now: float, *, is_first: bool = False) -> None:
        """Begin for a conversation that was just joined, for the first time or again."""
        room.sync_state = SyncState.CATCHING_UP
        room.wants_backlog = room.wants_backlog or (is_first and bool(self._backlog))
        if self._exchange.login.has_history and (room.wants_backlog or not is_first):
            self._ask(room, now)
        else:
            self._finish(room, now)

    def on_page(self, page: HistoryBatch, now: float) -> None:
        """Show a page and request the next one, until one is the last or overlaps the live messages."""
        room = self._rooms.get(casefold(page.target))
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
        """Request again by time if the msgid is unknown, or later if it failed; else report the gap and continue."""
        is_passing = message.params[1] == "MESSAGE_ERROR"
        named = {casefold(param) for param in message.params}
        asking = [room for room in self._rooms.values() if room.sync_state is SyncState.CATCHING_UP]
        for room in [room for room in asking if casefold(room.name) in named] or asking:
            if is_passing and room.may_try_again():
                room.try_again_at = now + TRY_AGAIN_S
            elif not is_passing and room.falls_back_to_time():
                self._ask(room, now)
            else:
                self._finish(room, now, message.params[-1])

    def tick(self, room: Conversation, now: float, answer_limit_s: float) -> None:
        """Repeat or give up a request that is due."""
        if room.try_again_at is not None:
            if now >= room.try_again_at:
                self._ask(room, now)
        elif now - room.asked_at >= answer_limit_s:
            self._finish(room, now, "the gateway does not answer")

    def _show(self, message: Message, room: Conversation, now: float) -> bool:
        if message.verb in _SHOWN_VERBS:
            return self._show_once(message, room, now, is_history=True)
        last, room.position = room.position, position(message, now)
        return last != room.position

    def _on_backlog(self, room: Conversation, page: HistoryBatch, now: float) -> None:
        """Collect a page of the backlog, and request the one before it until there are enough messages."""
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
            self._exchange.notify(
                f"some messages in {room.name} may be missing: {problem}", now, conversation=room.name
            )
        for message in room.take_backlog(self._backlog):
            self._show(message, room, now)
        for message in room.release_held():
            self._show_once(message, room, now)


ANSWER_LIMIT_S: Final = 10.0
_DAY_S: Final = 86400.0  # more than clocks can differ
SEARCH_LIMIT: Final = 50_000  # messages that one search reads
_NO_HISTORY: Final = "this network has no history"


@dataclass(slots=True)
class Request:
    """A request of the user for older messages, page by page."""

    id: str
    target: str
    before: Position | None
    wanted: str | None  # the text of a search, casefolded; None: a request for one page
    asked_at: float = 0.0
    scanned: int = 0
    by_msgid: bool = True
    redacted: set[str] = field(default_factory=set)  # msgids: the newest page comes first


class HistoryLoader:
    """The requests for older messages. Without labeled-response, one at a time for each conversation."""

    def __init__(
        self, exchange: Exchange, new_id: Callable[[], str], catch_up_with: Callable[[str, float, float], None]
    ) -> None:
        """`catch_up_with` takes a nick, the time since when they wrote, and `now`."""
        self._exchange = exchange
        self._new_id = new_id
        self._catch_up_with = catch_up_with
        self._requests: dict[str, Request] = {}
        self._targets_label = ""
        self._targets_since = 0.0

    def load_older(self, target: str, before: Position | None, now: float) -> None:
        """Request the page before a message, or the newest page; the answer is `OlderLoaded`."""
        if not any(request.wanted is None and casefold(request.target) == casefold(target) for request in self._list()):
            self._exchange.events.append(OlderRequested(now, target))
            self._begin(Request(self._new_id(), target, before, None), now)

    def search(self, target: str, text: str, now: float) -> str:
        """Search backwards from now; one `SearchResults` a page, the last one `is_over`. Return the search's id."""
        request = Request(self._new_id(), target, None, text.casefold())
        self._begin(request, now)
        return request.id

    def request_targets(self, since: float, now: float) -> None:
        """Request the people who wrote since a time (TARGETS). It needs labels to recognize an error."""
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

    def on_page(self, page: HistoryBatch, now: float) -> bool:
        """Handle a page that was requested here; False if it was not."""
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
            self._report_results(request, lines, now, is_over=is_over)
            if is_over:
                del self._requests[request.id]
            else:
                self._ask(request, now)
        return True

    def on_refused(self, message: Message, now: float) -> bool:
        """Handle a FAIL CHATHISTORY for a request made here; False if it is not."""
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
        """Return the request that is answered: by label, or without labels by target."""
        if self._exchange.agrees("labeled-response"):
            return self._requests.get(label)
        targets = {casefold(name) for name in named}
        return next((each for each in self._requests.values() if casefold(each.target) in targets), None)

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
            self._report_results(request, [], now, is_over=True, problem=problem)

    def _report_results(
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
