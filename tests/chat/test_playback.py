"""What of a log a reader is shown, and in which form (IRCv3 chathistory, event-playback)."""

import pytest

from gateway.chat.capabilities import EVENT_PLAYBACK, MESSAGE_TAGS, SERVER_TIME
from gateway.chat.history_access import MESSAGES, PLAYED, PastEvent
from gateway.chat.playback import shown, verbs

AT = "1795344188123-4"
TIME = "time=2026-11-22T10:43:08.123Z"


def past(line: str, tags: str = "") -> PastEvent:
    return PastEvent(AT, 5, "mark", tags, line)


def test_without_event_playback_only_messages_are_shown() -> None:
    """IRCv3 chathistory: "the server MUST NOT send any lines other than PRIVMSG and NOTICE"."""
    assert verbs(MESSAGE_TAGS) == MESSAGES == {"PRIVMSG", "NOTICE"}
    assert verbs(MESSAGE_TAGS | EVENT_PLAYBACK) == PLAYED


def test_tagmsg_needs_message_tags() -> None:
    """IRCv3 message-tags: "servers MUST NOT deliver TAGMSG to clients that haven't negotiated" the capability."""
    assert PLAYED - verbs(EVENT_PLAYBACK) == {"TAGMSG"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (":a!a@h PRIVMSG #r :JOIN it", [":a!a@h PRIVMSG #r :JOIN it"]),
        (":a!a@h JOIN #r :Real Name", [":a!a@h JOIN #R"]),
        (":a!a@h PART #R :bye", [":a!a@h PART #R :bye"]),
        (":a!a@h QUIT :Quit: so long", [":a!a@h QUIT :Quit: so long"]),
        (":a!a@h NICK b", [":a!a@h NICK b"]),
        (":a!a@h KICK #R b :out", [":a!a@h KICK #R b :out"]),
        (":a!a@h TOPIC #R :new", [":a!a@h TOPIC #R :new"]),
        (":a!a@h MODE #r +m-n+v b", [":a!a@h MODE #R +m-n+v b"]),
        (":a!a@h MODE #r +ov b :c d", [":a!a@h MODE #R +ov b c d"]),
        (":a!a@h MODE #r", []),
    ],
)
def test_events_are_as_members_were_shown_them(line: str, expected: list[str]) -> None:
    assert shown(past(line, "hubbub/token=1;hubbub/sids=g.0.1"), 0, "#R") == expected


def test_tags_are_those_that_the_reader_has_negotiated() -> None:
    said = past(":a!a@h PRIVMSG #r :hi", "hubbub/x=1;+a=b")
    assert shown(said, SERVER_TIME, "#r") == [f"@{TIME} :a!a@h PRIVMSG #r :hi"]
    assert shown(said, SERVER_TIME | MESSAGE_TAGS, "#r") == [f"@{TIME};msgid={AT}-5-mark;+a=b :a!a@h PRIVMSG #r :hi"]


def test_modes_that_do_not_fit_into_a_line_are_several() -> None:
    """As the fold shows them; a page may have more lines than events."""
    masks = [f"{letter * 150}!*@*" for letter in "abcd"]
    lines = shown(past(f":a!a@h MODE #r +bbbb {' '.join(masks)}"), 0, "#r")
    assert lines == [
        f":a!a@h MODE #r +bbb {' '.join(masks[:3])}",
        f":a!a@h MODE #r +b {masks[3]}",
    ]
