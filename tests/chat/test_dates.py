"""Moments in words, and in the form of IRCv3 server-time."""

import pytest

from gateway.chat.dates import date, hour_and_minute, parse_time, server_time


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-01T00:00:00.001Z", 1),
        ("2026-11-22T10:43:08.123Z", 1795344188123),
        ("2026-11-22T10:43:08Z", 1795344188000),
        ("1960-01-01T00:00:00.000Z", 0),
        ("2026-02-30T00:00:00.000Z", None),
        ("2026-11-22T10:43:08.123", None),
        ("2026-11-22T10:43:08.123+01:00", None),
        ("2026-11-22", None),
        ("*", None),
    ],
)
def test_a_time_is_read_as_server_time_writes_it(text: str, at_ms: int | None) -> None:
    """IRCv3 chathistory: timestamp=YYYY-MM-DDThh:mm:ss.sssZ."""
    assert parse_time(text) == at_ms
    if at_ms and text.count("."):
        assert server_time(at_ms) == text


def test_moments_in_words_are_utc() -> None:
    """RFC 2812 RPL_TIME leaves the form to the server."""
    assert date(1_795_347_005.9) == "Sunday 22 November 2026 -- 11:30:05 UTC"
    assert hour_and_minute(1_795_347_005_000) == "11:30"
    assert hour_and_minute(0) == "00:00"


def test_server_time_has_milliseconds_and_no_year_of_five_digits() -> None:
    """IRCv3 server-time. The log's clock is not ours: any number may come."""
    assert server_time(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"
    assert server_time(1 << 62).startswith("9999-12-31T23:59:5")


def test_a_time_before_1970_is_1970() -> None:
    assert parse_time("1969-12-31T23:59:59.999Z") == 0
