"""The facts of a JOIN."""

from unittest.mock import Mock

import pytest

from gateway.chat.joining import join_line
from gateway.chat.session import Session


@pytest.mark.parametrize(
    ("more", "facts", "expected"),
    [
        ({}, {}, "token=7;hubbub/seen=5-0"),
        ({"away": ""}, {}, "token=7;hubbub/seen=5-0;hubbub/away="),
        (
            {"account": "anna", "is_bot": True, "revision": 3, "away": "at lunch"},
            {"key": "k", "oper": True, "was": "gwb.0.1"},
            "token=7;hubbub/seen=5-0;hubbub/key=k;hubbub/account=anna;hubbub/bot=1;hubbub/revision=3;"
            "hubbub/away=at\\slunch;hubbub/oper=1;hubbub/was=gwb.0.1",
        ),
    ],
)
def test_a_join_carries_what_the_fold_needs(more: dict[str, object], facts: dict[str, object], expected: str) -> None:
    session = Session("gwa.0.1", "irc.test", Mock(), "::1", "host", 0.0)
    session.nick, session.user, session.realname, session.token = "ann", "ann", "Ann", "7"
    for name, value in more.items():
        setattr(session, name, value)
    line = join_line(session, "#Room", "5-0", "#lobby", **facts)  # type: ignore[arg-type]
    assert line == f"@hubbub/{expected} :ann!ann@host JOIN #Room :Ann"


def test_the_lobby_is_recognised_in_any_spelling() -> None:
    session = Session("gwa.0.1", "irc.test", Mock(), "::1", "host", 0.0)
    assert ";hubbub/lobby=1 " in join_line(session, "#LOBBY", "5-0", "#Lobby")
