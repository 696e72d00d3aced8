"""The log and the export of a conversation: neither contains a deleted message."""

import json
from pathlib import Path

import pytest

from client import files
from client.annotations import Annotations
from client.buffer import Buffer, BufferKind
from client.entry_factory import EntryFactory
from client.events import Received, ServerEvent, event_type
from client.files import Log, export
from gateway.wire.message import parse


def heard(line: str) -> ServerEvent:
    message = parse(line)
    assert message is not None
    return event_type(message, "#lobby")[0](0.0, message, "alice", conversation="#lobby")


def redaction(msgid: str) -> ServerEvent:
    return heard(f":bob!u@h REDACT #lobby {msgid}")


def written(path: Path) -> list[str]:
    return [line[20:].rstrip() for line in path.read_text().splitlines()]


def test_a_deleted_message_is_overwritten_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    log = Log()
    log.open(path)
    several = Received(0.0, heard(":bob!u@h PRIVMSG #lobby :x").message, "alice", conversation="#lobby")
    several.message.params[1] = "a secret\nof several lines"
    several.message.tags["msgid"] = "m3"
    log.note(heard("@msgid=m1 :bob!u@h PRIVMSG #lobby :the password is 日本語"))
    log.note(heard("@msgid=m2 :bob!u@h PRIVMSG #lobby :kept"))
    log.note(several)
    log.note(heard("@msgid=m4 :bob!u@h PRIVMSG #lobby :\x01ACTION whispers the password\x01"))
    log.note(heard("@msgid=m5 :bob!u@h PRIVMSG #lobby :no"))
    size = path.stat().st_size
    for msgid in ("m1", "m3", "m4", "m5", "unknown"):
        log.note(redaction(msgid))
    assert path.stat().st_size == size
    log.note(heard("@msgid=m6 :bob!u@h PRIVMSG #lobby :after that"))
    assert written(path) == [
        "#lobby <bob> [deleted]",
        "#lobby <bob> kept",
        "#lobby <bob> [deleted]",
        "#lobby * bob [deleted]",
        "#lobby <bob> --",
        "#lobby <bob> after that",
    ]
    log.close()


def test_only_so_many_messages_of_the_log_can_be_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ERASABLE_LIMIT", 2)
    log = Log()
    log.open(tmp_path / "log")
    for number in range(3):
        log.note(heard(f"@msgid=m{number} :bob!u@h PRIVMSG #lobby :number {number} of three"))
    log.note(redaction("m0"))
    log.note(redaction("m1"))
    assert written(tmp_path / "log") == [
        "#lobby <bob> number 0 of three",
        "#lobby <bob> [deleted]",
        "#lobby <bob> number 2 of three",
    ]
    log.close()


def test_a_log_that_cannot_be_overwritten_is_written_all_the_same() -> None:
    log = Log()
    log.open(Path("/dev/null"))
    log.note(heard("@msgid=m1 :bob!u@h PRIVMSG #lobby :hi"))
    log.note(redaction("m1"))
    log.close()


def test_a_copy_has_no_deleted_text_and_each_change_of_members(tmp_path: Path) -> None:
    maker, buffer = EntryFactory("alice", ()), Buffer("#lobby", BufferKind.ROOM)
    line = maker.of_message(heard("@msgid=m1 :bob!u@h PRIVMSG #lobby :the password").message, 0.0)
    assert line is not None
    buffer.insert(line)
    Annotations().apply(buffer, redaction("m1").message)
    for nick in ("carol", "dave"):
        joined = maker.of_event(heard(f":{nick}!u@h JOIN #lobby").message, "alice", 1.0)
        assert joined is not None
        if buffer.absorb(joined) is None:
            buffer.insert(joined)
    assert export(buffer, tmp_path / "copy.txt") == 3
    assert written(tmp_path / "copy.txt") == [
        "<bob> [deleted by bob]",
        "-- carol joined #lobby",
        "-- dave joined #lobby",
    ]
    export(buffer, tmp_path / "copy.jsonl")
    first = json.loads((tmp_path / "copy.jsonl").read_text().splitlines()[0])
    assert (first["text"], first["deleted_by"]) == ("", "bob")
