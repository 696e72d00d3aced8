"""Reactions and redactions, also of messages that are loaded later (IRCv3 react, message-redaction)."""

from client.annotations import Annotations
from client.buffer import Buffer, BufferKind, Entry
from client.entry_factory import EntryFactory
from gateway.wire.message import Message, parse


def line(text: str) -> Message:
    message = parse(text)
    assert message is not None
    return message


def message(buffer: Buffer, msgid: str = "m1") -> Entry:
    entry = EntryFactory("alice", ()).of_message(line(f"@msgid={msgid} :bob!b@h PRIVMSG #a :hello"), 0.0)
    assert entry is not None
    buffer.insert(entry)
    return entry


def reaction(nick: str, emoji: str, tag: str = "+draft/react") -> Message:
    return line(f"@+draft/reply=m1;{tag}={emoji} :{nick}!x@h TAGMSG #a")


def test_reactions_are_added_and_removed_once_each() -> None:
    annotations, buffer = Annotations(), Buffer("#a", BufferKind.ROOM)
    entry = message(buffer)
    for nick in ("bob", "carol", "bob"):
        annotations.apply(buffer, reaction(nick, "+1"))
    assert entry.reactions == {"+1": ["bob", "carol"]}
    assert annotations.apply(buffer, reaction("dave", "+1", "+draft/unreact")) is None
    for nick in ("bob", "carol"):
        assert annotations.apply(buffer, reaction(nick, "+1", "+unreact")) is entry
    assert entry.reactions == {}


def test_what_is_no_reaction_is_ignored() -> None:
    annotations, buffer = Annotations(), Buffer("#a", BufferKind.ROOM)
    entry = message(buffer)
    assert annotations.apply(buffer, reaction("bob", "a\\swhole\\ssentence")) is None
    assert entry.reactions == {}


def test_annotations_wait_for_a_message_that_is_loaded_later() -> None:
    annotations, buffer = Annotations(), Buffer("#a", BufferKind.ROOM)
    assert annotations.apply(buffer, reaction("bob", "+1")) is None
    assert annotations.apply(buffer, line(":bob!b@h REDACT #a m2 :a slip")) is None
    first, second = message(buffer), message(buffer, "m2")
    for entry in (first, second):
        annotations.catch_up(buffer, entry)
    assert first.reactions == {"+1": ["bob"]}
    assert (second.redacted_by, second.redaction_reason, second.text) == ("bob", "a slip", "")
