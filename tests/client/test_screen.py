"""Rows that fit a terminal, and lines that cannot control it."""

import io
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from client.events import Event, Heard, Status, Undelivered
from client.reading import log_line, screen_line
from client.screen import TerminalScreen, rows_of
from gateway.wire.message import Message


def test_rows_are_cut_between_words_and_count_wide_characters_twice() -> None:
    assert list(rows_of("one two three", 8)) == ["one two", "three"]
    assert list(rows_of("漢字漢字漢字", 5)) == ["漢字", "漢字", "漢字"]


@given(st.text(), st.integers(2, 30))
def test_rows_fit_and_lose_nothing(text: str, columns: int) -> None:
    rows = list(rows_of(text, columns))
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")
    assert all(sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in row) <= columns for row in rows) or any(
        unicodedata.combining(character) for character in text
    )


@given(st.text(max_size=50), st.text(max_size=50))
def test_nothing_from_the_network_controls_the_terminal_or_breaks_the_log(text: str, name: str) -> None:
    events: list[Event] = [
        Heard(0.0, Message(verb, [name, text, text], f"{name}!u@h"), "alice")
        for verb in ("PRIVMSG", "NOTICE", "JOIN", "QUIT", "NICK", "KICK", "TOPIC", "MODE", "FAIL", "404", "353")
    ]
    for event in [*events, Status(0.0, text), Undelivered(0.0, name, text, text)]:
        for line in (screen_line(event, "#room"), log_line(event)):
            for part in line.split("\n") if line is not None else ():
                assert re.match(r"\[\d\d:\d\d\] |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", part), (
                    "a line of several has its time"
                )
                assert not any(unicodedata.category(character) == "Cc" for character in part)


def test_a_line_is_put_above_the_one_being_typed() -> None:
    terminal = io.StringIO()
    TerminalScreen(terminal).show(Status(0.0, "hello"), "")
    line = terminal.getvalue()
    assert line.startswith("\x1bD\x1b[A\x1b7\r\x1b[L[")
    assert line.endswith("-- hello\x1b8\x1b[B")
