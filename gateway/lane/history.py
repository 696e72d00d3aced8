"""Reading back a room's log, in bounded pages over the lane's link, without what the fold found void.

An entry holds several events, so the ends of a range cut inside entries. Nothing here blocks: each page is
awaited, and a page is small enough to hold the lane up for milliseconds only. Runs on the lane's thread.
"""

from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Any

from gateway.broker.keys import Keys
from gateway.chat.events import decode
from gateway.chat.past import Past, Place, Span, events
from gateway.chat.render import log_mark

FIRST_PAGE_ENTRIES = 8
"""How large a log's entries are is not known before: at 64 KB (broker.writer) half a megabyte."""
PAGE_ENTRIES = 100
PAGE_BYTES = 128 * 1024
"""What a page may have by the size of the entries before it."""

Ask = Callable[..., Awaitable[Any]]
"""A command of Redis's with its words; its reply is awaited."""


async def read(ask: Ask, keys: Keys, room: str, span: Span) -> list[Past]:
    """See gateway.chat.ports.Ports.history; ``room`` is the folded name."""
    found: list[Past] = []
    low, high = _stream_id(span.after), _stream_id(span.before)
    mark, log, void = log_mark(room), keys.log(room), keys.void(room)
    count, is_last_page = FIRST_PAGE_ENTRIES, False
    while len(found) < span.limit and not is_last_page:
        if span.newest:
            page = await ask("XREVRANGE", log, high, low, "COUNT", count)
        else:
            page = await ask("XRANGE", log, low, high, "COUNT", count)
        is_last_page = len(page) < count
        past = _within(page, mark, span)
        while len(found) < span.limit and (candidates := list(islice(past, span.limit - len(found)))):
            marks = [f"{one.stream_id}.{one.index}" for one in candidates]
            are_void = await ask("SMISMEMBER", void, *marks)
            found += [one for one, is_void in zip(candidates, are_void, strict=True) if not is_void]
        if page:
            last = f"({page[-1][0].decode()}"
            low, high = (low, last) if span.newest else (last, high)
            count = _fitting(page)
    return found[::-1] if span.newest else found


def _stream_id(place: Place) -> str:
    return f"{place[0]}-{place[1]}"


def _fitting(page: list[Any]) -> int:
    """How many entries like these are a page."""
    size = sum(len(fields[3]) for _, fields in page) or 1
    return max(1, min(PAGE_ENTRIES, PAGE_BYTES * len(page) // size))


def _within(page: list[Any], mark: str, span: Span) -> Iterator[Past]:
    """What a span has of a page's entries, in the page's order; decoded as it is taken."""
    for entry_id, fields in page:
        found = events(decode(entry_id.decode(), fields[1].decode(), fields[3]), mark, span.verbs)
        for past in reversed(found) if span.newest else found:
            if span.after < past.place < span.before:
                yield past
