"""Any input from a server, in any order: session, buffers and files continue, and nothing harmful is shown."""

import unicodedata
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from client.buffers import Buffers
from client.event_text import log_line, screen_line
from client.session import Session
from client.transcript import FORMS
from gateway.wire.message import Message

_VERBS = """
PRIVMSG NOTICE TAGMSG REDACT BATCH JOIN PART QUIT NICK KICK MODE TOPIC AWAY ACCOUNT CHGHOST SETNAME INVITE MARKREAD
CAP FAIL WARN NOTE PING PONG ERROR CHATHISTORY WALLOPS 001 005 301 311 312 317 319 322 324 329 330 331 332 333 341
352 353 354 366 315 372 376 401 403 404 421 432 433 471 474 730 731 734 999
"""
_WORDS = """
#lobby|#dev|alice|bob|*|||+r|-r|+q|-q|chathistory|draft/multiline|LS|ACK|732|draft/chathistory-targets|TARGETS|+ov-b|=
timestamp=2023-11-14T22:13:20.000Z|@+bob!u@h carl|G|H*|PREFIX=(ov)@+|CHATHISTORY=3|MONITOR|WHOX|m1|99999999999|PING
batch echo-message draft/chathistory server-time|\x01ACTION waves\x01|\x01VERSION\x01|\u202eturned \x1b[31m|to alice
"""
_TAGS = st.dictionaries(
    st.sampled_from(
        ["msgid", "time", "batch", "label", "+typing", "+draft/react", "+draft/unreact", "+reply", "+hubbub/id"]
    ),
    st.sampled_from(["m1", "m2", "r", "q", "active", "done", "2023-11-14T22:13:20.000Z", "+1", "id0", "id1", ""]),
    max_size=5,
)
_LINES = st.builds(
    Message,
    st.sampled_from(_VERBS.split()),
    st.lists(st.sampled_from(_WORDS.strip().replace("\n", "|").split("|")), max_size=7),
    st.sampled_from([None, "srv", "alice!u@h", "bob!u@h", "bob"]),
    _TAGS,
)
_PAGES = st.builds(
    lambda kind, target, lines: [
        Message("BATCH", ["+p", kind, target]),
        *(replace(line, tags={**line.tags, "batch": "p"}) for line in lines),
        Message("BATCH", ["-p"]),
    ],
    st.sampled_from(["chathistory", "draft/multiline", "draft/chathistory-targets"]),
    st.sampled_from(["#lobby", "bob"]),
    st.lists(_LINES, max_size=8),
)
_BEGINNING = [
    Message(
        "CAP",
        ["*", "LS", "batch echo-message draft/chathistory server-time message-tags draft/multiline=max-bytes=4096"],
    ),
    Message("CAP", ["*", "ACK", "batch echo-message draft/chathistory server-time message-tags draft/multiline"]),
    Message("001", ["alice", "hi"], "srv"),
    Message("JOIN", ["#lobby"], "alice!u@h"),
]
_DEEDS = st.sampled_from(["say", "react", "redact", "older", "search", "tick", "lose", "mark", "write"])


def _do(session: Session, action: str, now: float) -> None:
    match action:
        case "say":
            session.say("#lobby", "one\ntwo", now)
            session.say("bob", "hi", now, reply_to="m1")
        case "react":
            session.react("#lobby", "m1", "+1", now)
        case "redact":
            session.redact("#lobby", "m1", "", now)
        case "older":
            session.load_older("#lobby", None, now)
        case "search":
            session.search("bob", "x", now)
        case "tick":
            session.tick(now)
        case "lose":
            session.disconnected(now)
            session.connected("there", now)
        case "mark":
            session.mark_read("#lobby", now, now)


def _is_harmless(text: str) -> bool:
    return not any(unicodedata.category(character) == "Cc" or character == "\u202e" for character in text)


@settings(max_examples=150, deadline=None)
@given(st.booleans(), st.lists(st.one_of(_LINES, _LINES, _PAGES, _DEEDS), max_size=60))
def test_nothing_that_a_server_says_stops_the_client(
    is_begun: bool, steps: list[Message | list[Message] | str]
) -> None:
    ids = iter(f"id{number}" for number in range(100_000))
    session = Session("alice", ["#lobby"], lambda: next(ids), backlog=5)
    buffers = Buffers("alice")
    now = 1_700_000_000.0
    session.connected("there", now)
    for step in [*([_BEGINNING] if is_begun else []), *steps]:
        now += 1.5
        if isinstance(step, str):
            _do(session, step, now)
        else:
            for message in step if isinstance(step, list) else [step]:
                session.receive(f"{message.line()}\r\n".encode(), now)
        session.take_output()
        for event in session.take_events():
            screen_line(event, "#lobby")
            log_line(event)
            for change in buffers.apply(event, now):
                for line in change.entries:
                    assert all(map(_is_harmless, [line.nick, *line.text.split("\n"), *line.reactions]))
                    assert all(write(line, "#lobby") for write in FORMS.values())
    for buffer in buffers.ordered:
        assert buffer.waiting == sum(line.send_result.value == "waiting" for line in buffer.entries)
        assert len({line.number for line in buffer.entries}) == len(buffer.entries)
        buffer.sorted_members()
