"""The time at which a lane appends its queued events: at once, or after a moment in which more may come.

Pure; times are seconds of one monotonic clock.
"""

GATHER_S = 0.002
BUSY_SENDS_PER_S = 700
GATHERED_ENOUGH = 24
LONG_FAN_OUT_S = 0.004
COUNTING_S = 0.1


class BatchDelay:
    """An adaptive pause before the append.

    There is no pause when the lane is idle, so a single message is fast. At a high rate of small entries, 2 ms save a
    third of the work. A large batch has no pause, since it would only slow down a closed loop. If a turn's fan-out is
    long, the pause is an eighth of it: a late message would cost as much again as all the others together.
    """

    __slots__ = ("_counted_at", "_fan_out_s", "_sends_per_s", "until")

    def __init__(self, now: float) -> None:
        self._counted_at = now
        self._sends_per_s = 0.0  # decaying
        self._fan_out_s = 0.0  # the time of a turn's sending, decaying
        self.until = 0.0
        """The end of the present pause, or 0."""

    def fanned_out(self, seconds: float) -> None:
        """Note the time of a turn's sending to clients."""
        self._fan_out_s += (seconds - self._fan_out_s) / 4

    def count(self, now: float, entries: int) -> None:
        """Note the number of entries appended since the last call."""
        rate = entries / (now - self._counted_at)
        self._sends_per_s += (rate - self._sends_per_s) / 2
        self._counted_at = now

    def is_count_due(self, now: float) -> bool:
        return now - self._counted_at > COUNTING_S

    def may_send(self, now: float, gathered: int) -> bool:
        """Return whether to append the ``gathered`` events now. If not, call again at ``until``."""
        pause_s = 0.0
        if self._sends_per_s >= BUSY_SENDS_PER_S and gathered < GATHERED_ENOUGH:
            pause_s = GATHER_S
        elif self._fan_out_s > LONG_FAN_OUT_S:
            pause_s = min(GATHER_S, self._fan_out_s / 8)
        if not self.until:
            self.until = now + pause_s
        if pause_s and now < self.until:
            return False
        self.until = 0.0
        return True
