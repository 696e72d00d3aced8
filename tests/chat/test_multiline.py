"""Texts of several lines: taken apart, gathered from a batch, and shown (IRCv3 multiline, client-batch, drafts)."""

from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.chat import multiline, render
from gateway.chat.batches import collect, end_overdue
from gateway.chat.capabilities import BATCH, LABELED_RESPONSE, MESSAGE_TAGS, MULTILINE, SERVER_TIME, STANDARD_REPLIES
from gateway.chat.commands.batch import batch
from gateway.chat.commands.messages import event_line
from gateway.chat.errors import CommandError
from gateway.chat.events import text_of
from gateway.chat.interfaces import Services
from gateway.chat.multiline import LIMIT_S, MAX_BYTES, MAX_LINES, Batch, first_and_more
from gateway.chat.session import Session
from gateway.logs.in_flight import ENTRY_LIMIT_BYTES
from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES, LINE_LIMIT_BYTES
from gateway.wire.message import Message, parse

MSGID = "1700000000000-0-0-0badcafe"
SOURCE = "ann!a@host"

LINE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20)
LINES = st.lists(st.tuples(LINE, st.booleans()), min_size=1, max_size=MAX_LINES).filter(
    lambda lines: any(text for text, _ in lines)
)
"""Lines that a client may send, and whether each goes on with the one before; a blank one never does."""


def gathered(lines: list[tuple[str, bool]]) -> str:
    """The text that a batch of these makes."""
    opened = Batch(Message("BATCH", ["+1", "draft/multiline", "#r"]), "", 0.0)
    for text, goes_on in lines:
        tags = {"batch": "1"} | ({"draft/multiline-concat": ""} if goes_on and text else {})
        opened.add(Message("PRIVMSG", ["#R", text], tags=tags))
    message = opened.message()
    assert message.params[0] == "#r"
    return message.params[1]


@given(LINES)
def test_the_lines_of_a_batch_are_those_that_were_sent(lines: list[tuple[str, bool]]) -> None:
    """IRCv3 multiline, "Fallback": the composition is the client's."""
    text = gathered(lines)
    assert multiline.lines_of(text) == [
        (line, bool(at and goes_on and line)) for at, (line, goes_on) in enumerate(lines)
    ]


@given(LINES)
def test_what_it_says_is_the_combined_value(lines: list[tuple[str, bool]]) -> None:
    """IRCv3 multiline, "combined message value": joined by a line feed, or directly with the concat tag."""
    wanted = ""
    for at, (line, goes_on) in enumerate(lines):
        wanted += line if not at or (goes_on and line) else f"\n{line}"
    assert multiline.value_of(gathered(lines)) == wanted


@given(LINES, st.sampled_from(["", "+a=b;+c"]))
def test_an_event_holds_all_of_it(lines: list[tuple[str, bool]], client_tags: str) -> None:
    text = gathered(lines)
    line = event_line("PRIVMSG", SOURCE, "#r", text, client_tags)
    message = parse(line)
    assert message is not None
    assert text_of(message) == text
    assert not set("\r\n") & set(line)
    assert ("hubbub/more" in line) == (len(lines) > 1)


@given(LINES, st.sampled_from(["", "outer"]))
def test_every_reader_is_shown_all_that_is_said(lines: list[tuple[str, bool]], outer: str) -> None:
    """IRCv3 multiline, "Batch types", "Fallback", "Message ids"; IRCv3 batch, "Nested batch"."""
    text = gathered(lines)
    line = f":{SOURCE} PRIVMSG #r :{text}"
    shown = [parse(one) for one in render.message_lines(line, MESSAGE_TAGS, "5-0", MSGID, "+a=b", outer)]
    assert [one.params[1] for one in shown if one] == [text for text, _ in lines if text or len(lines) == 1]
    assert [one.tags.get("msgid") for one in shown if one] == [MSGID, *[None] * (len(shown) - 1)]
    assert {one.tags.get("batch", "") for one in shown if one} == {outer}
    if len(lines) == 1:
        return
    caps = MESSAGE_TAGS | BATCH | MULTILINE
    opening, *inside, closing = render.message_lines(line, caps, "5-0", MSGID, "+a=b", outer)
    assert parse(opening) == Message(
        "BATCH",
        [f"+{MSGID}", "draft/multiline", "#r"],
        SOURCE,
        ({"batch": outer} if outer else {}) | {"msgid": MSGID, "+a": "b"},
    )
    assert parse(closing) == Message("BATCH", [f"-{MSGID}"], None, {"batch": outer} if outer else {})
    again = []
    for one in inside:
        message = parse(one)
        assert message is not None
        assert message.tags.pop("batch") == MSGID
        again.append((message.params[1], message.tags.pop("draft/multiline-concat", None) is not None))
        assert not message.tags
    assert again == multiline.lines_of(text)


