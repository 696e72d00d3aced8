"""Lines cannot control a terminal or look like other lines."""

import io
import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from client.event_text import log_line, screen_line
from client.events import ClientNotice, Event, Failed, Received
from client.screen import PlainScreen
from gateway.wire.message import Message


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=50), st.text(max_size=50))
def test_nothing_from_the_network_controls_the_terminal_or_breaks_the_log(text: str, name: str) -> None:
    events: list[Event] = [
        Received(0.0, Message(verb, [name, text, text], f"{name}!u@h"), "alice")
        for verb in ("PRIVMSG", "NOTICE", "JOIN", "QUIT", "NICK", "KICK", "TOPIC", "MODE", "FAIL", "404", "353")
    ]
    for event in [*events, ClientNotice(0.0, text), Failed(0.0, name, text, text)]:
        for line in (screen_line(event, "#room"), log_line(event)):
            for part in line.split("\n") if line is not None else ():
                assert re.match(r"\[\d\d:\d\d\] |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", part), (
                    "a line of several has its time"
                )
                assert not any(unicodedata.category(character) == "Cc" for character in part)


def test_a_message_of_several_lines_is_shown_line_by_line() -> None:
    """IRCv3 multiline."""
    chat, remarks = io.StringIO(), io.StringIO()
    screen = PlainScreen(chat, remarks)
    screen.show(Received(0.0, Message("PRIVMSG", ["#a", "one\n\ntwo"], "bob!u@h"), "alice"), "#a")
    screen.show(ClientNotice(0.0, "hello"), "#a")
    assert [line[8:] for line in chat.getvalue().splitlines()] == ["bob: one", "bob: ", "bob: two"]
    assert remarks.getvalue().endswith("-- hello\n")
