"""Reading pages of a log: against a log in memory that answers as Redis does."""

from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.broker.keys import Keys
from gateway.chat.events import encode
from gateway.chat.past import FIRST, LAST, Place, Span
from gateway.chat.render import log_mark
from gateway.lane.history import FIRST_PAGE_ENTRIES, PAGE_ENTRIES, read
from gateway.lane.tasks import Task, Wait

KEYS = Keys("t:")
MARK = log_mark("#r")


class Log:
    """Entries by (ms, n), the places that are void, and how large replies were at most."""

    def __init__(self, sizes: list[int], text: str = "m") -> None:
        """``sizes``: how many events each entry has."""
        self.entries = {(10 + at // 3, at % 3): size for at, size in enumerate(sizes)}
        self.void: set[Place] = set()
        self.text = text
        self.most_entries = self.most_bytes = 0

    @property
    def places(self) -> list[Place]:
        """Of all messages that are not void; the first event of each entry is none."""
        every = [(*key, i, MARK) for key, size in self.entries.items() for i in range(1, size)]
        return [place for place in every if place not in self.void]

    def ask(self, *words: Any) -> Awaitable[Any]:
        wait: Wait[Any] = Wait()
        wait.fulfil(self._mark(*words[1:]) if words[0] == "SMISMEMBER" else self._range(*words))
        return wait

    def _mark(self, key: str, *marks: str) -> list[int]:
        assert key == "t:{#r}:void"
        assert marks
        return [int((*map(int, mark.replace(".", "-").split("-")), MARK) in self.void) for mark in marks]

    def _range(self, verb: str, key: str, one: str, other: str, _count: str, count: int) -> list[Any]:
        assert key == "t:{#r}:log"
        low, high = (one, other) if verb == "XRANGE" else (other, one)
        found = [id for id in self.entries if _above(id, low) and _above(tuple(-x for x in id), high, -1)]
        found = (found if verb == "XRANGE" else found[::-1])[:count]
        page = [[b"%d-%d" % id, [b"o", b"g.0:1", b"e", self._payload(self.entries[id])]] for id in found]
        self.most_entries = max(self.most_entries, len(page))
        self.most_bytes = max(self.most_bytes, sum(len(fields[3]) for _, fields in page))  # type: ignore[arg-type, misc]
        return page

    def _payload(self, size: int) -> bytes:
        return encode([("s", ":a!a@h TOPIC #r :t"), *[("s", f":a!a@h PRIVMSG #r :{self.text}")] * (size - 1)])


def _above(id: tuple[int, ...], bound: str, sign: int = 1) -> bool:
    limit = tuple(sign * int(x) for x in bound.removeprefix("(").split("-"))
    return id > limit if bound.startswith("(") else id >= limit


def places(log: Log, after: Place, before: Place, limit: int, newest: bool) -> list[Place]:
    """What is read, as places."""
    result: list[Place] = []

    async def run() -> None:
        result.extend(past.place for past in await read(log.ask, KEYS, "#r", Span(after, before, limit, newest)))

    errors: list[Exception | None] = []
    Task(run(), lambda _task, error: errors.append(error)).step()
    assert errors == [None]
    return result


some_place = st.tuples(st.integers(9, 20), st.integers(0, 3), st.integers(0, 4), st.sampled_from(["", MARK]))


@given(st.data())
def test_any_range_is_cut_out_of_the_log_as_out_of_a_list(data: st.DataObject) -> None:
    log = Log(data.draw(st.lists(st.integers(1, 4), max_size=30)))
    log.void = data.draw(st.sets(st.sampled_from(log.places))) if log.places else set()
    after, before = data.draw(some_place | st.just(FIRST)), data.draw(some_place | st.just(LAST))
    limit, newest = data.draw(st.integers(1, 20)), data.draw(st.booleans())
    between = [place for place in log.places if after < place < before]
    expected = between[-limit:] if newest else between[:limit]
    assert places(log, after, before, limit, newest) == expected


@pytest.mark.parametrize("newest", [True, False])
def test_a_long_log_is_read_in_bounded_pages(newest: bool) -> None:
    log = Log([1] * 400 + [2] + [1] * 400)
    assert places(log, FIRST, LAST, 5, newest) == log.places
    assert log.most_entries == PAGE_ENTRIES


@pytest.mark.parametrize("newest", [True, False])
def test_of_large_entries_fewer_are_asked_for(newest: bool) -> None:
    """A page of a hundred entries of 64 KB would be six megabytes at once."""
    log = Log([128] * 30, text="x" * 480)
    entry_bytes = len(log._payload(128))
    assert entry_bytes > 60_000
    assert len(places(log, FIRST, LAST, 127 * 30, newest)) == 127 * 30
    assert log.most_bytes == FIRST_PAGE_ENTRIES * entry_bytes


@pytest.mark.parametrize("newest", [True, False])
def test_no_more_is_read_than_is_needed(newest: bool) -> None:
    log = Log([2] * 500)
    asked = 0
    ask = log.ask

    def count(*words: Any) -> Awaitable[Any]:
        nonlocal asked
        asked += 1
        return ask(*words)

    log.ask = count  # type: ignore[method-assign]
    assert len(places(log, FIRST, LAST, 20, newest)) == 20
    assert asked == 4  # a first page to see how large entries are, another one; and a look at void marks for each
