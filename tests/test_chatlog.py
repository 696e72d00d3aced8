"""The `log` command, with rooms that are written as lanes write them."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from gateway import chatlog
from gateway.broker.keys import Keys
from gateway.chat import events
from gateway.chat.multiline import first_and_more
from gateway.chat.render import log_mark
from gateway.chatlog import Query
from gateway.config import Settings
from gateway.logs.scripts import APPEND

ALICE = "alice!a@host"
NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
LIMIT_S = 60.0


class Rooms:
    """Writes logs, and reads them with the command."""

    def __init__(self, client: Any, url: str, prefix: str) -> None:
        self.client, self.keys = client, Keys(prefix)
        self.settings = Settings(redis=url, prefix=prefix)

    def append(self, room: str, *lines: str) -> str:
        """Append one entry now. Return its stream id."""
        payload = events.encode([("aaaaaa.0.1", line) for line in lines])
        keys = self.keys.log(room), self.keys.head(room)
        epoch = "*" if self.client.exists(keys[1]) else ""
        id = self.client.eval(APPEND.source, 2, *keys, epoch, "aaaaaa.0:1", payload, self.keys.live(room), "e")
        return str(id.decode())

    def append_at(self, room: str, ms: int, *lines: str) -> str:
        """Append an entry with this time."""
        payload = events.encode([("aaaaaa.0.1", line) for line in lines])
        return str(self.client.xadd(self.keys.log(room), {"o": "aaaaaa.0:1", "e": payload}, f"{ms}-0").decode())

    def rejected(self, room: str, mark: str) -> None:
        self.client.sadd(self.keys.rejected(room), mark)

    def read(self, room: str = "#lobby", **wanted: Any) -> list[str]:
        out = io.StringIO()
        assert chatlog.run(self.settings, Query(room, **wanted), out) == 0
        return out.getvalue().splitlines()


@pytest.fixture
def rooms(redis_url: str, prefix: str) -> Iterator[Rooms]:
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        yield Rooms(client, redis_url, prefix)


def said(text: str, room: str = "#lobby") -> str:
    return events.said(ALICE, "PRIVMSG", room, text)


MS = int(NOW.timestamp() * 1000)
MARK = log_mark("#lobby")


def test_text_is_a_line_a_message(rooms: Rooms) -> None:
    rooms.append_at(
        "#lobby",
        MS,
        events.joined(ALICE, "#lobby", "Alice", {"token": "1", "seen": "0-0"}),
        said("hi"),
        said("\x01ACTION waves\x01"),
        events.said(ALICE, "NOTICE", "#lobby", "\x0304careful\x03"),
        events.tagmsg(ALICE, "#lobby", "+typing=active"),
        events.topic_set(ALICE, "#lobby", "a topic"),
        events.quitted(ALICE, "bye"),
        events.gone("bbbbbb").line,
        events.rules(2).line,
    )
    assert rooms.read() == [
        f"2026-11-22 10:00:00 {text}"
        for text in (
            "* alice joined #lobby",
            "<alice> hi",
            "* alice waves",
            "-alice- careful",
            "* alice set the topic of #lobby: a topic",
            "* alice is gone (bye)",
            "* gateway bbbbbb is gone, with its users",
        )
    ]


def test_irc_has_time_msgid_and_client_tags_but_no_internal_facts(rooms: Rooms) -> None:
    rooms.append_at(
        "#lobby",
        MS + 7,
        events.with_tags(said("hi there"), {"x": "1"}, "+a=b"),
        events.gone("bbbbbb").line,
    )
    assert rooms.read(form="irc") == [
        f"@time=2026-11-22T10:00:00.007Z;msgid={MS + 7}-0-0-{MARK};+a=b :{ALICE} PRIVMSG #lobby :hi there"
    ]


def in_lines(text: str) -> str:
    first, more = first_and_more(text)
    return events.said_in_lines(ALICE, "PRIVMSG", "#lobby", first, more, "+a=b")


def test_a_message_of_several_lines_is_shown_in_lines(rooms: Rooms) -> None:
    rooms.append_at("#lobby", MS, in_lines("\none; \rtwo\nthree"))
    assert rooms.read() == [f"2026-11-22 10:00:00 <alice> {text}" for text in ("", "one; two", "three")]
    (line,) = rooms.read(form="jsonl")
    assert json.loads(line)["params"] == ["#lobby", "\none; two\nthree"]


def test_irc_has_them_as_clients_without_multiline(rooms: Rooms) -> None:
    """IRCv3 multiline, "Fallback": no blank lines, the tags on the first."""
    rooms.append_at("#lobby", MS, in_lines("\none; \rtwo\nthree"))
    time = "time=2026-11-22T10:00:00.000Z"
    assert rooms.read(form="irc") == [
        f"@{time};msgid={MS}-0-0-{MARK};+a=b :{ALICE} PRIVMSG #lobby :one; ",
        f"@{time} :{ALICE} PRIVMSG #lobby :two",
        f"@{time} :{ALICE} PRIVMSG #lobby :three",
    ]


def test_irc_shows_events_as_members_were_shown_them(rooms: Rooms) -> None:
    """IRCv3 extended-join: only clients that have negotiated it get the realname."""
    rooms.append_at("#lobby", MS, events.joined(ALICE, "#lobby", "Alice", {"token": "1", "seen": "0-0"}))
    assert [line.partition(" ")[2] for line in rooms.read(form="irc")] == [f":{ALICE} JOIN #lobby"]


def test_jsonl_has_everything(rooms: Rooms) -> None:
    rooms.append_at("#lobby", MS, said("hé"))
    (line,) = rooms.read(form="jsonl")
    assert json.loads(line) == {
        "time": "2026-11-22T10:00:00.000Z",
        "msgid": f"{MS}-0-0-{MARK}",
        "room": "#lobby",
        "session": "aaaaaa.0.1",
        "source": ALICE,
        "verb": "PRIVMSG",
        "params": ["#lobby", "hé"],
        "tags": {},
    }


@pytest.mark.parametrize("form", ["text", "irc", "jsonl"])
def test_a_terminal_is_sent_nothing_that_it_would_obey(rooms: Rooms, form: str) -> None:
    """Messages must not move the cursor, set the title or change the direction of text on the operator's terminal."""
    rooms.append("#lobby", f":{ALICE} PRIVMSG #lobby :\x1b]0;title\x07 \x9b31m \x7f \u202e caf\u00e9")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    assert chatlog.run(rooms.settings, Query("#lobby", form), out) == 0
    shown = out.getvalue()
    assert "caf\u00e9" in shown
    assert not set("\x1b\x07\x9b\x7f\u202e") & set(shown)
    if form == "jsonl":
        assert json.loads(shown)["params"][1].startswith("\x1b]0;title\x07 \x9b31m \x7f \u202e"), "it says the same"
    (raw,) = rooms.read(form="irc")
    assert "\x1b]0;title\x07" in raw, "a file or a program gets every byte"


