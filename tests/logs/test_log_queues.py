"""The queues of a lane: their order, what is due, and which of them are forgotten. No Redis."""

from gateway.broker.keys import Keys
from gateway.logs.in_flight import InFlight, LogQueue, PendingEvent
from gateway.logs.log_queues import LogQueues
from gateway.logs.replica import Replica

ROOM, INBOX = "#room", "@gate01.0"


class Nobody:
    """A follower without a state, and a reader that reads nothing."""

    def seed(self) -> bool:
        return False

    def begin(self, base: str | None) -> bool:
        return True

    def apply(self, entry: object) -> None: ...
    def ephemeral(self, payload: bytes) -> None: ...
    def caught_up(self) -> None: ...
    def request_page(self, replica: Replica, from_id: str) -> None: ...
    def fault(self, replica: Replica, error: Exception) -> None: ...


def queues() -> LogQueues:
    """The queues of a lane that follows one room."""
    made = LogQueues(Keys("t:"))
    made.follow(Replica(ROOM, Nobody(), Nobody()))
    return made


def event(line: str) -> PendingEvent:
    return PendingEvent("g.0.1", line)


def lines(made: LogQueues, name: str) -> list[str]:
    return [waiting.line for waiting in made.waiting(name)]


def send(made: LogQueues, name: str) -> LogQueue:
    """Put what waits for a log in flight, as one entry."""
    queue = made._queues[name]
    queue.in_flight = InFlight("g.0:1", b"", list(queue.events))
    queue.events.clear()
    return queue


def test_events_wait_in_the_order_in_which_they_were_added() -> None:
    made = queues()
    for line in "abc":
        made.add(ROOM, event(line))
    made.add_first(ROOM, event("first"))
    made.add_all_first(ROOM, [event("1"), event("2")])
    assert lines(made, ROOM) == ["1", "2", "first", "a", "b", "c"]
    assert made.queued == 6


def test_events_count_as_gathered_unless_an_entry_is_in_flight() -> None:
    made = queues()
    made.add(ROOM, event("a"))
    made.add(ROOM, event("b"))
    assert made.gathered == 2
    send(made, ROOM)
    made.add(ROOM, event("c"))
    assert made.gathered == 2, "it is due when the entry in flight is acknowledged"
    assert made.queued == 3


def test_all_that_is_under_way_is_listed_with_what_was_never_sent() -> None:
    made = queues()
    made.add(ROOM, event("sent"))
    send(made, ROOM)
    made.add(ROOM, event("waits"))
    made.add(INBOX, event("direct"))
    listed = [(name, pending.line, is_waiting) for name, pending, is_waiting in made.under_way()]
    assert listed == [(ROOM, "sent", False), (ROOM, "waits", True), (INBOX, "direct", True)]
    assert [pending.line for pending in made.in_flight()] == ["sent"]
    assert made.has_own_in_flight


def test_only_what_was_never_sent_can_be_withdrawn() -> None:
    made = queues()
    made.add(ROOM, event("sent"))
    send(made, ROOM)
    made.add(ROOM, event("a"))
    made.add(ROOM, event("b"))
    assert [pending.line for pending in made.withdraw(ROOM, lambda _event: True)] == ["a", "b"]
    assert made.withdraw("#other", lambda _event: True) == []
    assert made.queued == 1


def test_another_lanes_inbox_is_forgotten_when_nothing_is_under_way_to_it() -> None:
    made = queues()
    made.add(INBOX, event("a"))
    assert not made.is_idle(INBOX)
    made.withdraw(INBOX, lambda _event: True)
    assert INBOX not in made._queues
    assert made.is_idle(INBOX)


def test_a_followed_log_keeps_its_queue_until_it_is_not_followed_any_more() -> None:
    made = queues()
    made.add(ROOM, event("a"))
    made.withdraw(ROOM, lambda _event: True)
    assert ROOM in made._queues
    made.unfollow(ROOM)
    assert made.is_idle(ROOM)


def test_what_is_called_after_the_recovery_waits_for_entries_in_flight() -> None:
    made, called = queues(), list[str]()
    made.after_recovery(ROOM, lambda: called.append("at once"))
    made.add(ROOM, event("a"))
    queue = send(made, ROOM)
    made.after_recovery(ROOM, lambda: called.append("later"))
    assert called == ["at once"]
    assert queue.has_more
