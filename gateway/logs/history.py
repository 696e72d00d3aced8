"""Read a room's log for history, in bounded pages, without rejected events.

An entry has several events, so a range may begin and end inside an entry. Nothing here blocks: each page is awaited,
and a page is so small that it occupies the lane for milliseconds only. Runs on the lane's thread.
"""

from collections.abc import Awaitable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from gateway.broker.keys import Keys
from gateway.broker.scripts import Script
from gateway.chat import render
from gateway.chat.events import Event, decode, id_key
from gateway.chat.history_access import ID_LIMIT, HistoryAccess, HistoryPage, PastEvent, Place, Span, events, place
from gateway.chat.render import log_mark
from gateway.logs.replica import stream_entry
from gateway.logs.scripts import PAGE
from gateway.wire.casefold import casefold
from gateway.wire.message import parse

FEWEST_ENTRIES, PAGE_ENTRIES = 8, 100
"""How many entries are requested at once. The bytes of a page are bounded by page.lua."""
PAGES_AT_ONCE = 4
"""Pages that are read for one excerpt, even if few of their events are wanted."""
EXCERPT_BYTES = 64 * 1024


class AwaitedRedis(Protocol):
    """The Redis port for a coroutine: replies are awaited. A lost reply or an error raises Unavailable."""

    def call(self, key: str, verb: str, *args: str | bytes | int) -> Awaitable[Any]: ...

    def run(self, script: Script, keys: Sequence[str], *args: str | bytes | int) -> Awaitable[Any]: ...


async def read(redis: AwaitedRedis, keys: Keys, may_read: HistoryAccess, span: Span) -> HistoryPage:
    """Read one excerpt of what a session may read: see :meth:`gateway.chat.interfaces.History.read`."""
    reading = _Reading(redis, keys, casefold(may_read.room), span)
    is_all = True
    for part in may_read.parts(span):
        is_all = await reading.part(part)
        if not is_all:
            break
    found = reading.found
    return HistoryPage(found[::-1] if span.newest else found, None if is_all else reading.reached)


class _Reading:
    """One excerpt: the events that were found so far, in the order in which they are read."""

    def __init__(self, redis: AwaitedRedis, keys: Keys, room: str, span: Span) -> None:
        """``room``: the casefolded name."""
        self._redis = redis
        self._log, self._rejected, self._mark = keys.log(room), keys.rejected(room), log_mark(room)
        self._limit, self._newest = span.limit, span.newest
        self._count = min(PAGE_ENTRIES, max(FEWEST_ENTRIES, span.limit))
        self._pages = 0
        self._size_bytes = 0
        self.found: list[PastEvent] = []
        self.reached = span.before if span.newest else span.after

    async def part(self, span: Span) -> bool:
        """Read a part that the session may read. Return False if the excerpt is full, or enough pages were read."""
        verb = "XREVRANGE" if self._newest else "XRANGE"
        begin, end = map(_stream_id, (span.before, span.after) if self._newest else (span.after, span.before))
        has_more = True
        while has_more:
            if self._pages == PAGES_AT_ONCE:
                return False
            page, has_more = await self._redis.run(PAGE, (self._log,), verb, begin, end, self._count)
            self._pages += 1
            if not await self._take(_within(page, self._mark, span)):
                return False
            if page:
                begin = f"({page[-1][0].decode()}"
                ms, n = id_key(page[-1][0].decode())
                self.reached = (ms, n, -1, "") if self._newest else (ms, n, ID_LIMIT, "")
            self._count = min(PAGE_ENTRIES, 2 * self._count)  # few of these events were wanted
        self.reached = span.after if self._newest else span.before
        return True

    async def _take(self, past: Iterator[PastEvent]) -> bool:
        """Take the events that were not rejected. Return False if the excerpt is full."""
        while candidates := list(islice(past, self._limit - len(self.found))):
            marks = [f"{one.stream_id}.{one.index}" for one in candidates]
            are_rejected = await self._redis.call(self._rejected, "SMISMEMBER", *marks)
            for one, is_rejected in zip(candidates, are_rejected, strict=True):
                if not is_rejected:
                    self.found.append(one)
                    self._size_bytes += len(one.line) + len(one.tags)
                    self.reached = one.place
                    if len(self.found) == self._limit or self._size_bytes >= EXCERPT_BYTES:
                        return False
        return True


async def find(redis: AwaitedRedis, keys: Keys, log: str, msgid: str) -> Event | None:
    """Find a message in the log of a room or an inbox: see :meth:`gateway.chat.interfaces.History.find`."""
    at = place(msgid)
    stream_id = _stream_id(at)
    if render.msgid(stream_id, at[2], log_mark(log)) != msgid:
        return None  # not an id of this network, or of another log
    page = await redis.call(keys.log(log), "XRANGE", stream_id, stream_id)
    entry = decode(*stream_entry(page[0])) if page else None
    if entry is None or at[2] >= len(entry.lines):
        return None
    event = Event(entry.sids[at[2]], entry.lines[at[2]])
    message = parse(event.line)
    if message is None or message.verb not in ("PRIVMSG", "NOTICE", "TAGMSG"):
        return None
    [is_rejected] = await redis.call(keys.rejected(log), "SMISMEMBER", f"{stream_id}.{at[2]}")
    return None if is_rejected else event


def _stream_id(place: Place) -> str:
    return f"{place[0]}-{place[1]}"


def _within(page: list[Any], mark: str, span: Span) -> Iterator[PastEvent]:
    """The events of a page's entries that are in a span, in the page's order. They are decoded as they are taken."""
    for entry in page:
        found = events(decode(*stream_entry(entry)), mark, span.verbs)
        for past in reversed(found) if span.newest else found:
            if span.after < past.place < span.before:
                yield past
