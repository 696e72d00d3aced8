"""`hubbub-gateway log`: the log of one room, read from Redis and written as text, JSON lines or IRC.

Reads by redis-py, with pages and blocking reads, and writes nothing to Redis. Events that the fold found void
are left out. Main thread of a process of its own, never of a gateway.
"""

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

import redis

from gateway.broker import sentinel
from gateway.broker.keys import Keys
from gateway.chat import events, multiline, render
from gateway.chat.capabilities import MESSAGE_TAGS, SERVER_TIME
from gateway.chat.render import server_time, spoken
from gateway.config import Settings
from gateway.embedded.server import EmbeddedServer
from gateway.wire import tags, text
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, parse, split_source

PAGE_ENTRIES = 500
BLOCK_MS = 5_000
SETTLE_S = 0.25
"""A new event is looked at only after this: its lane needs a moment to record that it is void."""

RECONNECT_PAUSE_S = 1.0
_OBEYED_BY_TERMINALS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class ChatLogError(Exception):
    """There is nothing to read, or nothing to read it from; told in one line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to write: times in ms since 1970, both inclusive; of these at most the newest `limit` events."""

    room: str
    form: str = "text"
    follow: bool = False
    since_ms: int | None = None
    until_ms: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event of a room as it is written out."""

    stream_id: str
    msgid: str
    sid: str
    message: Message

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(events.ms(self.stream_id) / 1000, UTC)


def parse_time(told: str | None, now: datetime) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 time (UTC if it names no zone) or an age such as 10m, 2h, 1d."""
    if told is None:
        return None
    age = re.fullmatch(r"(\d{1,9})([smhdw])", told)
    try:
        at = now - timedelta(seconds=int(age[1]) * UNITS_S[age[2]]) if age else datetime.fromisoformat(told)
    except (ValueError, OverflowError):
        raise ValueError(f"{told!r} is neither a time such as 2026-11-22T10:00 nor an age such as 10m") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def run(settings: Settings, wanted: Wanted, out: TextIO) -> int:
    """Write the log; returns the exit status. Raises ChatLogError and EmbeddedServerError."""
    room = wanted.room if wanted.room.startswith("#") else f"#{wanted.room}"
    with contextlib.ExitStack() as stack:
        share = None
        if settings.redis is None:
            share = stack.enter_context(contextlib.closing(EmbeddedServer.start(settings.data_dir)))
        client = stack.enter_context(_client(share.url if share else settings.redis or ""))
        reader = RoomLog(client, Keys(settings.prefix), casefold(room))
        try:
            _write(reader, wanted, out, lambda: share is None or share.ensure())
        except BrokenPipeError:  # `| head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            return 130
    return 0


def _client(url: str) -> "redis.Redis":
    try:
        return sentinel.client(url, connect_timeout_s=5.0, timeout_s=2 * BLOCK_MS / 1000)
    except ValueError as error:
        raise ChatLogError(f"redis: {error}") from None


def _write(reader: "RoomLog", wanted: Wanted, out: TextIO, bring_back: Callable[[], bool]) -> None:
    form, is_terminal = FORMS[wanted.form], out.isatty()

    def put(found: Iterator[LoggedEvent]) -> None:
        for event in found:
            line = form(event, reader.room)
            if line is not None:
                out.write((_escaped(line) if is_terminal else line) + "\n")
        out.flush()

    try:
        if not wanted.follow and not reader.exists():
            raise ChatLogError(f"there is no log of {reader.room}")
        put(reader.stored(wanted))
    except redis.RedisError as error:
        raise ChatLogError(f"Redis cannot be read: {error}") from None
    while wanted.follow:
        try:
            put(reader.wait())
        except (redis.ConnectionError, redis.TimeoutError) as error:
            print(f"hubbub-gateway: Redis is away ({error}); trying again", file=sys.stderr)
            time.sleep(RECONNECT_PAUSE_S)
            bring_back()


def _escaped(line: str) -> str:
    """What a terminal would obey, in the way of JSON: users have chosen the text."""
    return _OBEYED_BY_TERMINALS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


