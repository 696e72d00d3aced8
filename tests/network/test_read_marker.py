"""IRCv3 read-marker: MARKREAD."""

from collections.abc import Iterator

import pytest

from tests.network.harness import Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]

EARLY, LATE = "timestamp=2026-01-04T14:33:26.123Z", "timestamp=2026-01-05T00:00:00.000Z"


@pytest.fixture
def reader(shared: Network, pair: Pair) -> Iterator[Peer]:
    peer = shared.peer(pair[1], "marker", "draft/read-marker")
    yield peer
    peer.send("QUIT")
    assert peer.is_closed()


def test_what_is_set_is_told_and_got(reader: Peer) -> None:
    """IRCv3 read-marker, "MARKREAD client set command", "client get command"; "*" if none is set."""
    assert reader.do("MARKREAD someone") == [":irc.test MARKREAD someone *"]
    assert reader.do(f"MARKREAD someone {EARLY}") == [f":irc.test MARKREAD someone {EARLY}"]
    assert reader.do("MARKREAD SomeOne") == [f":irc.test MARKREAD SomeOne {EARLY}"]
    assert reader.do("MARKREAD other") == [":irc.test MARKREAD other *"]


def test_it_only_ever_increases(reader: Peer) -> None:
    """IRCv3 read-marker, "Read timestamp notes": the answer to an older one is the newer one that is stored."""
    assert (
        reader.do(f"MARKREAD #r {LATE}", f"MARKREAD #r {EARLY}", "MARKREAD #r") == [f":irc.test MARKREAD #r {LATE}"] * 3
    )


def test_it_is_sent_with_a_join_before_the_end_of_names(reader: Peer, shared: Network, pair: Pair) -> None:
    """IRCv3 read-marker, "Command flows"."""
    shared.peer(pair[0], "host", "", "#Marked")
    verbs = [line.split(" ")[1] for line in reader.do("JOIN #marked")]
    assert verbs == ["JOIN", "MARKREAD", "353", "366"]
    reader.do(f"MARKREAD #marked {EARLY}", "PART #marked")
    assert f":irc.test MARKREAD #Marked {EARLY}" in reader.do("JOIN #marked")


def test_without_the_capability_a_join_is_as_ever(shared: Network, pair: Pair) -> None:
    """IRCv3 read-marker: only "if the draft/read-marker capability is negotiated"."""
    plain = shared.peer(pair[0], "plainm", "batch")
    assert [line.split(" ")[1] for line in plain.do("JOIN #unmarked")] == ["JOIN", "353", "366"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MARKREAD", "NEED_MORE_PARAMS :Missing parameters"),
        ("MARKREAD #r *", "INVALID_PARAMS * :Invalid parameters"),
        ("MARKREAD #r timestamp=yesterday", "INVALID_PARAMS timestamp=yesterday :Invalid parameters"),
        ("MARKREAD #r msgid=1", "INVALID_PARAMS msgid=1 :Invalid parameters"),
        ("MARKREAD #r :2026-01-04T14:33:26.123Z", "INVALID_PARAMS 2026-01-04T14:33:26.123Z :Invalid parameters"),
        (f"MARKREAD {'x' * 65}", "INVALID_PARAMS :Invalid parameters"),
    ],
)
def test_what_cannot_be_understood_fails(reader: Peer, command: str, answer: str) -> None:
    """IRCv3 read-marker, "Errors and Warnings"."""
    assert reader.do(command) == [f":irc.test FAIL MARKREAD {answer}"]


def test_marks_are_nobody_else_s(reader: Peer, shared: Network, pair: Pair) -> None:
    """IRCv3 read-marker, "Security Considerations"."""
    other = shared.peer(pair[0], "otherm", "draft/read-marker")
    reader.do(f"MARKREAD #r {EARLY}")
    assert other.do("MARKREAD #r") == [":irc.test MARKREAD #r *"]
