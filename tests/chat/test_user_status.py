"""What a lane tells of a session is read as it was written."""

from typing import Any, cast

import pytest

from gateway.chat.session import Session
from gateway.chat.user_status import Seat, UserStatus, as_word, presence, read
from tests.chat.log import with_members


def test_a_presence_is_read_as_written() -> None:
    seats = Seat("#a", "@+", False), Seat('#"b\\', "", True)
    told = UserStatus(17, True, "127.0.0.1", seats)
    assert read(told.text()) == told
    assert "\n" not in told.text()


def test_a_status_has_the_rooms_that_know_the_session_and_its_address_for_operators_only() -> None:
    session = Session("gwa.0.ann", "irc.test", cast(Any, None), "192.0.2.1", "h", 1000.0)
    session.rooms = {"#room": with_members("ann", modes="+s").room, "#left": with_members("bob").room}
    shown = presence(session, 1017.5, with_address=True)
    assert shown == UserStatus(17, False, "192.0.2.1", (Seat("#Room", "@", True),))
    assert presence(session, 900.0, with_address=False) == UserStatus(0, False, "", shown.seats), "a clock was set back"


@pytest.mark.parametrize("text", ["", "x", "7", "[]", "{}", '{"seats":[[]]}', '{"seats":7}', "[" * 100_000])
def test_what_is_no_status_is_none(text: str) -> None:
    """It comes from another gateway, perhaps of another version."""
    assert read(text) is None


@pytest.mark.parametrize(
    ("address", "word"), [("::1", "0::1"), ("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::1")]
)
def test_an_address_is_a_parameter(address: str, word: str) -> None:
    """RFC 2812 2.3.1: a middle parameter does not begin with a colon."""
    assert as_word(address) == word
