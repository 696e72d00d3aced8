"""Moments: in words, as TIME, WHOWAS and old messages show them, and in the form of IRCv3 server-time. Pure."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS: Final = int(datetime.max.replace(tzinfo=UTC).timestamp() * 1000) - 1000
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", re.ASCII)


def date(at_s: float) -> str:
    """Seconds since 1970 as "Sunday 22 November 2026 -- 11:30:05 UTC"."""
    return f"{datetime.fromtimestamp(at_s, UTC):%A %d %B %Y -- %H:%M:%S} UTC"


def hour_and_minute(at_ms: int) -> str:
    """Milliseconds since 1970 as "11:30" (UTC)."""
    hours, minutes = divmod(at_ms // 60_000 % (24 * 60), 60)
    return f"{hours:02}:{minutes:02}"


def server_time(at_ms: int) -> str:
    """Milliseconds since 1970 as IRCv3 server-time: 2026-11-22T10:43:08.123Z, at most the end of year 9999."""
    second, millisecond = divmod(min(at_ms, _LATEST_MS), 1000)
    return f"{_second(second)}.{millisecond:03}Z"


def parse_time(text: str) -> int | None:
    """Milliseconds since 1970 of a time in the form of IRCv3 server-time; None for anything else."""
    if _TIME.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None  # no such day or hour
    return max(0, (moment - _EPOCH) // timedelta(milliseconds=1))


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
