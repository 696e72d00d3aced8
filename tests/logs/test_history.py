"""Reading pages of a log, with a log in memory that answers as Redis does."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.broker.keys import Keys
from gateway.broker.scripts import Script
from gateway.chat.events import encode
from gateway.chat.history_access import FIRST, LAST, HistoryAccess, HistoryPage, Place, Span, readable
from gateway.chat.lives import hide
from gateway.chat.render import log_mark
from gateway.chat.room import Room
from gateway.lane.loop.tasks import Task, Wait
from gateway.logs.history import PAGE_ENTRIES, PAGES_AT_ONCE, read
from gateway.logs.scripts import PAGE

KEYS = Keys("t:")
MARK = log_mark("#r")


class Log:
    """Entries by (ms, n), the rejected events, the number of requests, and the most entries in a reply."""

    def __init__(self, sizes: list[int], fit: int = 1000) -> None:
        """``sizes``: number of events of each entry. ``fit``: number of entries in the bytes of a page."""
        self.entries = {(10 + at // 3, at % 3): size for at, size in enumerate(sizes)}
        self.rejected: set[Place] = set()
        self.room = Room("#r")
        self.fit = fit
        self.largest = 0
        self.asked = 0

    @property
    def places(self) -> list[Place]:
        """Return all messages that are not rejected. The first event of each entry is no message."""
        every = [(*key, i, MARK) for key, size in self.entries.items() for i in range(1, size)]
        hidden = [place for place in every for begin, end in self.room.hidden if begin <= place[:3] < end]
        return [place for place in every if place not in self.rejected and place not in hidden]

    def call(self, key: str, verb: str, *args: Any) -> Awaitable[Any]:
        assert (key, verb) == ("t:{#r}:rejected", "SMISMEMBER")
        assert args
        return self._answer(
            [int((*map(int, mark.replace(".", "-").split("-")), MARK) in self.rejected) for mark in args]
        )

    def run(self, script: Script, keys: Sequence[str], *args: Any) -> Awaitable[Any]:
        assert (script, keys) == (PAGE, ("t:{#r}:log",))
        return self._answer(self._page(*args))

    def _answer(self, reply: Any) -> Awaitable[Any]:
        self.asked += 1
        wait: Wait[Any] = Wait()
        wait.fulfil(reply)
        return wait

    def _page(self, verb: str, begin: str, end: str, limit: int) -> Any:
        low, high = (begin, end) if verb == "XRANGE" else (end, begin)
        found = [id for id in self.entries if _above(id, low) and _above(tuple(-x for x in id), high, -1)]
        found = found if verb == "XRANGE" else found[::-1]
        kept = found[: min(limit, self.fit)]
        self.largest = max(self.largest, len(kept))
        page = [[b"%d-%d" % id, [b"o", b"g.0:1", b"e", _payload(self.entries[id])]] for id in kept]
        return [page, int(len(found) > len(kept))]


def _above(id: tuple[int, ...], bound: str, sign: int = 1) -> bool:
    limit = tuple(sign * int(x) for x in bound.removeprefix("(").split("-"))
    return id > limit if bound.startswith("(") else id >= limit


def excerpt_of(log: Log, may_read: HistoryAccess, span: Span) -> HistoryPage:
    result: list[HistoryPage] = []

    async def run() -> None:
        result.append(await read(log, KEYS, may_read, span))

    errors: list[Exception | None] = []
    Task(run(), lambda _task, error: errors.append(error)).step()
    assert errors == [None]
    return result[0]


def places(log: Log, after: Place, before: Place, limit: int, newest: bool) -> list[Place]:
    """Read a span in pages. Return the places of its messages."""
    result: list[Place] = []
    rest = Span(after, before, limit, newest)
    may_read = readable("", log.room, as_member=True)
    assert may_read is not None
    while rest.limit:
        excerpt = excerpt_of(log, may_read, rest)
        found = [past.place for past in excerpt.events]
        result[:] = found + result if newest else result + found
        if excerpt.reached is None:
            break
        rest = replace(rest, limit=rest.limit - len(found))
        rest = replace(rest, before=excerpt.reached) if newest else replace(rest, after=excerpt.reached)
    return result


def _payload(size: int) -> bytes:
    return encode([("s", ":a!a@h TOPIC #r :t"), *[("s", ":a!a@h PRIVMSG #r :m")] * (size - 1)])


some_place = st.tuples(st.integers(9, 20), st.integers(0, 3), st.integers(0, 4), st.sampled_from(["", MARK]))


@given(st.data())
def test_any_range_is_cut_out_of_the_log_as_out_of_a_list(data: st.DataObject) -> None:
    log = Log(data.draw(st.lists(st.integers(1, 4), max_size=30)), fit=data.draw(st.integers(1, 12)))
    log.rejected = data.draw(st.sets(st.sampled_from(log.places))) if log.places else set()
    for begin, end in data.draw(st.lists(st.tuples(some_place, some_place).map(sorted), max_size=3)):
        hide(log.room.hidden, begin[:3], end[:3])
    after, before = data.draw(some_place | st.just(FIRST)), data.draw(some_place | st.just(LAST))
    limit, newest = data.draw(st.integers(1, 20)), data.draw(st.booleans())
    between = [place for place in log.places if after < place < before]
    expected = between[-limit:] if newest else between[:limit]
    assert places(log, after, before, limit, newest) == expected


@pytest.mark.parametrize("newest", [True, False])
def test_a_long_log_is_read_in_bounded_pages(newest: bool) -> None:
    log = Log([1] * 400 + [2] + [1] * 400)
    assert places(log, FIRST, LAST, 5, newest) == log.places
    assert places(log, FIRST, LAST, 500, newest) == log.places
    assert log.largest == PAGE_ENTRIES


@pytest.mark.parametrize("newest", [True, False])
def test_an_excerpt_is_bounded_in_work(newest: bool) -> None:
    """If a log has few of the wanted events, other clients have their turn in between."""
    log = Log([1] * 2000)
    may_read = readable("", log.room, as_member=True)
    assert may_read is not None
    excerpt = excerpt_of(log, may_read, Span(FIRST, LAST, 5, newest))
    assert excerpt.events == []
    assert excerpt.reached is not None
    assert log.asked == PAGES_AT_ONCE


@pytest.mark.parametrize("newest", [True, False])
def test_no_more_is_read_than_is_needed(newest: bool) -> None:
    log = Log([2] * 500)
    assert len(places(log, FIRST, LAST, 20, newest)) == 20
    assert log.asked == 2  # one page, one look-up of rejected events
