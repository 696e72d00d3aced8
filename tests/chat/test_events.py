"""The form of entries and events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.chat import events
from gateway.wire import message

_SIDS = st.text("abc.019-", min_size=1, max_size=12)
_LINES = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))


@given(st.lists(st.tuples(_SIDS, _LINES), min_size=1))
def test_an_entry_is_read_as_it_was_written(batch: list[tuple[str, str]]) -> None:
    payload = events.encode(batch)
    entry = events.decode("5-1", "gwa.0:7", payload)
    assert (entry.id, entry.origin) == ("5-1", "gwa.0:7")
    assert list(zip(entry.sids, entry.lines, strict=True)) == batch
    assert entry.body == "".join(f"{line}\r\n" for _, line in batch).encode()


def test_the_body_is_what_a_plain_client_is_sent() -> None:
    payload = events.encode([("gwa.0.1", ":a!a@h PRIVMSG #r :hé"), ("gwa.0.2", ":b!b@h PRIVMSG #r :x")])
    assert payload == "gwa.0.1 gwa.0.2\r\n:a!a@h PRIVMSG #r :hé\r\n:b!b@h PRIVMSG #r :x\r\n".encode()
    assert events.decode("1-0", "", payload).body == payload.partition(b"\r\n")[2]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\r\n",
        b"gwa.0.1\r\n",
        b"gwa.0.1\r\n:a PRIVMSG #r :no end",
        b"gwa.0.1\r\nline\r\nline\r\n",
        b"gwa.0.1 gwa.0.2\r\nline\r\n",
        b"gwa.0.1 \r\nline\r\nline\r\n",
        b"gwa.0.1\r\nin\rside\r\n",
        b"gwa.0.1\r\nin\nside\r\n",
        b"gwa.0.1\r\nin\0side\r\n",
        b"gwa.0.1\r\n\xff\xfe\r\n",
        b"\xff\r\nline\r\n",
    ],
)
def test_a_broken_payload_is_an_entry_without_events(broken: bytes) -> None:
    entry = events.decode("1-0", "gwa.0:1", broken)
    assert (entry.sids, entry.lines, entry.body) == ([], [], b"")


@given(st.binary())
def test_decoding_never_raises(payload: bytes) -> None:
    entry = events.decode("1-0", "", payload)
    assert len(entry.sids) == len(entry.lines)


@pytest.mark.parametrize(
    "batch",
    [
        [],
        [("a b", "line")],
        [("", "line"), ("a", "line")],
        [("a", "one\r\ntwo")],
        [("a", "one\ntwo")],
        [("a\r\n", "one")],
        [("a", "one\0")],
    ],
)
def test_what_would_break_the_frame_is_not_written(batch: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError, match="frame"):
        events.encode(batch)


def test_stream_ids_compare_by_number() -> None:
    assert events.id_key("9-11") < events.id_key("10-2") < events.id_key("10-10")
    assert events.ms("1700000000123-4") == 1700000000123


@pytest.mark.parametrize("text", ["", "-", "x-y", "1e3", "-5", "٣", "9" * 5000])
def test_what_is_no_number_counts_as_zero(text: str) -> None:
    assert events.number(text) == events.ms(text) == 0
    assert events.id_key(text)[0] == 0


def test_facts_stand_before_client_tags_and_are_escaped() -> None:
    line = events.with_tags("TAGMSG #r", {"key": "a; b", "token": 7}, "+typing=active")
    assert line == r"@hubbub/key=a\:\sb;hubbub/token=7;+typing=active TAGMSG #r"
    parsed = message.parse(line)
    assert parsed is not None
    assert parsed.tags["hubbub/key"] == "a; b"
    assert events.with_tags("QUIT", {}) == "QUIT"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (events.said("a!a@h", "NOTICE", "#r", "x"), ":a!a@h NOTICE #r :x"),
        (events.tagmsg("a!a@h", "#r", "+x=1"), "@+x=1 :a!a@h TAGMSG #r"),
        (
            events.joined("a!a@h", "#r", "Real Name", {"token": 3, "seen": "1-0"}),
            "@hubbub/token=3;hubbub/seen=1-0 :a!a@h JOIN #r :Real Name",
        ),
        (events.parted("a!a@h", "#r"), ":a!a@h PART #r"),
        (events.parted("a!a@h", "#r", "so long"), ":a!a@h PART #r :so long"),
        (events.quitted("a!a@h", "x"), ":a!a@h QUIT :x"),
        (events.renamed("a!a@h", "b", "0012"), "@hubbub/token=0012 :a!a@h NICK b"),
        (events.kicked("a!a@h", "#r", "b", "g.0.1", "x"), "@hubbub/sids=g.0.1 :a!a@h KICK #r b :x"),
        (
            events.mode_set("a!a@h", "#r", "+ov b c", ["g.0.1", "g.0.2"], oper=True),
            "@hubbub/sids=g.0.1,g.0.2;hubbub/oper=1 :a!a@h MODE #r +ov b c",
        ),
        (events.mode_set("a!a@h", "#r", "+m"), ":a!a@h MODE #r +m"),
        (events.topic_set("a!a@h", "#r", ""), ":a!a@h TOPIC #r :"),
        (events.invited("a!a@h", "b", "#r", "g.0.1"), "@hubbub/sids=g.0.1 :a!a@h INVITE b #r"),
        (events.away("a!a@h", None), ":a!a@h AWAY"),
        (events.away("a!a@h", "out"), ":a!a@h AWAY :out"),
    ],
)
def test_each_event_has_one_canonical_line(line: str, expected: str) -> None:
    assert line == expected


def test_events_that_no_session_made() -> None:
    assert events.gone("kq3f9a") == ("-", "GONE kq3f9a")
    assert events.rules(2) == ("-", "RULES 2")


@pytest.mark.parametrize("head", ["a.0.1\n", "\ra.0.1", "a.0.1\0", "\n"])
def test_a_head_that_holds_line_ends_is_no_entry(head: str) -> None:
    assert not events.decode("1-0", "a.0:1", f"{head}\r\n:a!a@h PRIVMSG #r :x\r\n".encode()).sids