@pytest.mark.parametrize("caps", [0, BATCH, MULTILINE, SERVER_TIME, BATCH | MULTILINE])
def test_no_line_is_too_long(caps: int) -> None:
    """RFC 2812 2.3: the names may have grown since it was sent."""
    text = "\n".join(["ä" * 245] * 3)
    for line in render.message_lines(f":{'n' * 30}!{'u' * 10}@{'h' * 60} PRIVMSG #r :{text}", caps, "5-0", MSGID):
        untagged = line.partition(" ")[2] if line.startswith("@") else line
        assert len(untagged.encode()) <= LINE_LIMIT_BYTES - 2


def test_the_largest_fits_into_an_entry() -> None:
    """What escapes to two bytes each, with the largest tags that a client may send."""
    text = "\n".join([" " * 300, *[";" * 160] * 99])
    text += "\\" * (MAX_BYTES - len(text))
    tags = f"+a={'x' * (CLIENT_TAGS_LIMIT_BYTES - 5)}"
    assert len(event_line("PRIVMSG", SOURCE, "#r", text, tags).encode()) < ENTRY_LIMIT_BYTES - 1024


@given(st.text("ab\n\r"))
def test_first_and_more_are_the_text(text: str) -> None:
    first, more = first_and_more(text)
    assert first + more == text
    assert not set("\n\r") & set(first)
    assert not more or more[0] in "\n\r"


def refusal(*lines: tuple[str, dict[str, str]]) -> tuple[str, ...]:
    """The code of the refusal that the last of these lines meets, and its context."""
    *before, (text, tags) = [(text, {"batch": "1"} | tags) for text, tags in lines]
    opened = Batch(Message("BATCH", ["+1", "draft/multiline", "#r"]), "", 0.0)
    for fits, its_tags in before:
        opened.add(Message("PRIVMSG", ["#r", fits], tags=its_tags))
    with pytest.raises(CommandError) as refused:
        opened.add(Message("PRIVMSG", ["#r", text], tags=tags))
    return (refused.value.code, *refused.value.params[:-1])


def test_the_limits_are_those_that_are_told() -> None:
    """IRCv3 multiline, `max-bytes` counts a line feed as one byte, `max-lines` every line."""
    concat = {"draft/multiline-concat": ""}
    line: tuple[str, dict[str, str]] = ("x" * (MAX_BYTES // 4), {})
    assert refusal(*[line] * 4) == ("MULTILINE_MAX_BYTES", str(MAX_BYTES))
    assert gathered([("x" * (MAX_BYTES // 4), True)] * 4).count("x") == MAX_BYTES
    assert refusal(*[("x", concat)] * (MAX_LINES + 1)) == ("MULTILINE_MAX_LINES", str(MAX_LINES))
    assert refusal(("ä" * (MAX_BYTES // 2), {}), ("", {})) == ("MULTILINE_MAX_BYTES", str(MAX_BYTES))


class Ear:
    """What a session is sent."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def send(self, line: str) -> None:
        self.lines.append(line)


NOW = 1000.0
SERVICES = cast(Services, SimpleNamespace(context=SimpleNamespace(wall_now=NOW)))
"""As much as a BATCH takes."""


def test_a_batch_that_is_left_open_is_told_so_once() -> None:
    """IRCv3 client-batch, TIMEOUT: past and future messages in it are ignored; labeled-response: with its label."""
    ear = Ear()
    session = Session("g.0.1", "irc.test", ear, "192.0.2.1", "host", 0.0)
    session.caps = BATCH | MULTILINE | LABELED_RESPONSE | STANDARD_REPLIES
    session.begin_response("l")
    batch(SERVICES, session, Message("BATCH", ["+1", "draft/multiline", "#r"]))
    session.end_response()
    line = Message("PRIVMSG", ["#r", "x"], tags={"batch": "1"})
    collect(session, line)
    end_overdue(session, NOW + LIMIT_S)
    assert ear.lines == []
    end_overdue(session, NOW + LIMIT_S + 1)
    end_overdue(session, NOW + LIMIT_S + 2)
    collect(session, line)
    batch(SERVICES, session, Message("BATCH", ["-1"]))
    assert ear.lines == ["@label=l :irc.test FAIL BATCH TIMEOUT 1 :The batch was left open for too long"]
    assert session.batch is None
