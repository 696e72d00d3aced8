"""The position in the lines, while lines of several rows are added and removed above and below."""

import random
from collections import deque

import pytest
from textual.strip import Strip

from client.buffer import Entry, EntryKind
from client.ui.viewport import Viewport

HEIGHT = 10


class Scene:
    """Lines of 1 to 4 rows, and the visible ones: (line number, row)."""

    def __init__(self, count: int) -> None:
        self.lines = deque(self.line(number) for number in range(count))
        self.viewport = Viewport()

    @staticmethod
    def line(number: int) -> Entry:
        return Entry(number, 0.0, EntryKind.MESSAGE, "bob", "hi")

    def rows(self, index: int) -> list[Strip]:
        return [Strip.blank(1)] * (self.lines[index].number % 4 + 1)

    @property
    def shown(self) -> list[tuple[int, int]]:
        return [(self.lines[index].number, row) for index, row in self.viewport.visible(self.lines, self.rows, HEIGHT)]

    def scroll(self, delta: int) -> bool:
        return self.viewport.scroll(self.lines, self.rows, HEIGHT, delta)

    @property
    def all_rows(self) -> list[tuple[int, int]]:
        return [(line.number, row) for line in self.lines for row in range(line.number % 4 + 1)]


def test_the_end_is_in_view_and_stays_so() -> None:
    scene = Scene(100)
    assert scene.shown == scene.all_rows[-HEIGHT:]
    scene.lines.append(scene.line(100))
    assert scene.shown == scene.all_rows[-HEIGHT:]


def test_scrolling_moves_by_rows_and_stops_at_both_ends() -> None:
    scene = Scene(50)
    place = len(scene.all_rows) - HEIGHT
    rolls = random.Random(1)
    for _ in range(500):
        delta = rolls.randint(-30, 25)
        place = min(max(place + delta, 0), len(scene.all_rows) - HEIGHT)
        scene.scroll(delta)
        assert scene.shown == scene.all_rows[place : place + HEIGHT]
        assert scene.viewport.is_at_end == (place == len(scene.all_rows) - HEIGHT)


def test_nothing_moves_when_lines_come_above_and_below() -> None:
    scene = Scene(50)
    scene.scroll(-21)
    shown = scene.shown
    scene.lines.extendleft(scene.line(-number) for number in range(1, 40))
    scene.lines.append(scene.line(50))
    assert scene.shown == shown
    scene.scroll(-1000)
    assert scene.shown == scene.all_rows[:HEIGHT]


def test_a_dropped_anchor_leaves_the_first_line() -> None:
    scene = Scene(50)
    scene.scroll(-1000)
    for _ in range(20):
        scene.lines.popleft()
    assert scene.shown[-1][0] == 20
    scene.scroll(0)
    assert scene.shown == scene.all_rows[:HEIGHT]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_lines_are_all_in_view(count: int) -> None:
    scene = Scene(count)
    assert scene.scroll(-5) is False
    assert scene.shown == scene.all_rows
    assert scene.viewport.is_at_end


def test_only_what_is_in_view_is_drawn() -> None:
    scene = Scene(100_000)
    drawn: set[int] = set()

    def rows(index: int) -> list[Strip]:
        drawn.add(index)
        return scene.rows(index)

    scene.viewport.visible(scene.lines, rows, HEIGHT)
    assert len(drawn) <= HEIGHT
