"""Targets for all decoders of bytes or text from outside, with the invariants of each.

A target takes bytes and returns. An exception that escapes from it is a finding.
"""

import re
import ssl
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from client.buffers import Buffers
from client.event_text import screen_line
from client.session import Session as ClientSession
from gateway import config, values
from gateway.chat import dates, history_access, modes
from gateway.config import ConfigError
from gateway.net.tls import TlsFailure, TlsLayer
from gateway.settings import table
from gateway.wire import dialect, http, proxy, text, websocket
from gateway.wire.casefold import casefold
from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES, LINE_LIMIT_BYTES, LineBuffer, TooLong, cut
from gateway.wire.masks import matches, normalize
from gateway.wire.message import Message, parse, split_source
from gateway.wire.names import suggest_nick, valid_nick, valid_room
from gateway.wire.tags import format_tags, parse_tags
from tests.fuzz.choices import Choices

_HELD_LIMIT = LINE_LIMIT_BYTES + CLIENT_TAGS_LIMIT_BYTES
_BREAKING = re.compile("[\r\n\0]")


def message(data: bytes) -> None:
    """A line that is parsed and formatted again has the same meaning."""
    for line in LineBuffer().feed(data + b"\n"):
        found = parse(line) if isinstance(line, str) else None
        if found is not None:
            assert found.verb
            assert found.verb[0] == "@" or parse(found.line()) == found  # a second "@" begins no tags
            assert len("".join(split_source(found.source or ""))) <= len(found.source or "")


def framing(data: bytes) -> None:
    """Any chunking gives the same lines, all within the limits, and the buffer stays small."""
    choices = Choices(data)
    sizes = [1 + choices.below(256) for _ in range(choices.below(16))] or [1]
    stream = choices.rest()
    whole = [*LineBuffer(tags_limit_bytes=CLIENT_TAGS_LIMIT_BYTES).feed(stream)]
    buffer, found, at = LineBuffer(tags_limit_bytes=CLIENT_TAGS_LIMIT_BYTES), list[str | TooLong](), 0
    while at < len(stream):
        size = sizes[at % len(sizes)]
        found += buffer.feed(stream[at : at + size])
        at += size
        assert len(buffer._partial or b"") <= _HELD_LIMIT
    assert found == whole
    for line in found:
        if isinstance(line, str):
            assert line
            assert not _BREAKING.search(line)
            _, _, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
            assert len(rest.encode()) <= LINE_LIMIT_BYTES * 3  # a broken byte becomes the three of U+FFFD
            assert len(cut(rest, 100).encode()) <= 100


def tags(data: bytes) -> None:
    """Tags that are parsed and formatted again are the same."""
    found = parse_tags(data.decode("utf-8", "replace").partition(" ")[0])
    assert parse_tags(format_tags(found)) == found
    assert " " not in format_tags(found)


def proxy_header(data: bytes) -> None:
    """More bytes do not change the result of a beginning. An address is valid."""
    seen: proxy.Outcome | proxy.Header = proxy.INCOMPLETE
    for end in range(min(len(data), 300) + 1):
        found = proxy.parse(data[:end])
        assert seen is proxy.INCOMPLETE or found == seen
        seen = found
        if isinstance(found, proxy.Header):
            assert found.consumed <= end
            assert found.source_ip is None or values.network(found.source_ip).num_addresses == 1
    proxy.parse(data)


def dialects(data: bytes) -> None:
    """The dialect is determined once. Its decoder continues from there."""
    seen: dialect.Kind | None = None
    for end in range(min(len(data), 300) + 1):
        found = dialect.sniff(data[:end])
        assert seen in (None, found)
        seen = found
    dialect.sniff(data)
    dialect.strip_telnet(data)


