"""Publishing after appending, with the answers of Redis given by hand: what is published, and when."""

from collections.abc import Callable
from typing import cast

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort
from gateway.logs.in_flight import InFlight, LogQueue
from gateway.logs.publishing import DelayedPublisher
from gateway.logs.replication import ReplicaAcks

KEYS = Keys("t:")
ROOM = "t:{#a}:live"


class Acks:
    """Replicas that answer when the test says so."""

    def __init__(self) -> None:
        self.is_lagging = False
        self.asked: list[tuple[Callable[[], None], Callable[[], None]]] = []

    def ask(self, done: Callable[[], None], lost: Callable[[], None]) -> None:
        self.asked.append((done, lost))

    def after_replicated(self, done: Callable[[], None]) -> None:
        self.asked.append((done, lambda: None))


class Lane:
    """A publisher, what it has published, and which entries it has finished."""

    def __init__(self) -> None:
        self.published: list[tuple[str, bytes | str]] = []
        self.finished: list[tuple[str, str]] = []
        self.acks = Acks()
        self.publisher = DelayedPublisher(
            cast(RedisPort, self),
            cast(ReplicaAcks, self.acks),
            lambda queue, at: self.finished.append((queue.name, at)),
        )

    def publish(self, channel: str, payload: bytes | str) -> None:
        self.published.append((channel, payload))

    def send(self, name: str, count: int, appended: list[bytes] | None) -> None:
        """Send an entry; ``appended``: the answer to its append, if it has come."""
        queue, entry = LogQueue(name, KEYS, None), InFlight(f"g.0:{count}", b"payload")
        queue.in_flight = entry
        self.publisher.sending(queue, entry)
        entry.appended = appended


def test_entries_are_published_once_the_replicas_have_them_all_of_a_turn_at_once() -> None:
    lane = Lane()
    lane.send("#a", 1, [b"2-0", b"1-0", b"e"])
    lane.send("#b", 2, [b"3-0", b"0-0", b"f"])
    lane.publisher.turn()
    lane.publisher.turn()
    assert lane.published == []
    [(replicated, _)] = lane.acks.asked
    replicated()
    assert lane.published == [
        (ROOM, b"2-0 1-0 e g.0:1\npayload"),
        ("t:{#b}:live", b"3-0 0-0 f g.0:2\npayload"),
    ]
    assert lane.finished == [("#a", "2-0"), ("#b", "3-0")]


def test_an_entry_that_was_refused_is_not_published() -> None:
    lane = Lane()
    lane.send("#a", 1, None)
    lane.publisher.turn()
    lane.acks.asked[0][0]()
    assert (lane.published, lane.finished) == ([], [])


def test_after_a_lost_connection_the_followers_of_a_log_are_made_to_read_it() -> None:
    lane = Lane()
    lane.publisher.link_up()
    assert lane.acks.asked == [], "nothing is unpublished"
    lane.send("#a", 1, [b"2-0", b"1-0", b"e"])
    lane.publisher.turn()
    lane.acks.asked[0][1]()
    assert lane.published == []
    lane.publisher.link_up()
    lane.acks.asked[1][0]()
    assert lane.published == [(ROOM, "0-0 - - -\n")]
    lane.publisher.link_up()
    assert len(lane.acks.asked) == 2
