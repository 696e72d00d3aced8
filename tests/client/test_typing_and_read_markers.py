"""Typing notices and read markers (IRCv3 typing, read-marker)."""

import pytest

from client.typing_and_read_markers import TypingState
from tests.client.fake_gateway import MODERN_CAPS, FakeNetwork
from tests.client.simulated_user import SimulatedUser


@pytest.fixture
def user() -> SimulatedUser:
    return SimulatedUser(FakeNetwork(caps=MODERN_CAPS)).start()


def told(user: SimulatedUser) -> list[str]:
    user.run()
    return [message.tags["+typing"] for message in user.sent("TAGMSG")]


def test_active_is_told_again_and_again_but_not_within_three_seconds(user: SimulatedUser) -> None:
    """IRCv3 typing: not sent within 3 seconds of another one for a given target."""
    for _ in range(10):
        user.session.set_typing("#lobby", TypingState.ACTIVE, user.now)
        user.pass_time(0.5)
    assert told(user) == ["active", "active"]


def test_that_a_text_was_cleared_is_told_when_it_may_be(user: SimulatedUser) -> None:
    user.session.set_typing("#lobby", TypingState.ACTIVE, user.now)
    user.session.set_typing("#lobby", TypingState.DONE, user.now)
    assert told(user) == ["active"]
    user.pass_time(3)
    assert told(user) == ["active", "done"]
    user.pass_time(10)
    assert told(user) == ["active", "done"]


def test_a_message_ends_the_writing_by_itself(user: SimulatedUser) -> None:
    user.session.set_typing("#lobby", TypingState.ACTIVE, user.now)
    user.session.say("#lobby", "said", user.now)
    user.session.set_typing("#lobby", TypingState.DONE, user.now)
    user.pass_time(10)
    assert told(user) == ["active"]


def test_each_target_has_its_own_pause(user: SimulatedUser) -> None:
    for target in ("#lobby", "bob", "#LOBBY"):
        user.session.set_typing(target, TypingState.ACTIVE, user.now)
    assert told(user) == ["active", "active"]


def test_without_message_tags_nobody_is_told() -> None:
    user = SimulatedUser(FakeNetwork(caps="echo-message")).start()
    user.session.set_typing("#lobby", TypingState.ACTIVE, user.now)
    user.session.mark_read("#lobby", user.now, user.now)
    assert told(user) == []
    assert not user.sent("MARKREAD")


def test_how_far_was_read_is_told_at_once_and_then_not_too_often(user: SimulatedUser) -> None:
    """IRCv3 read-marker: the time of a message, in milliseconds."""
    for _ in range(40):
        user.session.mark_read("#lobby", user.now, user.now)
        user.pass_time(0.1)
    user.run()
    marks = [message.params for message in user.sent("MARKREAD")]
    assert marks[0] == ["#lobby", "timestamp=2023-11-14T22:13:20.000Z"]
    assert len(marks) == 2
    user.session.mark_read("#lobby", user.now - 100, user.now)
    user.pass_time(10)
    user.run()
    assert len(user.sent("MARKREAD")) == 3
    user.cut()
    user.start().pass_time(2)
    user.run()
    assert len(user.sent("MARKREAD")) == 1, "the other gateway may not have heard of it"
