"""How many files one command passes: a reader of the gateway must open as many to follow it."""

import pytest

from tests.trace import COMMANDS, trace

BOUNDS = {"PRIVMSG": 13, "NICK": 20}
"""The figures of tests/trace.py; they only ever go down."""


@pytest.mark.parametrize("verb", BOUNDS)
def test_a_command_passes_few_files(verb: str) -> None:
    passage = trace(COMMANDS[verb])
    assert len(passage.answers) == 2
    assert all(verb in answer for answer in passage.answers)
    assert len(passage.passed) <= BOUNDS[verb], list(passage.passed)


def test_the_whole_way_is_traced() -> None:
    passage = trace(COMMANDS["PRIVMSG"])
    assert {"net/connection.py", "chat/commands/messages.py", "chat/room.py"} <= passage.passed.keys()
    assert "wire/message.py" in passage.consulted
    assert not {"heartbeat/leases.py", "app.py"} & (passage.passed | passage.consulted | passage.loop).keys()


def test_the_same_command_always_takes_the_same_way() -> None:
    trace(COMMANDS["NICK"])  # fills the process's caches, such as that of the second at hand
    assert trace(COMMANDS["NICK"]) == trace(COMMANDS["NICK"])
