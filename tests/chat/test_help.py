"""HELP has a topic for each command that a person may type."""

from gateway.chat.commands import COMMANDS
from gateway.chat.help import INDEX, TOPICS

NOT_TYPED = {"PASS", "USER", "PONG", "ZNC"}
"""Commands that programs send: in registration, in answer to the server, and for playback."""


def test_every_command_has_a_topic_and_every_topic_is_a_command() -> None:
    assert set(COMMANDS) - NOT_TYPED == set(TOPICS)


def test_a_topic_begins_with_the_form_of_its_command() -> None:
    for verb, (form, text) in TOPICS.items():
        assert form.split()[0] == verb
        assert text.endswith(".")


def test_the_index_names_every_topic_once_in_lines_that_fit() -> None:
    words = " ".join(INDEX[1:]).split()
    assert words == sorted(words) == list(TOPICS)
    assert max(map(len, INDEX)) < 80
