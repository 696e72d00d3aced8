"""Lines as readers are sent them."""

import pytest

from gateway.chat import events
from gateway.chat.capabilities import ELSEWHERE, MESSAGE_TAGS, SERVER_TIME, TEXT, WS_BINARY, WS_TEXT
from gateway.chat.effects import (
    Departure,
    Effect,
    Invited,
    Joined,
    Left,
    MessageSent,
    ModesSet,
    MultilineSent,
    ProfileChanged,
    Reason,
    Redacted,
    Rejection,
    Renamed,
    TopicSet,
)
from gateway.chat.events import EventId
from gateway.chat.member import Member
from gateway.chat.modes import Change
from gateway.chat.profile_updates import AWAY, ProfileUpdate
from gateway.chat.render import effect_lines, labeled_piece, line_piece, message_lines, message_pieces
from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES, LINE_CONTENT_BYTES
from gateway.wire.message import Message
from gateway.wire.websocket import frame


@pytest.mark.parametrize(("character", "bytes_each"), [("x", 1), ("é", 2)])
def test_client_tags_over_their_limit_are_left_out(character: str, bytes_each: int) -> None:
    """IRCv3 message-tags, "Size limit": whoever has written them into the log."""
    fitting = f"+a={character * ((CLIENT_TAGS_LIMIT_BYTES - len('@+a= ')) // bytes_each)}"
    caps, line = MESSAGE_TAGS | SERVER_TIME, ":ann!ann@host PRIVMSG #r :text"
    assert f";{fitting} :ann" in message_lines(line, caps, "1-0", "id", fitting)[0]
    assert "+a=" not in message_lines(line, caps, "1-0", "id", fitting + character)[0]


SID, ROOM = "gwa.0.1", "#Room"
ANN = Member(SID, "ann", "u", "h")
MESSAGE = ":ann!u@h PRIVMSG #Room :hi"
TAGMSG = MessageSent(1, SID, ":ann!u@h TAGMSG #Room", "+a", is_tagmsg=True)


@pytest.mark.parametrize(
    ("effect", "lines"),
    [
        (MessageSent(0, SID, MESSAGE, "+a"), [MESSAGE]),
        (
            MultilineSent(0, SID, "ann!u@h", "NOTICE", ROOM, "one\n\ntwo"),
            [f":ann!u@h NOTICE {ROOM} :{n}" for n in ("one", "two")],
        ),
        (Joined(0, SID, ROOM, ANN), [f":ann!u@h JOIN {ROOM}"]),
        (Left(0, SID, ROOM, ANN, Departure.PART, ANN.source, "ann", ""), [f":ann!u@h PART {ROOM}"]),
        (Left(0, SID, ROOM, ANN, Departure.PART, ANN.source, "ann", "bye"), [f":ann!u@h PART {ROOM} :bye"]),
        (Left(0, SID, ROOM, ANN, Departure.QUIT, ANN.source, "ann", ""), [":ann!u@h QUIT :"]),
        (Left(0, "x", ROOM, ANN, Departure.KICK, "op!o@h", "ann", "out"), [f":op!o@h KICK {ROOM} ann :out"]),
        (Renamed(0, SID, ANN, "eve", "ann"), [":eve!u@h NICK ann"]),
        (ModesSet(0, SID, ROOM, "op!o@h", [Change(True, "m", None)]), [f":op!o@h MODE {ROOM} +m"]),
        (TopicSet(0, SID, ROOM, "op!o@h", "a b"), [f":op!o@h TOPIC {ROOM} :a b"]),
        (Invited(0, SID, ROOM, "op!o@h", "zed"), [f":op!o@h INVITE zed {ROOM}"]),
        (ProfileChanged(0, SID, ANN, ProfileUpdate(AWAY, ANN.source, ("out",)), 1), [":ann!u@h AWAY :out"]),
        (Redacted(0, SID, ROOM, "op!o@h", EventId("1-0", 0), "1-0-0-x", ""), [f":op!o@h REDACT {ROOM} 1-0-0-x"]),
        (Rejection(0, SID, Reason.MUTED, Message("PRIVMSG", [ROOM, "hi"])), []),
    ],
)
def test_each_effect_has_its_lines(effect: Effect, lines: list[str]) -> None:
    assert effect_lines(effect) == lines


def test_a_line_is_cut_to_what_a_client_accepts() -> None:
    """RFC 2812 2.3: 512 bytes with CRLF."""
    [line] = effect_lines(TopicSet(0, SID, ROOM, ANN.source, "x" * 600))
    assert len(line) == LINE_CONTENT_BYTES


@pytest.mark.parametrize(
    ("variant", "pieces"),
    [
        (0, [f"{MESSAGE}\r\n".encode(), b""]),
        (SERVER_TIME, [f"@time=1970-01-01T00:00:01.000Z {MESSAGE}\r\n".encode(), b""]),
        (
            MESSAGE_TAGS,
            [f"@msgid=1000-0-0-m {MESSAGE}\r\n".encode(), f"@msgid=1000-0-1-m;+a {TAGMSG.line}\r\n".encode()],
        ),
        (WS_TEXT, [frame(MESSAGE.encode(), is_binary=False), b""]),
        (WS_BINARY, [frame(MESSAGE.encode(), is_binary=True), b""]),
        (TEXT, [b"ann: hi\n", b""]),
        (TEXT | ELSEWHERE, [b"[#Room] ann: hi\n", b""]),
    ],
)
def test_each_variant_has_its_bytes(variant: int, pieces: list[bytes]) -> None:
    """IRCv3 message-tags: a TAGMSG only to clients with the capability."""
    assert message_pieces([MessageSent(0, SID, MESSAGE), TAGMSG], "1000-0", variant, "m") == pieces


@pytest.mark.parametrize(
    ("piece", "variant", "expected"),
    [
        (b"x\r\n", 0, b"@label=l x\r\n"),
        (b"@a x\r\n", 0, b"@label=l;a x\r\n"),
        (b"", WS_TEXT, b""),
        (frame(b"x", is_binary=True), WS_BINARY, frame(b"@label=l x", is_binary=True)),
    ],
)
def test_a_sender_s_piece_gets_the_label(piece: bytes, variant: int, expected: bytes) -> None:
    assert labeled_piece(piece, "label=l", variant) == expected
    assert labeled_piece(piece, "", variant) == piece


def test_a_line_that_is_no_message_has_no_msgid() -> None:
    line = events.quitted("ann!u@h", "bye")
    assert line_piece(line, "1-0", MESSAGE_TAGS, ANN.sender) == f"{line}\r\n".encode()
