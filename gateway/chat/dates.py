"""Moments in words, as TIME and WHOWAS tell them. Pure."""

from datetime import UTC, datetime


def date(at_s: float) -> str:
    """Seconds since 1970 as "Sunday 22 November 2026 -- 11:30:05 UTC"."""
    return f"{datetime.fromtimestamp(at_s, UTC):%A %d %B %Y -- %H:%M:%S} UTC"
