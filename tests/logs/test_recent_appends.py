"""What a lane has appended lately: bounded in age and bytes, over all logs."""

import pytest

from gateway.broker.keys import Keys
from gateway.chat.events import Entry, encode
from gateway.logs import recent_appends
from gateway.logs.in_flight import InFlight, LogQueue
from gateway.logs.recent_appends import AGES, RecentAppends


def queue(name: str) -> LogQueue:
    return LogQueue(name, Keys("t:"), None)


def sent(count: int, *lines: str) -> InFlight:
    return InFlight(f"g.0:{count}", encode([("g.0.1", line) for line in lines]))


def counts(log: LogQueue) -> list[int]:
    return [entry.count for entry in log.recent]


def test_an_entry_is_forgotten_after_a_minute_and_its_log_is_reported() -> None:
    forgotten: list[LogQueue] = []
    recent, log = RecentAppends(forgotten.append), queue("#a")
    recent.add(log, sent(1, "x"))
    for _ in range(AGES):
        recent.age()
    recent.add(log, sent(2, "y"))
    assert counts(log) == [1, 2]
    recent.age()
    assert (counts(log), forgotten) == ([2], [log])


def test_the_oldest_entry_of_all_logs_goes_when_there_are_too_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_appends, "LIMIT_BYTES", 1000)
    recent, one, other = RecentAppends(lambda _log: None), queue("#a"), queue("#b")
    recent.add(one, sent(1, "x" * 300))
    recent.add(other, sent(2, "x" * 100))
    recent.add(one, sent(3, "x" * 100))
    assert (counts(one), counts(other)) == ([3], [2])


def test_a_rejected_event_is_not_restored() -> None:
    recent, log = RecentAppends(lambda _log: None), queue("#a")
    recent.add(log, sent(1, "good", "bad"))
    recent.forget_rejected(log, Entry("1-0", "g.0:1", ["g.0.1"] * 2, ["good", "bad"], b""), {1})
    assert [entry.payload for entry in log.recent] == [encode([("g.0.1", "good")])]


def test_a_log_that_nobody_reads_is_forgotten_and_the_others_are_not() -> None:
    """Its key has a value of another type."""
    recent, one, other = RecentAppends(lambda _log: None), queue("@a"), queue("@b")
    recent.add(one, sent(1, "x"))
    recent.add(other, sent(2, "y"))
    recent.forget(one)
    assert (counts(one), counts(other)) == ([], [2])
    for _ in range(AGES + 1):
        recent.age()
    assert counts(other) == []
