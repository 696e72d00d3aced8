"""Entries of the list of rooms: they are read as written, and an entry that is not renewed does not count."""

from gateway.chat.member import Member
from gateway.chat.network import RoomListing
from gateway.chat.state import State
from gateway.directory.room_list import STALE_S, listed, written


def room(topic: str, flags: str) -> State:
    state = State("#Room")
    state.name = "#Room"
    state.add(Member("aaaaaa.0.1", "bob", "b", "h"))
    state.topic, state.flags = topic, set(flags)
    return state


def test_an_entry_says_what_the_room_is() -> None:
    entry = written(room("tea  and :biscuits", "nt"), 1000.0).encode()
    assert listed(entry, 1001.0) == RoomListing("#Room", 1, "tea  and :biscuits", is_secret=False)


def test_a_room_without_topic_and_a_secret_one() -> None:
    assert listed(written(room("", "s"), 1000.0).encode(), 1000.0) == RoomListing("#Room", 1, "", is_secret=True)


def test_an_entry_that_nobody_renews_does_not_count() -> None:
    entry = written(room("", ""), 1000.0).encode()
    assert listed(entry, 1000.0 + STALE_S) is not None
    assert listed(entry, 1001.0 + STALE_S) is None


def test_what_is_no_entry_does_not_count() -> None:
    for value in (None, b"", b"x 1 - #a t", b"1 x - #a t", b"\xff\xff"):
        assert listed(value, 0.0) is None
