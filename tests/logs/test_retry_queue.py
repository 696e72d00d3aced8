"""The retry queue: messages that wait while Redis is unavailable, with their bounds, order and age."""

import tracemalloc

import pytest

from gateway.broker.keys import Keys
from gateway.broker.link import RedisLink
from gateway.logs import retry_queue
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.logs.retry_queue import MustDeliver, RetryQueue
from tests.simulation.server import SimulatedSelector

SESSION_BYTES, AGE_S = 10_000, 60.0


class Lane:
    """Sessions that write to logs of other lanes over a link that is down."""

    def __init__(self) -> None:
        self.now = 0.0
        self.link = RedisLink(SimulatedSelector(), self, ())  # type: ignore[arg-type]
        self.log_writer = LogWriter(self.link, Keys("t:"), "g.0", lambda: "e", lambda _pending, _outcome: None)
        self.under_way: dict[str, int] = {}
        self.refused: list[str] = []
        self.retry_queue = RetryQueue(self.log_writer, self.under_way.get, self._refuse, (SESSION_BYTES, AGE_S))
        self.retry_queue.redis_unavailable(self.now)

    def _refuse(self, pending: PendingEvent) -> None:
        self.retry_queue.finished(pending)
        self.under_way[pending.sid] -= 1
        self.refused.append(pending.line)

    def say(self, sid: str, log: str, text: str) -> bool:
        """Return whether the queue accepts a line. A line is only a text here."""
        self.under_way[sid] = self.under_way.get(sid, 0) + 1
        pending = PendingEvent(sid, text)
        if self.retry_queue.is_on and not self.retry_queue.admits(log, pending, self.now):
            self.under_way[sid] -= 1
            return False
        self.log_writer.add(log, pending)
        return True

    def quit(self, sid: str, log: str) -> None:
        self.under_way[sid] += 1
        self.log_writer.add(log, MustDeliver(sid, "QUIT"))

    def drain(self) -> None:
        """Redis is available again, and every event is in its log."""
        self.retry_queue.redis_available()
        for name, pending, _ in list(self.log_writer.under_way()):
            self.log_writer.withdraw(name, lambda one, it=pending: one is it)  # type: ignore[misc]
            self.retry_queue.finished(pending)
            self.under_way[pending.sid] -= 1
        self.tick()

    def tick(self) -> None:
        self.retry_queue.tick(self.now)

    def queued(self, log: str) -> list[str]:
        return [pending.line for pending in self.log_writer.waiting(log)]


@pytest.fixture
def lane() -> Lane:
    return Lane()


def test_a_session_s_bytes_are_bounded_and_others_are_not_touched(lane: Lane) -> None:
    kept = [lane.say("a", "@x", "x" * 400) for _ in range(40)]
    assert kept == sorted(kept, reverse=True), "something was kept behind what was refused"
    assert 10 < kept.count(True) < 20
    assert lane.say("b", "@x", "of another")


def test_behind_what_was_refused_everything_to_that_target_is_until_nothing_is_under_way(lane: Lane) -> None:
    lane.say("a", "@x", "first")
    assert not lane.say("a", "@x", "x" * SESSION_BYTES)
    assert not lane.say("a", "@x", "small")
    assert lane.say("a", "@y", "to another target")
    lane.retry_queue.redis_available()
    lane.tick()
    assert not lane.say("a", "@x", "Redis is back, the first is still on its way")
    lane.drain()
    assert lane.say("a", "@x", "now")
    assert not lane.retry_queue.is_on


def test_what_is_too_old_is_refused_and_with_it_what_the_session_said_after_it(lane: Lane) -> None:
    lane.say("a", "@x", "old")
    lane.now = AGE_S - 1
    lane.say("a", "@x", "behind it")
    lane.say("b", "@x", "young")
    lane.say("a", "@y", "elsewhere")
    lane.tick()
    assert lane.refused == []
    lane.now = AGE_S
    lane.tick()
    assert lane.refused == ["old", "behind it"]
    assert lane.queued("@x") == ["young"]
    assert lane.queued("@y") == ["elsewhere"]


def test_what_waited_before_redis_went_is_as_old_as_its_going(lane: Lane) -> None:
    lane.drain()
    lane.now = 100.0
    assert lane.say("a", "@x", "before")
    lane.retry_queue.redis_unavailable(lane.now)
    lane.now += AGE_S
    lane.tick()
    assert lane.refused == ["before"]


def test_ages_go_on_when_redis_comes_back_for_a_moment(lane: Lane) -> None:
    lane.say("a", "@x", "old")
    lane.now = AGE_S - 1
    lane.retry_queue.redis_available()
    lane.tick()
    lane.retry_queue.redis_unavailable(lane.now)
    lane.now = AGE_S
    lane.tick()
    assert lane.refused == ["old"]


def test_a_quit_is_never_refused(lane: Lane) -> None:
    lane.say("a", "@x", "old")
    lane.quit("a", "@x")
    lane.now = 10 * AGE_S
    lane.tick()
    assert lane.refused == ["old"]
    assert lane.queued("@x") == ["QUIT"]


def test_the_count_of_bytes_ends_at_nothing(lane: Lane) -> None:
    for i in range(10):
        lane.say(f"s{i}", "@x", "x" * 100)
    lane.now = AGE_S
    lane.tick()
    assert len(lane.refused) == 10
    assert lane.retry_queue.bytes == 0


def test_a_lane_s_memory_is_bounded_whoever_writes(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 2 * 1024 * 1024
    monkeypatch.setattr(retry_queue, "LANE_LIMIT_BYTES", limit)
    for n in range(500):
        lane.under_way[f"g.0.{n}"] = 0
    tracemalloc.start()
    try:
        kept = 0
        for length in (1, 20, 300):  # small events have the largest overhead
            for n in range(500):
                kept += sum(lane.say(f"g.0.{n}", f"@{n % 50}", f"{n} {'x' * length}") for _ in range(20))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1000 < kept < 30_000
    assert used < 1.2 * limit
