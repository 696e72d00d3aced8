"""Flood control of a client: a token bucket. Pure; `now` comes in as seconds of one monotonic clock."""

from typing import Final

ANSWER_BYTES: Final = 16384
"""An answer of this size costs as much as a line."""


class TokenBucket:
    """A bucket that fills with `rate` tokens per second up to `burst`. Each line takes one, also on credit."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float, tokens: int = 1) -> bool:
        """Take tokens. Return False if the bucket is in debt now, so that the next line has to wait."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate) - tokens
        self._at = now
        return self._tokens >= 0

    def ready_in(self, now: float) -> float:
        """Return the seconds until the bucket is out of debt."""
        return max(0.0, -self._tokens / self._rate - (now - self._at))
