"""What a person types, and what a pipe brings."""

import pytest

from client.typed import HELP, from_person, from_pipe
from gateway.wire.message import Message


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("hello", Message("PRIVMSG", ["#a", "hello"])),
        ("/topic", Message("TOPIC", ["#a"])),
        ("/topic  all of  this", Message("TOPIC", ["#a", "all of  this"])),
        ("/join b", Message("JOIN", ["#b"])),
        ("/join #b key", Message("JOIN", ["#b", "key"])),
        ("/help", HELP),
        ("/quit see you", Message("QUIT", ["see you"])),
        ("  ", None),
    ],
)
def test_typed_lines(line: str, meant: Message | str | None) -> None:
    assert from_person(line, "#a") == meant


def test_without_a_room_there_is_no_topic() -> None:
    assert "/join" in str(from_person("/topic x", ""))


@pytest.mark.parametrize("line", ["/usr/bin", "/ 2", "/quitting", "// comment", "///", "/"])
def test_what_is_no_known_command_is_text_in_a_pipe(line: str) -> None:
    assert from_pipe(line, "#a") == Message("PRIVMSG", ["#a", line])


def test_a_command_can_be_said_in_a_pipe_too() -> None:
    assert from_pipe("/me waves", "#a") == Message("PRIVMSG", ["#a", "\x01ACTION waves\x01"])
    assert from_pipe("//me waves", "#a") == Message("PRIVMSG", ["#a", "/me waves"])
