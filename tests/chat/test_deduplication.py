"""Messages with a client message id: the same one is delivered once, and another one with its id is refused."""

from typing import Any

from gateway.chat import deduplication, events
from gateway.chat.effects import MessageSent, Reason, reason_of
from tests.chat.log import ROOM, Log, source_of, with_members


def say_with_id(log: Log, nick: str, message_id: str, text: str = "x", source: str = "") -> Any:
    return log.do(nick, f"@+hubbub/id={message_id} {events.said(source or source_of(nick), 'PRIVMSG', ROOM, text)}")


def test_a_message_that_its_sender_says_again_is_void_and_tells_the_first_ones_place() -> None:
    """By a new session too, under another nick, and by one that is no member yet."""
    log = with_members("ann", "bob")
    assert type(say_with_id(log, "ann", "7")) is MessageSent
    place = f"{log.last_id}.0"
    for nick in ("ann", "bob", "zed"):
        again = say_with_id(log, nick, "7", source=f"{nick}!ann@host")
        assert (reason_of(again), str(again.first), again.tags) == (Reason.DUPLICATE, place, "+hubbub/id=7")
    assert type(say_with_id(log, "ann", "8")) is MessageSent


def test_an_id_of_another_message_is_refused_without_telling_of_that_one() -> None:
    log = with_members("ann", "bob")
    say_with_id(log, "ann", "7")
    by_another, other_text = say_with_id(log, "bob", "7"), say_with_id(log, "ann", "7", "y")
    tag = log.do("ann", events.tagmsg(source_of("ann"), ROOM, "+hubbub/id=7"))
    for effect in (by_another, other_text, tag):
        assert (reason_of(effect), effect.first) == (Reason.ID_IN_USE, None)
    assert say_with_id(log, "ann", "7").reason is Reason.DUPLICATE, "the first message keeps its id"


def test_texts_are_the_same_as_far_as_no_nick_could_cut_them() -> None:
    """A relayed line is cut at 512 bytes, so a long text loses more of its end under a longer nick (RFC 2812 2.3)."""
    log = with_members("ann")
    say_with_id(log, "ann", "7", "é" * 200)
    assert reason_of(say_with_id(log, "ann", "7", "é" * 190)) == Reason.DUPLICATE
    assert reason_of(say_with_id(log, "ann", "7", "é" * 120)) == Reason.ID_IN_USE
    log.say_lines("ann", "one", "\ntwo", "+hubbub/id=8")
    assert reason_of(log.say_lines("ann", "one", "\nthree", "+hubbub/id=8")) == Reason.ID_IN_USE


def test_reactions_with_one_id_are_the_same_if_their_tags_are() -> None:
    log = with_members("ann")
    line = events.tagmsg(source_of("ann"), ROOM, "+hubbub/id=7;+draft/react=yes")
    assert type(log.do("ann", line)) is MessageSent
    assert reason_of(log.do("ann", line)) == Reason.DUPLICATE
    assert reason_of(log.do("ann", line.replace("=yes", "=no"))) == Reason.ID_IN_USE


def test_an_id_of_a_void_message_is_not_taken() -> None:
    log = with_members("ann", "bob", modes="+m")
    assert reason_of(say_with_id(log, "bob", "7")) == Reason.MUTED
    log.mode("ann", "-m")
    assert type(say_with_id(log, "bob", "7")) is MessageSent
    log.mode("ann", "+m")
    assert reason_of(say_with_id(log, "bob", "7")) == Reason.DUPLICATE


def test_ids_are_remembered_for_ten_minutes_and_up_to_a_length() -> None:
    log = with_members("ann")
    for message_id in ("1", "2", "x" * 65, "x" * 65):
        assert type(say_with_id(log, "ann", message_id)) is MessageSent
    assert list(log.room.seen_ids) == ["1", "2"]
    log.at_ms += deduplication.MEMORY_MS
    assert type(say_with_id(log, "ann", "1")) is MessageSent
    assert list(log.room.seen_ids) == ["1"]


def test_nobodys_ids_are_forgotten_for_those_of_one_who_gives_many() -> None:
    log = with_members("ann", "bob")
    for number in range(16):
        say_with_id(log, "ann", f"ann{number}")
    for number in range(3 * deduplication.LIMIT):
        say_with_id(log, "bob", f"bob{number}")
        assert len(log.room.seen_ids) <= deduplication.LIMIT
    for number in range(16):
        assert reason_of(say_with_id(log, "ann", f"ann{number}")) == Reason.DUPLICATE
    assert reason_of(say_with_id(log, "bob", f"bob{number}")) is None, "his oldest are forgotten"


def test_where_many_give_ids_each_keeps_the_newest_few() -> None:
    said: deduplication.SeenIds = {}
    for number in range(deduplication.LIMIT + 1):
        deduplication.remember(
            said, str(number), deduplication.MessageRecord(f"user{number % 1000}@host", 0, "1700000000000-0", number)
        )
    assert list(said) == [str(number) for number in range(deduplication.LIMIT - 1999, deduplication.LIMIT + 1)]


def test_of_more_senders_than_there_is_room_for_the_newest_are_remembered() -> None:
    said: deduplication.SeenIds = {}
    for number in range(deduplication.LIMIT + 1):
        deduplication.remember(
            said, str(number), deduplication.MessageRecord(f"user{number}@host", 0, "1700000000000-0", number)
        )
    assert list(said) == [str(number) for number in range(deduplication.LIMIT // 2 + 1, deduplication.LIMIT + 1)]
