"""The table of user modes, and what follows from it."""

from unittest.mock import Mock

import pytest

from gateway.chat import user_modes
from gateway.chat.modes import Change
from gateway.chat.session import Session


def session_with(**attributes: object) -> Session:
    session = Session("gwa.0.1", "irc.test", Mock(), "::1", "host", 0.0)
    session.is_registered = True
    for name, value in attributes.items():
        setattr(session, name, value)
    return session


def test_modes_are_shown_in_the_order_of_the_table() -> None:
    assert user_modes.LETTERS == "Biow"
    assert user_modes.shown(session_with()) == "+"
    assert user_modes.shown(session_with(wallops=True, is_bot=True, invisible=True, oper="root")) == "+Biow"


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ("+", "+i", "+i"),
        ("+i", "+i", None),
        ("+i", "-i", "+"),
        ("+", "+w", "+w"),
        ("+", "+o", None),
        ("+o", "-o", "+"),
        ("+", "-o", None),
        ("+", "+B", None),
        ("+", "+x", None),
    ],
)
def test_a_user_changes_own_modes_but_no_profile_and_no_rights(before: str, change: str, after: str | None) -> None:
    """RFC 2812 3.1.5: +o comes by OPER alone, -o gives it up."""
    session = session_with(invisible="i" in before, oper="root" if "o" in before else "")
    assert user_modes.apply(session, Change(change[0] == "+", change[1], None)) == (after is not None)
    assert user_modes.shown(session) == (before if after is None else after)


@pytest.mark.parametrize(
    ("attributes", "verb", "expected"),
    [
        ({"wallops": True}, "WALLOPS", True),
        ({"oper": "root"}, "WALLOPS", True),
        ({"oper": "root"}, "OPERNOTICE", True),
        ({"wallops": True}, "OPERNOTICE", False),
        ({"invisible": True, "is_bot": True}, "WALLOPS", False),
        ({"wallops": True, "is_registered": False}, "WALLOPS", False),
    ],
)
def test_lines_for_everybody_go_to_users_with_a_mode(attributes: dict[str, object], verb: str, expected: bool) -> None:
    """RFC 2812 4.7: WALLOPS goes to users with +w and to operators."""
    assert user_modes.is_receiver(session_with(**attributes), verb) == expected
