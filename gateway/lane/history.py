"""Reading back a room's log, in bounded pages over the lane's link, without what the fold found void.

An entry holds several events, so the ends of a range cut inside entries. Nothing here blocks: each page is
awaited, and a page is small enough to hold the lane up for milliseconds only. Runs on the lane's thread.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.replica import raw
from gateway.broker.scripts import PAGE
from gateway.chat import render
from gateway.chat.events import Event, decode
from gateway.chat.past import Past, Place, Readable, Span, events, place
from gateway.chat.render import log_mark
from gateway.wire.casefold import fold
from gateway.wire.message import parse

FEWEST_ENTRIES, PAGE_ENTRIES = 8, 100
"""How many entries are asked for at once; the bytes of a page are bounded by page.lua."""

Ask = Callable[..., Awaitable[Any]]
"""A command of Redis's with its words; its reply is awaited."""


async def read(ask: Ask, keys: Keys, may_read: Readable, span: Span) -> list[Past]:
    """See gateway.chat.ports.Ports.history."""
    found: list[Past] = []
    for part in may_read.parts(span):
        if len(found) < span.limit:
            found += await _read(ask, keys, fold(may_read.room), replace(part, limit=span.limit - len(found)))
    return found[::-1] if span.newest else found


async def _read(ask: Ask, keys: Keys, room: str, span: Span) -> list[Past]:
    """The events of a span in the order in which it is read; ``room`` is the folded name."""
    found: list[Past] = []
    verb = "XREVRANGE" if span.newest else "XRANGE"
    begin, end = map(_stream_id, (span.before, span.after) if span.newest else (span.after, span.before))
    mark, log, void = log_mark(room), keys.log(room), keys.void(room)
    count, has_more = min(PAGE_ENTRIES, max(FEWEST_ENTRIES, span.limit)), 1
    while len(found) < span.limit and has_more:
        page, has_more = await ask("EVALSHA", PAGE.sha, PAGE.keys, log, verb, begin, end, count)
        past = _within(page, mark, span)
        while len(found) < span.limit and (candidates := list(islice(past, span.limit - len(found)))):
            marks = [f"{one.stream_id}.{one.index}" for one in candidates]
            are_void = await ask("SMISMEMBER", void, *marks)
            found += [one for one, is_void in zip(candidates, are_void, strict=True) if not is_void]
        if page:
            begin = f"({page[-1][0].decode()}"
        count = min(PAGE_ENTRIES, 2 * count)  # few of these were what is wanted
    return found


async def find(ask: Ask, keys: Keys, log: str, msgid: str) -> Event | None:
    """See gateway.chat.ports.Ports.find_message; ``log`` is the name of a room's log or of an inbox."""
    at = place(msgid)
    stream_id = _stream_id(at)
    if render.msgid(stream_id, at[2], log_mark(log)) != msgid:
        return None  # none of ours, or of another log
    page = await ask("XRANGE", keys.log(log), stream_id, stream_id)
    entry = decode(*raw(page[0])) if page else None
    if entry is None or at[2] >= len(entry.lines):
        return None
    event = Event(entry.sids[at[2]], entry.lines[at[2]])
    message = parse(event.line)
    if message is None or message.verb not in ("PRIVMSG", "NOTICE", "TAGMSG"):
        return None
    [is_void] = await ask("SMISMEMBER", keys.void(log), f"{stream_id}.{at[2]}")
    return None if is_void else event


def _stream_id(place: Place) -> str:
    return f"{place[0]}-{place[1]}"


def _within(page: list[Any], mark: str, span: Span) -> Iterator[Past]:
    """What a span has of a page's entries, in the page's order; decoded as it is taken."""
    for entry in page:
        found = events(decode(*raw(entry)), mark, span.verbs)
        for past in reversed(found) if span.newest else found:
            if span.after < past.place < span.before:
                yield past
