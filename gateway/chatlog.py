"""`hubbub-gateway log`: read the log of one room from Redis and write it as text, JSON lines or IRC.

Reads with redis-py, in pages and with blocking reads. Writes nothing to Redis. Rejected events are left
out. Runs on the main thread of its own process, never in a gateway.
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
from gateway.chat.dates import server_time
from gateway.chat.render import message_lines
from gateway.config import Settings
from gateway.embedded.server import EmbeddedServer
from gateway.wire import tags, text
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, parse, split_source

PAGE_ENTRIES = 500
BLOCK_MS = 5_000
SETTLE_S = 0.25
"""The delay before a new event is written: its lane needs a moment to record a rejection."""

RECONNECT_PAUSE_S = 1.0
_TERMINAL_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class ChatLogError(Exception):
    """The log does not exist, or Redis cannot be read. The text is one line."""


@dataclass(frozen=True, slots=True)
class Query:
    """The events to write: times in ms since 1970, both inclusive; at most the newest `limit` events."""

    room: str
    form: str = "text"
    follow: bool = False
    since_ms: int | None = None
    until_ms: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event of a room's log."""

    stream_id: str
    msgid: str
    sid: str
    message: Message

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(events.ms(self.stream_id) / 1000, UTC)


def parse_time(given: str | None, now: datetime) -> int | None:
    """Parse an ISO 8601 time (UTC if without a zone) or an age such as 10m, 2h, 1d; return ms since 1970."""
    if given is None:
        return None
    age = re.fullmatch(r"(\d{1,9})([smhdw])", given)
    try:
        at = now - timedelta(seconds=int(age[1]) * UNITS_S[age[2]]) if age else datetime.fromisoformat(given)
    except (ValueError, OverflowError):
        raise ValueError(f"{given!r} is neither a time such as 2026-11-22T10:00 nor an age such as 10m") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def run(settings: Settings, query: Query, out: TextIO) -> int:
    """Write the log; return the exit status. Raises ChatLogError and EmbeddedServerError."""
    room = query.room if query.room.startswith("#") else f"#{query.room}"
    with contextlib.ExitStack() as stack:
        share = None
        if settings.redis is None:
            share = stack.enter_context(contextlib.closing(EmbeddedServer.start(settings.data_dir)))
        client = stack.enter_context(_client(share.url if share else settings.redis or ""))
        reader = RoomLog(client, Keys(settings.prefix), casefold(room))
        try:
            _write(reader, query, out, lambda: share is None or share.ensure())
        except BrokenPipeError:  # such as `| head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            return 130
    return 0


def _client(url: str) -> "redis.Redis":
    try:
        return sentinel.client(url, connect_timeout_s=5.0, timeout_s=2 * BLOCK_MS / 1000)
    except ValueError as error:
        raise ChatLogError(f"redis: {error}") from None


def _write(reader: "RoomLog", query: Query, out: TextIO, restart_redis: Callable[[], bool]) -> None:
    form, is_terminal = FORMS[query.form], out.isatty()

    def put(found: Iterator[LoggedEvent]) -> None:
        for event in found:
            line = form(event, reader.room)
            if line is not None:
                out.write((_escaped(line) if is_terminal else line) + "\n")
        out.flush()

    try:
        if not query.follow and not reader.exists():
            raise ChatLogError(f"there is no log of {reader.room}")
        put(reader.stored(query))
    except redis.RedisError as error:
        raise ChatLogError(f"Redis cannot be read: {error}") from None
    while query.follow:
        try:
            put(reader.wait())
        except (redis.ConnectionError, redis.TimeoutError) as error:
            print(f"hubbub-gateway: Redis is unavailable ({error}); retrying", file=sys.stderr)
            time.sleep(RECONNECT_PAUSE_S)
            restart_redis()


def _escaped(line: str) -> str:
    """Escape terminal control characters as in JSON, since the text comes from users."""
    return _TERMINAL_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


class RoomLog:
    """Reader of one room's log, in order; keeps the position of the last event read."""

    def __init__(self, client: "redis.Redis", keys: Keys, room: str) -> None:
        """`room` is the casefolded name."""
        self.room = room
        self._client: Any = client  # redis-py types a reply as sync or async at once
        self._log, self._rejected = keys.log(room), keys.rejected(room)
        self._mark = render.log_mark(room)
        self._last = "0-0"

    def exists(self) -> bool:
        return bool(self._client.exists(self._log))

    def stored(self, query: Query) -> Iterator[LoggedEvent]:
        """Yield the events that are stored now."""
        first = "-" if query.since_ms is None else str(query.since_ms)
        last = "+" if query.until_ms is None else str(query.until_ms)
        if query.limit is not None:
            yield from self._newest(first, last, query.limit)
            return
        while page := self._client.xrange(self._log, first, last, count=PAGE_ENTRIES):
            yield from self._events(page)
            first = f"({self._last}"

    def wait(self) -> Iterator[LoggedEvent]:
        """Yield newer events; block up to BLOCK_MS for them."""
        for _, page in self._client.xread({self._log: self._last}, count=PAGE_ENTRIES, block=BLOCK_MS) or ():
            time.sleep(SETTLE_S)
            yield from self._events(page)

    def _newest(self, first: str, last: str, limit: int) -> Iterator[LoggedEvent]:
        """Yield the newest events. Reads backwards, to skip most of a long log."""
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
        rejected = {mark for mark, is_rejected in zip(marks, self._are_rejected(marks), strict=True) if is_rejected}
        return [
            LoggedEvent(entry.id, render.msgid(entry.id, index, self._mark), entry.sids[index], message)
            for entry in entries
            for index, line in enumerate(entry.lines)
            if f"{entry.id}.{index}" not in rejected and (message := parse(line)) is not None
        ]

    def _are_rejected(self, marks: list[str]) -> list[int]:
        return self._client.smismember(self._rejected, marks) if marks else []


def as_text(event: LoggedEvent, room: str) -> str | None:
    """Format each line as `2026-11-22 10:00:00 <alice> hi`; None for events that are not shown."""
    shown = [_readable(message, room) for message in _in_lines(event.message)]
    return "\n".join(f"{event.at:%Y-%m-%d %H:%M:%S} {one}" for one in shown if one is not None) or None


def _in_lines(message: Message) -> list[Message]:
    """Split a multiline message into messages of one line."""
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
        return f"* gateway {said} is gone, with its users"
    return text.render(message, "", room)


def as_jsonl(event: LoggedEvent, room: str) -> str:
    """Format as one JSON object with everything in the log; a multiline text contains line feeds."""
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
    """Format as sent to a client with message-tags and server-time; None for internal events."""
    message = event.message
    if message.source is None:
        return None
    client_tags = tags.format_tags(tags.client_only(message.tags))
    params = message.params[:1] if message.verb == "JOIN" else message.params  # no realname without extended-join
    line = Message(message.verb, params, message.source).line() + message.tags.get(events.MORE, "")
    return "\n".join(message_lines(line, SERVER_TIME | MESSAGE_TAGS, event.stream_id, event.msgid, client_tags))


FORMS: dict[str, Callable[[LoggedEvent, str], str | None]] = {
    "text": as_text,
    "jsonl": as_jsonl,
    "irc": as_irc,
}
