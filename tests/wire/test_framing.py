"""Streams to lines (Modern IRC "Message Format", IRCv3 message-tags "Size limit")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.framing import TOO_LONG, LineBuffer, TooLong, cut


def lines_of(*chunks: bytes, limit: int = 512, tags_limit: int = 8191) -> list[str | TooLong]:
    buffer = LineBuffer(limit, tags_limit)
    return [line for chunk in chunks for line in buffer.feed(chunk)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"NICK bob\r\n", ["NICK bob"]),
        (b"NICK bob\nUSER b 0 * :b\r\n", ["NICK bob", "USER b 0 * :b"]),  # LF alone will do
        (b"\r\n\n\r\nPING x\r\n\r\n", ["PING x"]),  # RFC 1459 2.3.1: empty messages are ignored
        (b"NICK bob", []),
        ("PRIVMSG #r :grüße \U0001f44b\r\n".encode(), ["PRIVMSG #r :grüße \U0001f44b"]),
        (b"PRIVMSG #r :\xff\xc3\r\n", ["PRIVMSG #r :\ufffd\ufffd"]),
        (b"A\0B\rC\r\r\n", ["ABC"]),  # RFC 1459 2.3.1: NUL, CR and LF never stand in a parameter
        (b"a\x85b\xe2\x80\xa8c\x0bd\x1ee\n", ["a\ufffdb\u2028c\x0bd\x1ee"]),  # no other line ends
    ],
)
def test_cuts_into_lines(stream: bytes, expected: list[str]) -> None:
    assert lines_of(stream) == expected


def test_a_line_comes_once_its_end_has_come() -> None:
    buffer = LineBuffer()
    assert buffer.feed(b"PING ") == []
    assert buffer.feed(b"x\r") == []
    assert buffer.feed(b"\nPING y\r\nPI") == ["PING x", "PING y"]
    assert buffer.feed(b"\n") == ["PI"]


@pytest.mark.parametrize("length", [509, 510])
def test_a_line_up_to_the_limit_passes(length: int) -> None:
    """RFC 1459 2.3: 512 characters, counting the CRLF."""
    assert lines_of(b"a" * length + b"\r\n") == ["a" * length]


@pytest.mark.parametrize("length", [511, 512, 5000, 100_000])
def test_a_line_over_the_limit_shows_once_in_its_place(length: int) -> None:
    assert lines_of(b"PING a\r\n" + b"a" * length + b"\r\nPING b\r\n") == ["PING a", TOO_LONG, "PING b"]


def test_tags_have_a_limit_of_their_own() -> None:
    """IRCv3 message-tags "Size limit": 8191 bytes with "@" and the space, beside the 512 of the rest."""
    tags = b"@" + b"a" * 8189 + b" "
    assert lines_of(tags + b"b" * 510 + b"\r\n") == [(tags + b"b" * 510).decode()]
    assert lines_of(tags + b"b" * 511 + b"\r\n") == [TOO_LONG]
    assert lines_of(b"@a" + tags[1:] + b"PING\r\n") == [TOO_LONG]
    assert lines_of(b"@" + b"a" * 9000 + b"\r\n") == [TOO_LONG]
    assert lines_of(b"@a " + b"b" * 600 + b"\r\n") == [TOO_LONG]


def test_an_endless_line_is_not_kept() -> None:
    buffer = LineBuffer()
    found = [line for _ in range(1000) for line in buffer.feed(b"x" * 1000)]
    assert found == [TOO_LONG]
    assert not buffer._partial


fragments = st.sampled_from(
    [
        b"\r",
        b"\n",
        b"\r\n",
        b"\0",
        b"@",
        b" ",
        b"@ab ",
        b"PING",
        b"abcdefgh",
        b"\xff",
        "ü\U0001f44b".encode(),
        b"\xe2",
    ]
)


@given(st.lists(fragments | st.binary(max_size=8), max_size=60).map(b"".join), st.data())
def test_any_chunking_gives_the_same_lines(stream: bytes, data: st.DataObject) -> None:
    ends = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    chunks = [stream[start:end] for start, end in zip([0, *ends], [*ends, len(stream)], strict=True)]
    whole = lines_of(stream, limit=16, tags_limit=20)
    assert lines_of(*chunks, limit=16, tags_limit=20) == whole
    assert lines_of(*(bytes([byte]) for byte in stream), limit=16, tags_limit=20) == whole


@given(st.binary())
def test_lines_are_framed_and_within_limits(stream: bytes) -> None:
    for line in lines_of(stream, limit=16, tags_limit=20):
        if not isinstance(line, TooLong):
            assert line
            assert not set(line) & set("\0\r\n")


@pytest.mark.parametrize(
    ("line", "limit", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("aü", 2, "a"),
        ("aü", 3, "aü"),
        ("\U0001f44b", 3, ""),
        ("", 0, ""),
    ],
)
def test_cutting_splits_no_character(line: str, limit: int, expected: str) -> None:
    assert cut(line, limit) == expected


@given(st.text(), st.integers(0, 40))
def test_cutting_gives_the_longest_start_that_fits(line: str, limit: int) -> None:
    short = cut(line, limit)
    assert line.startswith(short)
    assert len(short.encode()) <= limit
    assert short == line or len(line[: len(short) + 1].encode()) > limit


def test_the_rest_of_a_long_line_is_dropped_however_it_comes() -> None:
    assert lines_of(b"a" * 600, b"b" * 600, b"c", b"\nPING x\n") == [TOO_LONG, "PING x"]
