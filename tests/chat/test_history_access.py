"""Places in a log, and which of an entry's events are messages."""

import pytest

from gateway.chat.events import decode, encode, said_in_lines
from gateway.chat.history_access import FIRST, ID_LIMIT, LAST, MESSAGES, PLAYED, Place, events, place
from gateway.chat.render import log_mark, msgid


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (msgid("1700000000123-4", 5, log_mark("#room")), (1700000000123, 4, 5, log_mark("#room"))),
        ("1700000000123-4-5", FIRST),
        ("1700000000123-4", FIRST),
        ("0-0-0-x", FIRST),
        ("", FIRST),
        ("abc", FIRST),
        ("a-b-c", FIRST),
        (f"{10**19}-{10**19 * 9}-1-x", (10**19, ID_LIMIT, 1, "x")),
    ],
)
def test_a_msgid_names_a_place(text: str, found: Place) -> None:
    assert place(text) == found


def test_places_are_ordered_as_the_log_is() -> None:
    ids = ["9-0-0-b", "9-0-10-a", "9-0-10-b", "9-1-2-a", "10-0-0-a"]
    assert [FIRST, *map(place, ids), LAST] == sorted([LAST, *map(place, ids), FIRST])


LINES = [
    ":a!a@h PRIVMSG #r :plain",
    "@hubbub/token=1;hubbub/seen=0-0 :b!b@h JOIN #r :b",
    "@+a=b;+c :a!a@h NOTICE #r :tagged",
    "@+typing=done;+hubbub/id=1 :a!a@h TAGMSG #r",
    "@+draft/react=x;+typing=done :a!a@h TAGMSG #r",
    ":a!a@h TOPIC #r :PRIVMSG",
    ":a!a@h AWAY :out",
    said_in_lines("a!a@h", "PRIVMSG", "#r", "one", "\n\ntwo; \rthree", "+c"),
    "GONE x",
]
ENTRY = decode("5-1", "g.0:1", encode([("g.0.1", line) for line in LINES]))


def test_only_what_is_asked_for_is_taken_and_of_tags_only_the_client_s_are_shown() -> None:
    found = events(ENTRY, "m", MESSAGES)
    assert [(past.index, past.line) for past in found] == [
        (0, ":a!a@h PRIVMSG #r :plain"),
        (2, ":a!a@h NOTICE #r :tagged"),
        (7, ":a!a@h PRIVMSG #r :one\n\ntwo; \rthree"),
    ]
    assert [past.client_tags for past in found] == ["", "+a=b;+c", "+c"]
    assert [past.place for past in found] == [(5, 1, 0, "m"), (5, 1, 2, "m"), (5, 1, 7, "m")]


def test_with_playback_all_is_taken_that_members_are_shown_but_who_was_typing() -> None:
    found = events(ENTRY, "m", PLAYED)
    assert [past.index for past in found] == [0, 1, 2, 4, 5, 7]
    assert [past.client_tags for past in found] == ["", "", "+a=b;+c", "+draft/react=x;+typing=done", "", "+c"]
