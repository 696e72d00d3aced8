"""Typing notices and read markers (IRCv3 typing, read-marker)."""

import pytest

from client.typing_and_read_markers import TypingState
from tests.client.fake_gateway import MODERN_CAPS, FakeNetwork
from tests.client.talk import Talk


@pytest.fixture
def talk() -> Talk:
    return Talk(FakeNetwork(caps=MODERN_CAPS)).start()


def told(talk: Talk) -> list[str]:
    talk.run()
    return [message.tags["+typing"] for message in talk.sent("TAGMSG")]


def test_active_is_told_again_and_again_but_not_within_three_seconds(talk: Talk) -> None:
    """IRCv3 typing: not sent within 3 seconds of another one for a given target."""
    for _ in range(10):
        talk.session.set_typing("#lobby", TypingState.ACTIVE, talk.now)
        talk.pass_time(0.5)
    assert told(talk) == ["active", "active"]


def test_that_a_text_was_cleared_is_told_when_it_may_be(talk: Talk) -> None:
    talk.session.set_typing("#lobby", TypingState.ACTIVE, talk.now)
    talk.session.set_typing("#lobby", TypingState.DONE, talk.now)
    assert told(talk) == ["active"]
    talk.pass_time(3)
    assert told(talk) == ["active", "done"]
    talk.pass_time(10)
    assert told(talk) == ["active", "done"]


def test_a_message_ends_the_writing_by_itself(talk: Talk) -> None:
    talk.session.set_typing("#lobby", TypingState.ACTIVE, talk.now)
    talk.session.say("#lobby", "said", talk.now)
    talk.session.set_typing("#lobby", TypingState.DONE, talk.now)
    talk.pass_time(10)
    assert told(talk) == ["active"]


def test_each_target_has_its_own_pause(talk: Talk) -> None:
    for target in ("#lobby", "bob", "#LOBBY"):
        talk.session.set_typing(target, TypingState.ACTIVE, talk.now)
    assert told(talk) == ["active", "active"]


def test_without_message_tags_nobody_is_told() -> None:
    talk = Talk(FakeNetwork(caps="echo-message")).start()
    talk.session.set_typing("#lobby", TypingState.ACTIVE, talk.now)
    talk.session.mark_read("#lobby", talk.now, talk.now)
    assert told(talk) == []
    assert not talk.sent("MARKREAD")


def test_how_far_was_read_is_told_at_once_and_then_not_too_often(talk: Talk) -> None:
    """IRCv3 read-marker: the time of a message, in milliseconds."""
    for _ in range(40):
        talk.session.mark_read("#lobby", talk.now, talk.now)
        talk.pass_time(0.1)
    talk.run()
    marks = [message.params for message in talk.sent("MARKREAD")]
    assert marks[0] == ["#lobby", "timestamp=2023-11-14T22:13:20.000Z"]
    assert len(marks) == 2
    talk.session.mark_read("#lobby", talk.now - 100, talk.now)
    talk.pass_time(10)
    talk.run()
    assert len(talk.sent("MARKREAD")) == 3
    talk.cut()
    talk.start().pass_time(2)
    talk.run()
    assert len(talk.sent("MARKREAD")) == 1, "the other gateway may not have heard of it"
