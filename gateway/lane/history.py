"""Reading back a room's log, in bounded pages over the lane's link, without what the fold found void.

An entry holds several events, so the ends of a range cut inside entries. Nothing here blocks: each page is
awaited, and a page is small enough to hold the lane up for milliseconds only. Runs on the lane's thread.
"""

from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Any

from gateway.broker.keys import Keys
from gateway.chat import render
from gateway.chat.events import Event, decode
from gateway.chat.past import Past, Place, messages, place
from gateway.chat.render import log_mark
from gateway.lane.following import raw
from gateway.wire.message import parse

PAGE_ENTRIES = 50
"""At 64 KB an entry (broker.appends) at most 3 MB."""

Ask = Callable[..., Awaitable[Any]]
"""A command of Redis's with its words; its reply is awaited."""


async def read(ask: Ask, keys: Keys, room: str, after: Place, before: Place, limit: int, *, newest: bool) -> list[Past]:
    """See gateway.chat.ports.Ports.history; ``room`` is the folded name."""
    found: list[Past] = []
    low, high = _stream_id(after), _stream_id(before)
    is_last_page = False
    while len(found) < limit and not is_last_page:
        if newest:
            page = await ask("XREVRANGE", keys.log(room), high, low, "COUNT", PAGE_ENTRIES)
        else:
            page = await ask("XRANGE", keys.log(room), low, high, "COUNT", PAGE_ENTRIES)
        is_last_page = len(page) < PAGE_ENTRIES
        said = _within(page, after, before, newest)
        while len(found) < limit and (candidates := list(islice(said, limit - len(found)))):
            marks = [f"{past.stream_id}.{past.index}" for past in candidates]
            void = await ask("SMISMEMBER", keys.void(room), *marks)
            found += [past for past, is_void in zip(candidates, void, strict=True) if not is_void]
        if page and newest:
            high = f"({page[-1][0].decode()}"
        elif page:
            low = f"({page[-1][0].decode()}"
    return found[::-1] if newest else found


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


def _within(page: list[Any], after: Place, before: Place, newest: bool) -> Iterator[Past]:
    """The messages of a page's entries between two places, in the page's order; decoded as they are taken."""
    for entry_id, fields in page:
        entry = decode(entry_id.decode(), fields[1].decode(), fields[3])
        ms, n = map(int, entry.id.split("-"))
        said = messages(entry)
        for past in reversed(said) if newest else said:
            if after < (ms, n, past.index) < before:
                yield past