class RoomLog:
    """The events of one room's log, in order; remembers up to where it has been read."""

    def __init__(self, client: "redis.Redis", keys: Keys, room: str) -> None:
        """`room` is the folded name."""
        self.room = room
        self._client: Any = client  # redis-py types a reply as sync or async at once
        self._log, self._void = keys.log(room), keys.rejected(room)
        self._mark = render.log_mark(room)
        self._last = "0-0"

    def exists(self) -> bool:
        return bool(self._client.exists(self._log))

    def stored(self, wanted: Wanted) -> Iterator[LoggedEvent]:
        """What is there now."""
        first = "-" if wanted.since_ms is None else str(wanted.since_ms)
        last = "+" if wanted.until_ms is None else str(wanted.until_ms)
        if wanted.limit is not None:
            yield from self._newest(first, last, wanted.limit)
            return
        while page := self._client.xrange(self._log, first, last, count=PAGE_ENTRIES):
            yield from self._events(page)
            first = f"({self._last}"

    def wait(self) -> Iterator[LoggedEvent]:
        """What came since; blocks up to BLOCK_MS for it."""
        for _, page in self._client.xread({self._log: self._last}, count=PAGE_ENTRIES, block=BLOCK_MS) or ():
            time.sleep(SETTLE_S)
            yield from self._events(page)

    def _newest(self, first: str, last: str, limit: int) -> Iterator[LoggedEvent]:
        """From the end backwards, as most of a long log is not wanted."""
        found: list[LoggedEvent] = []
        newest = self._last
        while len(found) < limit:
            page = self._client.xrevrange(self._log, last, first, count=PAGE_ENTRIES)
            if not page:
                break
            page.reverse()
            found[:0] = self._events(page)
            newest = max(newest, self._last, key=events.id_key)
            last = f"({page[0][0].decode()}"
        self._last = newest
        yield from found[-limit:]

    def _events(self, page: list[tuple[bytes, dict[bytes, bytes]]]) -> list[LoggedEvent]:
        entries = [
            events.decode(id.decode(), fields.get(b"o", b"").decode(), fields.get(b"e", b"")) for id, fields in page
        ]
        self._last = entries[-1].id
        marks = [f"{entry.id}.{index}" for entry in entries for index in range(len(entry.lines))]
        void = {mark for mark, is_void in zip(marks, self._are_void(marks), strict=True) if is_void}
        return [
            LoggedEvent(entry.id, render.msgid(entry.id, index, self._mark), entry.sids[index], message)
            for entry in entries
            for index, line in enumerate(entry.lines)
            if f"{entry.id}.{index}" not in void and (message := parse(line)) is not None
        ]

    def _are_void(self, marks: list[str]) -> list[int]:
        return self._client.smismember(self._void, marks) if marks else []


def as_text(event: LoggedEvent, room: str) -> str | None:
    """`2026-11-22 10:00:00 <alice> hi`, for each line of it; None for what is not for people."""
    shown = [_readable(message, room) for message in _in_lines(event.message)]
    return "\n".join(f"{event.at:%Y-%m-%d %H:%M:%S} {one}" for one in shown if one is not None) or None


def _in_lines(message: Message) -> list[Message]:
    """A message of several lines as messages of one."""
    if events.MORE not in message.tags:
        return [message]
    lines = multiline.value_of(events.text_of(message)).split("\n")
    return [Message(message.verb, [*message.params[:-1], line], message.source) for line in lines]


def _readable(message: Message, room: str) -> str | None:
    nick, said = split_source(message.source or "")[0], message.params[-1] if message.params else ""
    if message.verb == "PRIVMSG" and not said.startswith("\x01"):
        return f"<{nick}> {text.strip_controls(said)}"
    if message.verb == "NOTICE":
        return f"-{nick}- {text.strip_controls(said)}"
    if message.verb == "GONE":
        return f"* gateway {said} is gone, and whoever was on it"
    return text.render(message, "", room)


def as_jsonl(event: LoggedEvent, room: str) -> str:
    """One JSON object a line, with everything that the log holds; a text of several lines with its line feeds."""
    message = event.message
    params = message.params
    if events.MORE in message.tags:
        params = [*params[:-1], multiline.value_of(events.text_of(message))]
    return json.dumps(
        {
            "time": server_time(events.ms(event.stream_id)),
            "msgid": event.msgid,
            "room": room,
            "session": event.sid,
            "source": message.source,
            "verb": message.verb,
            "params": params,
            "tags": message.tags,
        },
        ensure_ascii=False,
    )


def as_irc(event: LoggedEvent, room: str) -> str | None:
    """The line as a client with message-tags and server-time gets it, or its lines; None for internal events."""
    message = event.message
    if message.source is None:
        return None
    client_tags = tags.format_tags(tags.client_only(message.tags))
    params = message.params[:1] if message.verb == "JOIN" else message.params  # no realname without extended-join
    line = Message(message.verb, params, message.source).line() + message.tags.get(events.MORE, "")
    return "\n".join(spoken(line, SERVER_TIME | MESSAGE_TAGS, event.stream_id, event.msgid, client_tags))


FORMS: dict[str, Callable[[LoggedEvent, str], str | None]] = {
    "text": as_text,
    "jsonl": as_jsonl,
    "irc": as_irc,
}
