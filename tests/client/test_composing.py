"""Texts as messages: nothing is lost, everything fits (IRCv3 multiline, Modern IRC "Message Format")."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.batches import Batches
from client.composing import BatchLimits, compose, join, lines_of, parse_limits, split_text
from gateway.wire.message import Message

LIMITS = BatchLimits(4096, 20)


@pytest.mark.parametrize(
    ("value", "limits"),
    [
        ("max-bytes=4096,max-lines=20", BatchLimits(4096, 20)),
        ("max-bytes=40000", BatchLimits(40000, 100)),
        ("future,max-lines=1000,max-bytes=40000,else=1", BatchLimits(40000, 100)),
        ("", None),
        ("max-bytes=x", None),
        ("max-bytes=10", None),
    ],
)
def test_limits_of_a_gateway(value: str, limits: BatchLimits | None) -> None:
    """IRCv3 multiline: tokens that are not understood are ignored."""
    assert parse_limits(value) == limits


@settings(deadline=None)  # the machine may be busy
@given(st.text(min_size=1), st.integers(4, 40))
def test_pieces_fit_and_lose_nothing_but_the_spaces_between_words(text: str, limit_bytes: int) -> None:
    pieces = split_text(text, limit_bytes)
    assert all(0 < len(piece.encode()) <= limit_bytes for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


_TEXTS = st.lists(st.one_of(st.text(max_size=30), st.just("word " * 200), st.just("")), max_size=60).map("\n".join)


@settings(deadline=None)  # the machine may be busy
@given(_TEXTS, st.sampled_from([None, LIMITS, BatchLimits(500, 3)]))
def test_whatever_is_pasted_fits_and_loses_only_blanks(text: str, limits: BatchLimits | None) -> None:
    messages = compose("PRIVMSG", "#lobby", text, limits)
    assert "".join("".join(messages).split()) == "".join(text.replace("\0", "").split())
    for message in messages:
        assert message.strip()
        lines = lines_of(Message("PRIVMSG", ["#lobby", message]), limits, "ref")
        assert lines is not None
        assert all(len(line.line().encode()) < 512 for line in lines)
        assert "\n" not in message or limits is not None


@settings(deadline=None)  # the machine may be busy
@given(_TEXTS)
def test_a_batch_is_what_was_said(text: str) -> None:
    """The message's tags are on the line that opens the batch. The lines themselves have no tags."""
    for said in compose("PRIVMSG", "#lobby", text, LIMITS):
        message = Message("PRIVMSG", ["#lobby", said], "bob!u@h", {"label": "7", "+hubbub/id": "7"})
        lines = lines_of(message, LIMITS, "ref")
        assert lines is not None
        if len(lines) == 1:
            continue
        opening, *inner, end = lines
        assert (opening.params, opening.tags) == (["+ref", "draft/multiline", "#lobby"], message.tags)
        assert end.params == ["-ref"]
        assert all(set(line.tags) <= {"batch", "draft/multiline-concat"} for line in inner)
        assert not any("draft/multiline-concat" in line.tags and not line.params[1] for line in inner)
        assert join(inner) == said
        batches = Batches()
        taken = [batches.take(line) for line in lines]
        assert taken[:-1] == [None] * (len(lines) - 1)
        assert taken[-1] == Message("PRIVMSG", ["#lobby", said], None, message.tags)


def test_ten_thousand_lines_are_a_hundred_messages() -> None:
    text = "\n".join(f"line {number}" for number in range(10_000))
    messages = compose("PRIVMSG", "#lobby", text, BatchLimits(40_000, 100))
    assert len(messages) == 100
    assert "\n".join(messages) == text


def test_an_action_stays_one() -> None:
    assert compose("PRIVMSG", "#a", "\x01ACTION waves\nand goes\x01", LIMITS) == [
        "\x01ACTION waves\x01",
        "\x01ACTION and goes\x01",
    ]
