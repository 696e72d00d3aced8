"""The lives of a room, and the ranges of the room's log that are hidden from members of later lives.

Owns the bounds between lives and the list of hidden ranges. Knows neither members nor modes: the room's state
determines when a life ends, and whether it was protected then. Pure.
"""

from itertools import pairwise
from typing import Final

Bound = tuple[int, int, int]
"""A place between two events of a log: before the event with this stream id (ms, n) and index in its entry."""

Range = tuple[Bound, Bound]

START: Final[Bound] = (0, 0, 0)
HIDDEN_LIMIT: Final = 64
"""The maximum number of ranges in a room's state."""


def hide(hidden: list[Range], begin: Bound, end: Bound) -> None:
    """Add a range to a sorted list of them.

    Adjacent ranges are merged. Over the limit, the two ranges that are nearest in time are merged, with the part
    between them: too much is hidden rather than too little. So short public lives are hidden first. A user who locks
    and leaves an empty room repeatedly hides their own messages, and no long public life before.
    """
    ranges: list[Range] = []
    for range_ in sorted([*hidden, (begin, end)]):
        if ranges and range_[0] <= ranges[-1][1]:
            ranges[-1] = ranges[-1][0], max(ranges[-1][1], range_[1])
        else:
            ranges.append(range_)
    while len(ranges) > HIDDEN_LIMIT:
        gaps_ms = [after[0][0] - before[1][0] for before, after in pairwise(ranges)]
        at = gaps_ms.index(min(gaps_ms))
        ranges[at : at + 2] = [(ranges[at][0], ranges[at + 1][1])]
    hidden[:] = ranges
