"""Consecutive joins, parts and renames are one line."""

import pytest

from client.buffer import ABSORBED_LIMIT, ABSORBED_WITHIN_S, Buffer, BufferKind
from client.entry_factory import EntryFactory
from client.member_changes import change_of, summarise
from gateway.wire.message import Message, parse


def parsed(line: str) -> Message:
    message = parse(line)
    assert message is not None
    return message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("alice+ bob+ carol-", "alice, bob joined; carol left"),
        ("alice+ alice-", "alice joined and left"),
        ("alice- alice+", "alice left and came back"),
        ("alice- ALICE+ alice-", "alice left"),
        ("alice>al", "alice is now al"),
        ("alice>al al>ally", "alice is now ally"),
        ("alice+ alice>al", "al joined"),
        ("alice>al al-", "al left"),
        ("alice>al al>alice", "alice left and came back"),
        ("alice- bob>alice alice-", "alice, alice left"),
        (" ".join(f"u{number}+" for number in range(9)), "u0, u1, u2, u3, u4, u5 and 3 more joined"),
    ],
)
def test_a_line_says_what_became_of_each_person(changes: str, said: str) -> None:
    lines = {"+": ":{}!u@h JOIN #a", "-": ":{}!u@h QUIT :bye", ">": ":{}!u@h NICK {}"}
    messages = []
    for change in changes.split():
        sign = next(each for each in "+->" if each in change)
        messages.append(parsed(lines[sign].format(*change.split(sign))))
    found = [change_of(message) for message in messages]
    assert summarise(change for change in found if change is not None) == said


def test_what_is_no_change_of_others_is_a_line_of_its_own() -> None:
    maker = EntryFactory("alice", ())
    buffer = Buffer("#a", BufferKind.ROOM)
    shown = [
        ":bob!u@h JOIN #a",
        ":alice!u@h JOIN #a",
        ":bob!u@h KICK #a carol",
        ":dave!u@h JOIN #a",
        ":eve!u@h PART #a",
        ":alice!u@h NICK al",
        ":bob!u@h TOPIC #a :new",
    ]
    for number, line in enumerate(shown):
        made = maker.of_event(parsed(line), "alice", float(number))
        assert made is not None
        if buffer.absorb(made) is None:
            buffer.insert(made)
    assert [line.text for line in buffer.entries] == [
        "bob joined #a",
        "you joined #a",
        "bob kicked carol out of #a",
        "dave joined; eve left",
        "you are now al",
        "bob set the topic of #a: new",
    ]


def test_a_line_is_bounded_and_ends_where_nothing_happens() -> None:
    maker = EntryFactory("alice", ())
    buffer = Buffer("#a", BufferKind.ROOM)

    def join(nick: str, at: float) -> None:
        made = maker.of_event(parsed(f":{nick}!u@h JOIN #a"), "alice", at)
        assert made is not None
        if buffer.absorb(made) is None:
            buffer.insert(made)

    for number in range(ABSORBED_LIMIT + 1):
        join(f"u{number}", 0.0)
    assert [len(line.absorbed) for line in buffer.entries] == [ABSORBED_LIMIT, 0]
    join("late", ABSORBED_WITHIN_S + 1)
    assert len(buffer.entries) == 3
