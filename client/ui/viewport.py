"""Which rows of a long list of entries are in view, without knowing how many rows there are.

    entries ...  41  42  43  44  45 ...          the anchor is the lowest entry that has a row in view, and
    in view        [ 42  43  44 ]                `hidden` is how many of its rows are below the edge

The position is an entry, not a number. So neither older entries above nor new ones below move it, and only what is in
view is drawn. Pure; on the thread of the interface.
"""

from collections.abc import Callable, Sequence
from itertools import islice

from textual.strip import Strip

from client.buffer import Entry

Rows = Callable[[int], Sequence[Strip]]  # the rows of the entry with this index


class Viewport:
    """A position in the entries of a buffer; `entries` is the deque of a buffer, which changes meanwhile."""

    def __init__(self) -> None:
        self.anchor: Entry | None = None  # None: the end is in view, and stays in view
        self.hidden = 0
        self._index = 0

    @property
    def is_at_end(self) -> bool:
        return self.anchor is None

    def to_end(self) -> None:
        self.anchor, self.hidden = None, 0

    def to_line(self, entry: Entry) -> None:
        """Make an entry the lowest in view."""
        self.anchor, self.hidden = entry, 0

    def place(self, entries: Sequence[Entry]) -> int:
        """Return the index of the anchor: 0 if it was dropped, -1 if there are no entries."""
        if self.anchor is None:
            return len(entries) - 1
        if not (self._index < len(entries) and entries[self._index] is self.anchor):
            self._index = next((index for index, entry in enumerate(entries) if entry is self.anchor), -1)
            if self._index < 0:
                self._index, self.anchor, self.hidden = (0, entries[0], 0) if entries else (-1, None, 0)
        return self._index

    def scroll(self, entries: Sequence[Entry], rows: Rows, height: int, delta: int) -> bool:
        """Scroll by rows, up if `delta` is negative; False at the end in that direction."""
        index = self.place(entries)
        if index < 0:
            return False
        before = (index, self.hidden)
        hidden = self.hidden - delta
        while index > 0 and hidden >= len(rows(index)):
            hidden -= len(rows(index))
            index -= 1
        while hidden < 0 and index + 1 < len(entries):
            index += 1
            hidden += len(rows(index))
        self._settle(entries, index, max(hidden, 0))
        self._keep_full(entries, rows, height)
        return (self.place(entries), self.hidden) != before

    def _settle(self, entries: Sequence[Entry], index: int, hidden: int) -> None:
        if index == len(entries) - 1 and hidden == 0:
            self.to_end()
        else:
            self.anchor, self.hidden, self._index = entries[index], hidden, index

    def _keep_full(self, entries: Sequence[Entry], rows: Rows, height: int) -> None:
        """Keep the first row at the top if there is nothing above it."""
        index, missing = self.place(entries), height + self.hidden
        while index >= 0 and missing > 0:
            missing -= len(rows(index))
            index -= 1
        if missing > 0 and not self.is_at_end:
            index, hidden = self.place(entries), self.hidden - missing
            while hidden < 0 and index + 1 < len(entries):
                index += 1
                hidden += len(rows(index))
            self._settle(entries, index, max(hidden, 0))

    def visible(self, entries: Sequence[Entry], rows: Rows, height: int) -> list[tuple[int, int]]:
        """Return (index, row) of what is in view, from the top; fewer than `height` if there are no more."""
        index = self.place(entries)
        found: list[tuple[int, int]] = []
        skipped = self.hidden
        while index >= 0 and len(found) < height:
            count = len(rows(index))
            found += [(index, row) for row in islice(range(count - 1 - skipped, -1, -1), height - len(found))]
            skipped = 0
            index -= 1
        return found[::-1]