def web(data: bytes) -> None:
    """Any request is answered. After a handshake, any chunking gives the same messages, within the limit."""
    choices = Choices(data)
    sizes = [1 + choices.below(256) for _ in range(choices.below(16))] or [1]
    beginning = choices.rest()
    head = http.HEAD.match(beginning)
    request = http.parse(head[1] if head else beginning)
    stream = beginning[head.end() if head else len(beginning) :]
    assert http.answer(request, _PAGES).data.startswith(b"HTTP/1.1 ")
    accepted = websocket.accept(request, ("https://a.example",)) if request is not None else b"HTTP/1.1 "
    if isinstance(accepted, bytes):
        assert accepted.startswith(b"HTTP/1.1 ")
        return
    whole, parts = (websocket.WebSocket(b"", is_binary=False) for _ in range(2))
    expected = (whole.feed(stream), whole.take_output(), whole.over, whole.close())
    found, output, at = list[bytes](), b"", 0
    while at < len(stream):
        size = sizes[at % len(sizes)]
        found += parts.feed(stream[at : at + size])
        output += parts.take_output()
        assert len(parts._partial) <= websocket.MESSAGE_LIMIT_BYTES
        at += size
    assert (found, output, parts.over, parts.close()) == expected
    assert all(len(message) <= websocket.MESSAGE_LIMIT_BYTES for message in found)


_PAGES = http.pages({"index.html": b"<!doctype html>", "app.js": b"1" * 100})


def tls(data: bytes) -> None:
    """Any bytes in place of a handshake raise at most TlsFailure."""
    layer = TlsLayer(_TLS)
    choices = Choices(data)
    try:
        while choices:
            layer.feed(choices.chunk())
            layer.take_pending()
    except TlsFailure:
        layer.take_pending()
    layer.close()


_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def masks(data: bytes) -> None:
    """A mask matches as a plain implementation of its wildcards does."""
    choices = Choices(data)
    mask, source = choices.text()[:40], choices.text()[:60]
    assert matches(mask, source) == _covers(casefold(mask), casefold(source))
    full = normalize(mask)
    assert full.count("!") >= 1
    assert normalize(full) == full
    matches(full, source)


def _covers(mask: str, source: str) -> bool:
    """By dynamic programming: row i has the prefixes of the source that the first i characters match."""
    row = [True] + [False] * len(source)
    for sign in mask:
        if sign == "*":
            row = [any(row[: at + 1]) for at in range(len(row))]
        else:
            row = [False] + [row[at] and sign in ("?", source[at]) for at in range(len(source))]
    return row[-1]


def names(data: bytes) -> None:
    """The nick that is suggested for any text is valid."""
    choices = Choices(data)
    typed, suffix = choices.text(), str(choices.below(100))
    assert valid_nick(suggest_nick(typed))
    assert valid_nick(suggest_nick(typed, suffix))
    if valid_room(typed):
        found = parse(f"JOIN {typed}")
        assert found is not None
        assert found.params == [typed]
    if valid_nick(typed):
        assert casefold(casefold(typed)) == casefold(typed)


def plain_text(data: bytes) -> None:
    """A typed text becomes a line with exactly this meaning. The output moves no cursor."""
    choices = Choices(data)
    room = choices.pick(("", "#lobby", "#other"))
    typed = re.sub("[\r\n\0]", "", choices.text())
    for meant in (text.to_message(typed, room), text.to_name(typed)):
        if isinstance(meant, Message):
            assert parse(meant.line()) == meant
            assert not _BREAKING.search(meant.line())
    sent = parse(re.sub("[\r\n\0]", "", choices.rest().decode("utf-8", "replace")))
    shown = text.render(sent, "bob", room) if sent is not None else None
    assert shown is None or is_harmless(shown), ascii(shown)


