"""Targets for the data that a lane reads from Redis: entries, snapshots, published messages, replies."""

import re

from gateway.broker.link import RedisLink
from gateway.chat import events, snapshot, state_diff
from gateway.chat.events import NOBODY, Entry
from gateway.chat.render import effect_lines
from gateway.chat.room import Room
from gateway.wire.casefold import casefold
from gateway.wire.framing import LINE_CONTENT_BYTES
from tests.fuzz.choices import Choices

_BREAKING = re.compile("[\r\n\0]")
_SIDS = ("abc.0.1", "abc.0.2", "def.0.1", "abc.0.3", NOBODY)
_NICKS = ("ann", "bob", "Ann", "eve", "abc.0.1", "é", "x.y")
_LINES = (
    "@hubbub/token=1;hubbub/seen=9-0 :{n}!u@h JOIN #room :real",
    "@hubbub/token=2;hubbub/key=k;hubbub/oper=1 :{n}!u@h JOIN #room",
    "@hubbub/lobby=1 :{n}!u@h JOIN #ROOM :r",
    ":{n}!u@h PRIVMSG #room :hello",
    "@+a=b;+c :{n}!u@h PRIVMSG #room :tagged",
    "@hubbub/more=\\n\\rx\\ny;+a=b :{n}!u@h NOTICE #room :",
    "@hubbub/by=abc.0.1 :{n}!u@h REDACT #room 9-0-0-00000000 :why",
    ":{n}!u@h NOTICE #room :note",
    "@+a :{n}!u@h TAGMSG #room",
    ":{n}!u@h PART #room :bye",
    ":{n}!u@h QUIT :gone",
    "@hubbub/token=3 :{n}!u@h NICK {n}",
    "@hubbub/token=0 :{n}!u@h NICK bob",
    "@hubbub/sids=abc.0.1 :{n}!u@h KICK #room ann :out",
    "@hubbub/sids=abc.0.1,def.0.1 :{n}!u@h MODE #room +ov-t ann bob",
    "@hubbub/oper=1 :{n}!u@h MODE #room +bbkl *!*@h eve!*@* key 3",
    ":{n}!u@h MODE #room +im-o {n}",
    ":{n}!u@h TOPIC #room :a topic",
    "@hubbub/sids=def.0.1 :{n}!u@h INVITE bob #room",
    ":{n}!u@h AWAY :lunch",
    ":{n}!u@h AWAY",
    "GONE abc",
    "RULES 2",
)


def entries(data: bytes) -> None:
    """Decode any payload. Decoding returns what was encoded."""
    entry = events.decode("1-0", "abc.0:1", data)
    assert len(entry.sids) == len(entry.lines)
    if entry.sids:
        assert entry.body.decode("utf-8", "replace") == "".join(f"{line}\r\n" for line in entry.lines)
        again = events.decode("1-0", "abc.0:1", events.encode(list(zip(entry.sids, entry.lines, strict=True))))
        assert (again.sids, again.lines) == (entry.sids, entry.lines)


def snapshots(data: bytes) -> None:
    """Load any text as a snapshot, or refuse it with ValueError. A room's own snapshot gives the same room."""
    choices = Choices(data)
    if choices.below(2):
        text = choices.rest().decode("utf-8", "replace")
        try:
            snapshot.dump(snapshot.load(text))
        except ValueError:
            return
    else:
        room = Room("#room")
        _fold(room, choices)
        text = snapshot.dump(room)
        at = choices.below(256) * (len(text) // 256 + 1)
        torn = text[:at] + choices.text() + text[at + choices.below(8) :]
        try:
            snapshot.load(torn)
        except ValueError:
            return


def folding(data: bytes) -> None:
    """Apply any entries. All replicas have one state, clients get whole lines, and a snapshot loses nothing."""
    room, other = Room("#room"), Room("#room")
    _fold(room, Choices(data))
    _fold(other, Choices(data))
    text = snapshot.dump(room)
    assert snapshot.dump(other) == text
    assert snapshot.dump(snapshot.load(text)) == text
    assert len(room.nicks) == len(room.members)
    for folded, sid in room.nicks.items():
        assert casefold(room.members[sid].nick) == folded
    list(state_diff.difference(Room("#room"), room))


def _fold(room: Room, choices: Choices) -> None:
    for number in range(1, 40):
        if not choices:
            return
        pairs = [_event(choices) for _ in range(1 + choices.below(3))]
        before = Room("#room") if number % 8 else snapshot.load(snapshot.dump(room))
        entry = _entry(f"{number}-0", pairs)
        effects = room.apply(entry)
        for effect in effects:
            for line in effect_lines(effect):
                assert not _BREAKING.search(line), line
                assert line in entry.lines or len(line.encode()) <= LINE_CONTENT_BYTES, line
        if not number % 8:
            list(state_diff.difference(before, room))


def _entry(id: str, pairs: list[tuple[str, str]]) -> Entry:
    text = "\r\n".join([" ".join(sid for sid, _ in pairs), *(line for _, line in pairs), ""])
    return events.decode(id, "abc.0:1", text.encode("utf-8", "replace"))


def _event(choices: Choices) -> tuple[str, str]:
    sid = choices.pick(_SIDS)
    kind = choices.below(32)
    if kind < len(_LINES):
        return sid, _LINES[kind].replace("{n}", choices.pick(_NICKS))
    line = choices.text()
    if kind < 28:
        line = choices.pick(_LINES).replace("{n}", choices.pick(_NICKS)) + line
    return sid, re.sub("[\r\n\0]", "", line)


class _Wire:
    """A socket that returns the bytes that the test feeds to it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def setblocking(self, _blocking: bool) -> None:
        """It never blocks."""

    def fileno(self) -> int:
        return 3

    def send(self, data: bytes) -> int:
        return len(data)

    def recv(self, _limit: int) -> bytes:
        if not self.pieces:
            raise BlockingIOError
        return self.pieces.pop(0)

    def close(self) -> None:
        """Nothing to give back."""


class _Ear:
    """The receiver of a link's events."""

    def __init__(self) -> None:
        self.is_down = False

    def register(self, _fd: int, on_ready: object, _events: int = 1) -> None:
        self.on_ready = on_ready

    def modify(self, _fd: int, _events: int) -> None: ...
    def unregister(self, _fd: int) -> None: ...
    def link_up(self) -> None: ...

    def link_down(self, _why: str) -> None:
        self.is_down = True

    def link_fault(self, error: Exception) -> None:
        """An invalid reply is given up with a line in the log. No exception escapes."""
        assert isinstance(error, IndexError | TypeError), error

    def message(self, payload: bytes) -> None:
        assert isinstance(payload, bytes)


def link(data: bytes) -> None:
    """With any replies of a server, each call is answered once, and the link continues or goes down."""
    choices = Choices(data)
    ear, wire = _Ear(), _Wire()
    made = RedisLink(ear, ear, ())
    made.subscribe("channel", ear.message, lambda: None)
    made.attach(wire)  # type: ignore[arg-type]
    answers: list[object] = []
    calls = choices.below(8)
    for _ in range(calls):
        made.send(answers.append, "PING")
    if choices.below(4):
        wire.pieces.append(b"+OK\r\n$16\r\nrun_id:123456789\r\n:7\r\n")
    while choices and not ear.is_down:
        wire.pieces.append(choices.chunk() or b"\r")
        made._on_ready(1)
    made.drop("end")
    assert len(answers) == calls
