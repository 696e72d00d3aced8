"""The spelling of nicks and rooms (RFC 2812 2.3.1, Modern IRC "Clients", "Channels")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.names import CHANNELLEN, NICKLEN, suggest_nick, valid_nick, valid_room


@pytest.mark.parametrize("nick", ["bob", "B", "_b-1", "[b]\\`^{|}", "x" * NICKLEN])
def test_a_nick_that_may_be(nick: str) -> None:
    assert valid_nick(nick)


@pytest.mark.parametrize(
    "nick",
    [
        "",
        "1bob",
        "-bob",
        "bob smith",
        "bob!",
        "b@h",
        "*",
        "#bob",
        "kq3f9a.0.17",
        "bob\n",
        "jörg",
        "bоb",
        "x" * (NICKLEN + 1),
    ],
)
def test_a_nick_that_may_not_be(nick: str) -> None:
    assert not valid_nick(nick)


@pytest.mark.parametrize("room", ["#a", "#Straße", "#a:b", "##", "#\U0001f44b", "#" + "x" * (CHANNELLEN - 1)])
def test_a_room_that_may_be(room: str) -> None:
    assert valid_room(room)


@pytest.mark.parametrize(
    "room",
    [
        "",
        "#",
        "room",
        "&room",
        "#a\u00ad",
        "#a\ufe0f",
        "#\u3164",
        "#a\u115f",
        "#a\u2800",
        "#a\u034fb",
        "#a\U000e0041",
        "#a\ufffd",
        "#a b",
        "#a,b",
        "#a\x07",
        "#a\u200b",
        "#a\u202e",
        "#a\u00a0",
        "#\ufffd",
        "#" + "x" * CHANNELLEN,
    ],
)
def test_a_room_that_may_not_be(room: str) -> None:
    assert not valid_room(room)


@pytest.mark.parametrize(
    ("text", "nick"),
    [
        ("bob", "bob"),
        ("Jörg Müller", "JorgMuller"),
        ("2cool", "_2cool"),
        ("-x", "_-x"),
        ("太郎", "guest"),
        ("", "guest"),
    ],
)
def test_suggests_what_resembles(text: str, nick: str) -> None:
    assert suggest_nick(text) == nick


def test_a_suffix_keeps_its_place() -> None:
    assert suggest_nick("bob", "2") == "bob2"
    assert suggest_nick("x" * 99, "2") == "x" * (NICKLEN - 1) + "2"


@given(st.text(), st.sampled_from(["", "2", "_"]))
def test_a_suggestion_is_always_valid(text: str, suffix: str) -> None:
    assert valid_nick(suggest_nick(text, suffix))
