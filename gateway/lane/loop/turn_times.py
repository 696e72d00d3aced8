"""The longest turn of a lane in the last minute, without the wait for sockets.

Owned by the lane's thread, read by the admin thread: plain numbers, which needs no lock.
"""

WINDOW_S = 30.0


class TurnTimes:
    """The longest turn of the current window and of the one before."""

    __slots__ = ("_before_s", "_longest_s", "_window_ends_at")

    def __init__(self, now: float) -> None:
        self._before_s = self._longest_s = 0.0
        self._window_ends_at = now + WINDOW_S

    def took(self, began: float, ended: float) -> None:
        """Note the end of a turn. Both are seconds of one monotonic clock."""
        if ended >= self._window_ends_at:
            self._before_s, self._longest_s = self._longest_s, 0.0
            self._window_ends_at = ended + WINDOW_S
        self._longest_s = max(self._longest_s, ended - began)

    @property
    def longest_s(self) -> float:
        return max(self._longest_s, self._before_s)
