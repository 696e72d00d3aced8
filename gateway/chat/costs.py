"""What commands cost in lines of flood control, besides the line that they are (docs/decisions/0018). Pure."""

from typing import Final

NEW_ROOM: Final = 4.0
"""A JOIN that creates a room: Redis stores a new log."""
SEARCH: Final = 8.0
"""A search of all rooms or users, however few are sent."""
WRONG_PASSWORD: Final = 8.0
HISTORY_PAGE: Final = 0.25
"""A page read from a log."""


def rooms(count: int) -> float:
    """The cost of writing to so many rooms."""
    return max(0, count - 1) / 4


def lookups(count: int) -> float:
    """The cost of looking so many users up."""
    return count / 64


def masks(count: int) -> float:
    """The cost of matching so many ban masks."""
    return count / 64
