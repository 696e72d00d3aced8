"""One event while a room applies it: its parts by name, and what its effects do to the entry."""

import pytest

from gateway.chat import events
from gateway.chat.effects import Effects, MessageSent, ModesSet, Reason, Rejection, TopicSet
from gateway.chat.events import NETWORK, Entry
from gateway.chat.room_event import RoomEvent
from gateway.wire.framing import LINE_CONTENT_BYTES
from gateway.wire.message import parse
from tests.chat.log import ROOM, sid_of, source_of, with_members


def made(raw: str, sid: str = "gwa.0.ann") -> RoomEvent:
    parsed = parse(raw)
    assert parsed is not None
    return RoomEvent(Entry("1700000000123-4", "", [sid], [raw], b""), 2, sid, raw, parsed, Effects())


def test_facts_are_the_lane_s_and_other_tags_the_client_s() -> None:
    event = made("@hubbub/oper=1;hubbub/sids=x.0.1,y.0.2;+a=b;label=9;+c :ann!u@h KICK #a bob,eve :out")
    assert event.is_oper
    assert event.target_sids == ["x.0.1", "y.0.2"]
    assert event.fact("none") == ""
    assert event.client_tags == "+a=b;+c"
    assert made("PART #a").client_tags == ""
    assert not made("@oper=1;+hubbub/oper=1 PART #a").is_oper, "a client cannot set it"


def test_an_optional_text_may_be_missing() -> None:
    event = made("PART #a :bye")
    assert (event.text(1), event.text(2)) == ("bye", "")


def test_the_place_and_time_are_the_entry_s() -> None:
    event = made("PART #a")
    assert (str(event.id), event.at_ms) == ("1700000000123-4.2", 1_700_000_000_123)


def test_the_source_is_the_member_s_as_the_room_knows_it() -> None:
    room = with_members("ann").room
    assert made(":old!u@h PART #a", sid_of("ann")).source(room) == source_of("ann")
    assert made(":zed!u@h PART #a", "z.0.1").source(room) == "zed!u@h"
    assert made("PART #a", "z.0.1").source(room) == "z.0.1"


def test_a_message_as_it_stands_leaves_the_entry_plain() -> None:
    raw = ":ann!u@h PRIVMSG #a :hi"
    event = made(raw)
    event.show_message(raw)
    assert event.effects == [MessageSent(2, event.sid, raw)]
    assert event.effects.plain


def test_a_message_that_is_changed_is_cut_and_the_entry_not_plain() -> None:
    """RFC 2812 2.3: the names in it may have grown."""
    event = made(":ann!u@h PRIVMSG #a :hi")
    event.show_message(f":longer!u@h PRIVMSG #a :{'ä' * 600}", "+a=b")
    (effect,) = event.effects
    assert isinstance(effect, MessageSent)
    assert LINE_CONTENT_BYTES - 1 <= len(effect.line.encode()) <= LINE_CONTENT_BYTES
    assert effect.tags == "+a=b"
    assert not event.effects.plain


def test_a_rejection_has_what_was_tried() -> None:
    event = made("@+hubbub/id=7 :ann!u@h PRIVMSG #a :hi")
    event.reject(Reason.MUTED)
    assert event.effects == [Rejection(2, event.sid, Reason.MUTED, event.parsed, "+hubbub/id=7")]
    assert not event.effects.plain


@pytest.mark.parametrize("modes", ["", "+mk key"])
def test_the_end_of_a_room_s_life_shows_what_is_cleared(modes: str) -> None:
    log = with_members("ann", modes=modes or "-nt")
    if modes:
        log.do("ann", events.topic_set("", ROOM, "tea"))
    event = made("JOIN #Room")
    event.end_life(log.room, 2)
    shown = [type(effect) for effect in event.effects]
    assert shown == ([ModesSet, TopicSet] if modes else [])
    assert all(effect.sid == "" and getattr(effect, "source", "") == NETWORK for effect in event.effects)
    assert (log.room.key, log.room.topic, log.room.flags) == ("", "", set())
    assert log.room.life_began == (1_700_000_000_123, 4, 2)