def test_void_events_are_left_out(rooms: Rooms) -> None:
    id = rooms.append("#lobby", said("one"), said("two"), said("three"))
    rooms.rejected("#lobby", f"{id}.1")
    assert [line[-5:] for line in rooms.read()] == ["> one", "three"]


def test_lobby_means_the_room_and_case_does_not_matter(rooms: Rooms) -> None:
    rooms.append("#lobby", said("hi"))
    assert rooms.read("lobby") == rooms.read("#LOBBY") == rooms.read("#lobby") != []


def test_a_long_log_comes_in_pages_in_order(rooms: Rooms) -> None:
    count = chatlog.PAGE_ENTRIES * 2 + 3
    for number in range(count):
        rooms.append_at("#lobby", MS + number, said(str(number)))
    assert [line.rsplit(" ", 1)[1] for line in rooms.read()] == [str(number) for number in range(count)]
    newest = rooms.read(limit=chatlog.PAGE_ENTRIES + 2)
    assert [line.rsplit(" ", 1)[1] for line in newest] == [str(number) for number in range(count)][-len(newest) :]
    assert len(newest) == chatlog.PAGE_ENTRIES + 2


def test_since_and_until_are_inclusive(rooms: Rooms) -> None:
    for number in range(5):
        rooms.append_at("#lobby", MS + number, said(str(number)))
    assert [line[-1] for line in rooms.read(since_ms=MS + 1, until_ms=MS + 3)] == ["1", "2", "3"]
    assert [line[-1] for line in rooms.read(since_ms=MS + 1, until_ms=MS + 3, limit=2)] == ["2", "3"]


def test_a_room_without_a_log_is_told(rooms: Rooms) -> None:
    with pytest.raises(chatlog.ChatLogError, match="there is no log of #nowhere"):
        rooms.read("nowhere")


@contextlib.contextmanager
def command(rooms: Rooms, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    environ = os.environ | {"HUBBUB_REDIS": rooms.settings.redis or "", "HUBBUB_PREFIX": rooms.settings.prefix}
    line = [sys.executable, "-m", "gateway", "log", "lobby", *arguments]
    with subprocess.Popen(line, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_follow_goes_on_with_what_comes_until_interrupted(rooms: Rooms) -> None:
    rooms.append("#lobby", said("before"))
    with command(rooms, "--follow") as process:
        assert process.stdout is not None
        assert "before" in process.stdout.readline()
        later_ms = int(datetime.now(UTC).timestamp() * 1000) + 60_000
        rooms.rejected("#lobby", f"{later_ms}-0.0")
        rooms.append_at("#lobby", later_ms, said("forbidden"))
        rooms.append_at("#lobby", later_ms + 1, said("after"))
        assert "after" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_follow_waits_for_a_room_that_is_not_there_yet(rooms: Rooms) -> None:
    with command(rooms, "--follow", "--limit", "5") as process:
        assert process.stdout is not None
        rooms.append("#lobby", said("first"))
        assert "first" in process.stdout.readline()


def test_a_reader_that_has_seen_enough_is_no_error(rooms: Rooms) -> None:
    for _ in range(300):
        rooms.append("#lobby", *[said("x" * 400)] * 10)
    with command(rooms) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(LIMIT_S) == 0


@pytest.mark.parametrize(
    ("told", "seconds_ago"),
    [("10m", 600), ("2h", 7200), ("1d", 86_400), ("30s", 30), ("1w", 604_800)],
)
def test_an_age_is_counted_from_now(told: str, seconds_ago: int) -> None:
    assert chatlog.parse_time(told, NOW) == MS - seconds_ago * 1000


@pytest.mark.parametrize(
    "told", ["2026-11-22T10:00", "2026-11-22T10:00:00Z", "2026-11-22 11:00:00+01:00", "20261122T100000"]
)
def test_iso_8601_is_utc_unless_it_says_otherwise(told: str) -> None:
    assert chatlog.parse_time(told, NOW) == MS


@pytest.mark.parametrize("told", ["", "soon", "-5m", "10 m", "2026-13-01", "999999999w"])
def test_another_time_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(told))):
        chatlog.parse_time(told, NOW)