def is_harmless(shown: str) -> bool:
    """No character moves the cursor, ends the line or changes the direction of the text around it."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return all(
        unicodedata.category(sign) not in ("Cc", "Zl", "Zp") and unicodedata.bidirectional(sign) not in turning
        for sign in shown
    )


def mode_strings(data: bytes) -> None:
    """Mode changes that are parsed and formatted again are the same. The lines are not too long."""
    choices = Choices(data)
    letters = choices.text().partition(" ")[0]
    params = [word for word in choices.text().split(" ") if word and word[0] != ":"][:12]
    asked = modes.parse(letters, params)
    written = modes.render(asked).split(" ")
    if asked and all(change.letter not in " " for change in asked):
        assert modes.parse(written[0], written[1:]) == asked
    short = [change._replace(param=change.param[:50] if change.param else change.param) for change in asked]
    for line in modes.lines(":server MODE #room", short):
        assert len(line.encode()) <= LINE_LIMIT_BYTES


def places(data: bytes) -> None:
    """Message ids and times in commands of clients."""
    named = data.decode("utf-8", "replace")
    assert history_access.FIRST <= history_access.place(named) <= history_access.LAST
    at = dates.parse_time(named)
    assert at is None or at >= 0


def settings(data: bytes) -> None:
    """A value from any source is accepted, or refused with a reason."""
    choices = Choices(data)
    row = choices.pick(table())
    given = choices.text()
    problem = _problem({}, {row.variable: given})
    assert not row.secret or len(given) < 8 or given not in problem
    _problem({}, {f"{row.variable}_FILE": given})
    with TemporaryDirectory() as directory:
        file = Path(directory, "settings.toml")
        file.write_bytes(choices.rest())
        _problem({"config": str(file)}, {})


def _problem(options: dict[str, str | Sequence[str] | None], environ: dict[str, str]) -> str:
    """Return the error for the operator, or "" if nothing is wrong."""
    try:
        config.load(options, environ)
    except ConfigError as error:
        return str(error)
    return ""


def client(data: bytes) -> None:
    """The terminal client accepts any input from a server, and sends only valid lines."""
    choices = Choices(data)
    session = ClientSession("bob", ["#lobby"], lambda: "id", backlog=10)
    buffers = Buffers("bob", ["word"])
    now = 1_700_000_000.0
    session.connected("there", now)
    if choices.below(2):
        caps = b"batch message-tags server-time echo-message labeled-response draft/chathistory draft/event-playback"
        session.receive(b":s CAP * LS :" + caps + b"\r\n"
                        b":s CAP * LS :draft/multiline=max-bytes=4096 draft/read-marker\r\n"
                        b":s CAP * ACK :" + caps + b" draft/multiline draft/read-marker draft/message-redaction\r\n"
                        b":s 001 bob :hi\r\n:s 005 bob MONITOR WHOX :are\r\n:bob!b@h JOIN #lobby\r\n", now)  # fmt: skip
    while choices:
        now += choices.below(100)
        kind = choices.below(8)
        if kind == 0:
            session.tick(now)
        elif kind == 1:
            _do_something(session, choices, now)
        elif kind == 2:
            session.disconnected(now)
            session.connected("there", now)
        else:
            session.receive(choices.chunk() + b"\r\n", now)
        for sent in session.take_output().decode().split("\r\n"):
            assert not _BREAKING.search(sent)
        for event in session.take_events():
            shown = (screen_line(event, "#lobby") or "").split("\n")
            assert all(map(is_harmless, shown)), ascii(shown)
            for change in buffers.apply(event, now):
                for line in change.entries:
                    assert is_harmless(line.nick)
                    assert all(map(is_harmless, line.text.split("\n"))), ascii(line.text)


def _do_something(session: ClientSession, choices: Choices, now: float) -> None:
    """Do what a user does."""
    text = choices.text()
    match choices.below(6):
        case 0:
            session.say(("#lobby", "ann")[choices.below(2)], text, now, reply_to="m")
        case 1:
            session.react("#lobby", "m", text, now)
        case 2:
            session.load_older("#lobby", None, now)
        case 3:
            session.search("ann", text, now)
        case 4:
            session.mark_read("#lobby", now, now)
        case _:
            message = parse(re.sub("[\r\n\0]", "", text))
            if message is not None:
                session.request(message, now)
