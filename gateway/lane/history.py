"""Reading back a room's log, in bounded pages over the lane's link, without what the fold found void.

An entry holds several events, so the ends of a range cut inside entries. Nothing here blocks: each page is
awaited, and a page is small enough to hold the lane up for milliseconds only. Runs on the lane's thread.
"""

from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.scripts import PAGE
from gateway.chat.events import decode
from gateway.chat.past import Past, Place, Span, events
from gateway.chat.render import log_mark

FEWEST_ENTRIES, PAGE_ENTRIES = 8, 100
"""How many entries are asked for at once; the bytes of a page are bounded by page.lua."""

Ask = Callable[..., Awaitable[Any]]
"""A command of Redis's with its words; its reply is awaited."""


async def read(ask: Ask, keys: Keys, room: str, span: Span) -> list[Past]:
    """See gateway.chat.ports.Ports.history; ``room`` is the folded name."""
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
    return found[::-1] if span.newest else found


def _stream_id(place: Place) -> str:
    return f"{place[0]}-{place[1]}"


def _within(page: list[Any], mark: str, span: Span) -> Iterator[Past]:
    """What a span has of a page's entries, in the page's order; decoded as it is taken."""
    for entry_id, fields in page:
        found = events(decode(entry_id.decode(), fields[1].decode(), fields[3]), mark, span.verbs)
        for past in reversed(found) if span.newest else found:
            if span.after < past.place < span.before:
                yield past
