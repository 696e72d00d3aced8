"""Moments in words, as TIME, WHOWAS and old messages tell them. Pure."""

from datetime import UTC, datetime


def date(at_s: float) -> str:
    """Seconds since 1970 as "Sunday 22 November 2026 -- 11:30:05 UTC"."""
    return f"{datetime.fromtimestamp(at_s, UTC):%A %d %B %Y -- %H:%M:%S} UTC"


def hour_and_minute(at_ms: int) -> str:
    """Milliseconds since 1970 as "11:30" (UTC)."""
    hours, minutes = divmod(at_ms // 60_000 % (24 * 60), 60)
    return f"{hours:02}:{minutes:02}"
