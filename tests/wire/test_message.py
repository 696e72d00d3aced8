"""Lines to messages and back (Modern IRC "Message Format", RFC 2812 2.3.1)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.wire.message import Message, parse, split_source

# Text as framing gives it: no NUL, CR, LF, no lone surrogates.
text = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]))
middle = text.filter(lambda word: word and " " not in word and word[0] != ":")
source = text.filter(lambda word: " " not in word)
verb = st.from_regex(r"[A-Z]+|[0-9]{3}", fullmatch=True)
tag_key = st.from_regex(r"\+?([a-z0-9.-]+/)?[A-Za-z0-9-]+", fullmatch=True)
tag_value = st.text(st.characters(exclude_characters="\0\ufffd", exclude_categories=["Cs"]))
messages = st.builds(
    Message,
    verb=verb,
    params=st.tuples(st.lists(middle), st.lists(text, max_size=1)).map(lambda parts: parts[0] + parts[1]),
    source=st.none() | source,
    tags=st.dictionaries(tag_key, tag_value, max_size=4),
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # Modern IRC "Parameters": the trailing parameter may hold spaces, and colons after the first.
        ("PRIVMSG #room :hello world", Message("PRIVMSG", ["#room", "hello world"])),
        ("PRIVMSG #room ::-) hi", Message("PRIVMSG", ["#room", ":-) hi"])),
        ("PRIVMSG #room a:b", Message("PRIVMSG", ["#room", "a:b"])),
        ("PRIVMSG #room :", Message("PRIVMSG", ["#room", ""])),
        ("PRIVMSG #room :a :b", Message("PRIVMSG", ["#room", "a :b"])),
        # "Command": verbs are case-insensitive; three digits are a numeric.
        ("quit", Message("QUIT")),
        (":server 001 bob :Welcome", Message("001", ["bob", "Welcome"], "server")),
        # RFC 2812 2.3.1: the prefix tells where the message came from.
        (":bob!b@host JOIN #room", Message("JOIN", ["#room"], "bob!b@host")),
        # IRCv3 message-tags "Format": tags come before the source.
        ("@id=1;+draft/x :bob JOIN #r", Message("JOIN", ["#r"], "bob", {"id": "1", "+draft/x": ""})),
        (r"@a=\:\s\\ TAGMSG #r", Message("TAGMSG", ["#r"], None, {"a": "; \\"})),
        # Modern IRC "Message Format": any number of spaces between the parts.
        ("@a=b   :bob   MODE  #r   +o  bob ", Message("MODE", ["#r", "+o", "bob"], "bob", {"a": "b"})),
        ("  NICK   bob  ", Message("NICK", ["bob"])),
        # Only the space separates: no other white space does.
        ("JOIN #a\u00a0b\u3000c", Message("JOIN", ["#a\u00a0b\u3000c"])),
        ("PRIVMSG #r \x1fx\x1d", Message("PRIVMSG", ["#r", "\x1fx\x1d"])),
    ],
)
def test_parses(line: str, expected: Message) -> None:
    assert parse(line) == expected


@pytest.mark.parametrize("line", ["", "   ", ":", ":bob", ":bob ", "@a=b", "@a=b :bob", "::", ":a :b", " :x", "@"])
def test_a_line_without_a_verb_is_no_message(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (Message("JOIN", ["#room"]), "JOIN #room"),
        (Message("PRIVMSG", ["#room", "hi"], "bob!b@h"), ":bob!b@h PRIVMSG #room :hi"),
        (Message("TOPIC", ["#room", ""]), "TOPIC #room :"),
        (Message("MODE", ["#room", "+k", "two words"]), "MODE #room +k :two words"),
        (Message("MODE", ["#room", ":x"]), "MODE #room ::x"),
        (Message("PING"), "PING"),
        (Message("TAGMSG", ["#r"], None, {"+typing": "active", "a": ""}), "@+typing=active;a TAGMSG #r"),
    ],
)
def test_writes(message: Message, line: str) -> None:
    assert message.line() == line


@given(messages)
def test_what_is_written_is_read_back(message: Message) -> None:
    assert parse(message.line()) == message


@given(text)
@example("@ :")
@example(": : :")
def test_reading_never_raises_and_what_was_read_stays_the_same(line: str) -> None:
    message = parse(line)
    if message is not None:
        assert parse(message.line()) == message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("bob!b@host.example", ("bob", "b", "host.example")),
        ("bob", ("bob", "", "")),
        ("irc.example", ("irc.example", "", "")),
        ("bob@host", ("bob", "", "host")),
        ("bob!b", ("bob", "b", "")),
    ],
)
def test_a_source_comes_apart(source: str, expected: tuple[str, str, str]) -> None:
    assert split_source(source) == expected
