"""page.lua: a page of history is bounded by entries and by bytes, in both directions."""

from typing import Any

import pytest

from gateway.logs.scripts import PAGE
from tests.stage.worlds import Stage

ROOM = "#r"
PAGE_BYTES = 128 * 1024


def page(stage: Stage, verb: str, begin: str, end: str, limit: int) -> tuple[list[int], int]:
    """Return the numbers of the entries, and whether there may be more."""
    replies: list[Any] = []
    node = stage.nodes[0] if stage.nodes else stage.node()
    node.link.run(PAGE, replies.append, (stage.keys.log(ROOM),), verb, begin, end, limit)
    stage.until(lambda: bool(replies))
    entries, has_more = replies[0]
    return [int(entry_id.split(b"-")[0]) for entry_id, _ in entries], has_more


def fill(stage: Stage, sizes: list[int]) -> None:
    for number, size in enumerate(sizes, 1):
        stage.command("XADD", stage.keys.log(ROOM), f"{number}-0", "o", "g.0:1", "e", "x" * size)


@pytest.mark.parametrize("verb", ["XRANGE", "XREVRANGE"])
def test_a_page_has_so_many_entries_and_says_whether_there_may_be_more(stage: Stage, verb: str) -> None:
    fill(stage, [10] * 50)
    every = list(range(1, 51))
    begin, end = ("0", "99")
    if verb == "XREVRANGE":
        every, begin, end = every[::-1], end, begin
    assert page(stage, verb, begin, end, 40) == (every[:40], 1)
    assert page(stage, verb, f"({every[39]}-0", end, 40) == (every[40:], 0)
    assert page(stage, verb, begin, end, 50) == (every, 1)
    assert page(stage, verb, f"({every[-1]}-0", end, 50) == ([], 0)


@pytest.mark.parametrize("verb", ["XRANGE", "XREVRANGE"])
def test_a_page_ends_before_its_bytes_are_too_many_but_has_one_entry(stage: Stage, verb: str) -> None:
    """A hundred entries of 64 KB would be six megabytes in one reply."""
    fill(stage, [PAGE_BYTES + 1, 60_000, 60_000, 60_000, 10, 10, PAGE_BYTES + 1])
    begin, end = ("0", "99") if verb == "XRANGE" else ("99", "0")
    order = [1, 2, 3, 4, 5, 6, 7] if verb == "XRANGE" else [7, 6, 5, 4, 3, 2, 1]
    seen, pages, has_more = [], [], 1
    while has_more:
        numbers, has_more = page(stage, verb, begin, end, 100)
        seen += numbers
        pages.append(len(numbers))
        begin = f"({numbers[-1]}-0"
    assert seen == order
    assert pages == ([1, 2, 3, 1] if verb == "XRANGE" else [1, 4, 1, 1])
