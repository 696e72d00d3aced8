"""One IRC user of the checker: its connection, its sent and received messages, and the members of its rooms.

A separate IRC client, which shares no code with the gateway or the project's client. When its connection ends, it
connects to another gateway and sends unanswered messages again, with the same ``+hubbub/id``. Runs on the crowd's
thread.
"""

import errno
import selectors
import socket
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Protocol

from tests.chaos.verdict import Key, Said, Sitting

WANTED = (
    "echo-message",
    "message-tags",
    "labeled-response",
    "batch",
    "server-time",
    "multi-prefix",
    "standard-replies",
)
RETRY_S = 0.3
ENTRY_LIMIT_S = 12.0
PING_EVERY_S = 2.0
NAMES_NUMERIC, END_OF_NAMES = "353", "366"


class Stage(Enum):
    AWAY = 0
    CONNECTING = 1
    ENTERING = 2
    IN = 3


class Journal(Protocol):
    """The common record of all users."""

    said: dict[Key, Said]
    sittings: list[Sitting]
    vouched: list[Key]
    """The messages whose echo has come, in the order of the echoes."""

    broken: list[str]
    """Record a violation of the protocol: a line of a user who is not in the room, a PONG before what it guarantees."""


Route = Callable[["User", int], tuple[str, int]]
"""Return the port to connect to, for this number of attempts."""


class User:
    """One user, with one connection at a time."""

    def __init__(
        self,
        name: str,
        home: int,
        rooms: tuple[str, ...],
        route: Route,
        journal: Journal,
        selector: selectors.BaseSelector,
        *,
        speaks: bool = False,
        plain: bool = False,
        patience_s: float | None = None,
        padding: int = 60,
    ) -> None:
        """``plain``: requests no capabilities. ``patience_s``: the time without input after which it gives up."""
        self.name = self.nick = name
        self.home = home
        self.rooms = rooms
        self.speaks = speaks
        self.stage = Stage.AWAY
        self.connections = 0
        self.open: dict[str, Sitting] = {}
        self.present: dict[str, set[str]] = {}
        self.topics: dict[str, str] = {}
        self.port = 0
        self.unanswered: dict[int, Said] = {}
        self.answers: dict[str, list[str]] = {}
        self.anonymous_refusals: list[str] = []
        self.farewells: list[str] = []
        self._route, self._journal, self._selector = route, journal, selector
        self._plain, self._patience_s = plain, patience_s
        self._padding = "." * padding
        self._socket: socket.socket | None = None
        self._in, self._out = b"", bytearray()
        self._retry_at = self._entered_at = self._pinged_at = self._heard_at = 0.0
        self._offered: set[str] = set()
        self._tries = self._suffix = self._count = 0
        self._listed: set[str] = set()
        self._asked: str | None = None
        self._batches: set[str] = set()
        self._checked = 0
        self._excuse = False
        self._heard: set[Key] = set()
        self._renewed: set[Key] = set()

    @property
    def is_in(self) -> bool:
        """Whether it is registered and in all its rooms."""
        return self.stage is Stage.IN

    # -- connection -----------------------------------------------------------------------------------

    def begin(self, now: float) -> None:
        self._retry_at = now
        self.stage = Stage.AWAY

    def tick(self, now: float) -> None:
        if self.stage is Stage.AWAY:
            if now >= self._retry_at > 0:
                self._connect(now)
        elif self.stage is not Stage.IN:
            if now - self._entered_at > ENTRY_LIMIT_S:
                self.lose(now)
        elif self._patience_s and now - self._heard_at > self._patience_s:
            self.lose(now)
        elif now - self._pinged_at > PING_EVERY_S:
            self._pinged_at = now
            self._excuse = False
            self.send(f"PING b{len(self._journal.vouched)}")

    def _connect(self, now: float) -> None:
        self.stage, self._entered_at = Stage.CONNECTING, now
        self._in, self._out = b"", bytearray()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        where = self._route(self, self._tries)
        self.port = where[1]
        self._tries += 1
        failure = self._socket.connect_ex(where)
        if failure not in {0, errno.EINPROGRESS}:
            self.lose(now)
            return
        self._selector.register(self._socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def lose(self, now: float) -> None:
        """Note the loss of the connection. The next one follows after a moment."""
        if self._socket is not None:
            if self._socket.fileno() in self._selector.get_map():
                self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None
        for sitting in self.open.values():
            sitting.until = now
        self.open, self.present = {}, {}
        self.stage, self._retry_at = Stage.AWAY, now + RETRY_S
        self._asked = None

    def leave(self) -> None:
        """Close for the last time."""
        self.lose(0.0)
        self._retry_at = 0.0

    def on_ready(self, mask: int, now: float) -> None:
        if self._socket is None:
            return
        if self.stage is Stage.CONNECTING and mask & selectors.EVENT_WRITE:
            if self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self.lose(now)
                return
            self._greet()
        if mask & selectors.EVENT_READ:
            self._receive(now)
        if mask & selectors.EVENT_WRITE and self._socket is not None:
            self._flush()

    def _greet(self) -> None:
        assert self._socket is not None
        self.stage = Stage.ENTERING
        self.connections += 1
        self._listed, self._batches, self._renewed = set(), set(), set()
        self._selector.modify(self._socket, selectors.EVENT_READ, self)
        if not self._plain:
            self.send("CAP LS 302")
        self.send(f"NICK {self.nick}", f"USER {self.name} 0 * :{self.name} of the checker")

    def send(self, *lines: str) -> None:
        if self._socket is None:
            return
        self._out += "".join(f"{line}\r\n" for line in lines).encode()
        self._flush()

    def _flush(self) -> None:
        assert self._socket is not None
        try:
            while self._out:
                del self._out[: self._socket.send(self._out)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._out.clear()  # reading will report it
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
        if self.stage is not Stage.CONNECTING:
            self._selector.modify(self._socket, events, self)

    def _receive(self, now: float) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(262144)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.lose(now)
            return
        self._heard_at = now
        *lines, self._in = (self._in + data).split(b"\n")
        for line in lines:
            self._take(line.rstrip(b"\r").decode(), now)
            if self._socket is None:
                return

    # -- sending --------------------------------------------------------------------------------------

    def say(self, now: float) -> None:
        """Send the next numbered message, to the rooms in turn."""
        if self.stage is not Stage.IN:
            return
        number = self._count
        self._count += 1
        message = Said((self.name, number), self.rooms[number % len(self.rooms)], now)
        self._journal.said[message.key] = self.unanswered[number] = message
        self._utter(message)

    def _utter(self, message: Said) -> None:
        number = message.key[1]
        tags = f"@label={number};+hubbub/id={self.name}-{number}"
        self.send(f"{tags} PRIVMSG {message.room} :{self.name} {number} {self._padding}")

    def _say_again(self) -> None:
        for message in self.unanswered.values():
            message.sent_again = True
            self._renewed.add(message.key)
            self.open[message.room].excused.add(message.key)
            self._utter(message)

    def ask(self, token: str, *lines: str) -> None:
        """Send lines and a PING. Everything that comes before the PONG will be in ``answers[token]``."""
        self.answers.pop(token, None)
        self._asked = token
        self._answer: list[str] = []
        self.send(*lines, f"PING {token}")

    # -- receiving ------------------------------------------------------------------------------------

    def _take(self, line: str, now: float) -> None:
        tags, source, verb, params = parse(line)
        label = tags.get("label", "")
        if self._asked is not None and verb not in {"PRIVMSG", "PING", "PONG"}:
            self._answer.append(line)
        nick = source.partition("!")[0]
        if verb == "PRIVMSG":
            self._hear(nick, params, now)
        elif verb == "PING":
            self.send(f"PONG :{params[-1]}")
        elif verb == "PONG":
            self._pong(params[-1])
        elif verb in {"JOIN", "PART", "QUIT", "NICK", "KICK"}:
            self._people(nick, verb, params, now)
        elif verb in {NAMES_NUMERIC, END_OF_NAMES}:
            self._names(verb, params)
        elif verb in {"TOPIC", "332"}:
            self.topics[params[-2]] = params[-1]
        elif verb == "ERROR":
            self.farewells.append(params[-1])
        elif verb in {"FAIL", "NOTICE"} or (verb.isdigit() and verb >= "400"):
            self._refused(label, verb, params)
        elif verb in {"CAP", "001"}:
            self._enter(verb, params)

    def _enter(self, verb: str, params: list[str]) -> None:
        if verb == "001":
            self.nick = params[0]
            self.send(f"JOIN {','.join(self.rooms)}")
        elif params[1] == "LS":
            self._offered |= {word.partition("=")[0] for word in params[-1].split()}
            if params[2] != "*":
                self.send(f"CAP REQ :{' '.join(cap for cap in WANTED if cap in self._offered)}", "CAP END")

    def _refused(self, label: str, verb: str, params: list[str]) -> None:
        words = f"{verb} {' '.join(params)}"
        if verb in {"433", "432", "437"} and self.stage is Stage.ENTERING:
            self._suffix += 1
            self.nick = f"{self.name}{self._suffix}"
            self.send(f"NICK {self.nick}")
        elif label.isdigit():
            message = self.unanswered.pop(int(label), None)
            if message is not None:
                message.refused = words
        elif "PING" in words:
            self._excuse = True  # this PONG guarantees nothing, and says so
        elif "PRIVMSG" in words or " SEND" in words:
            self.anonymous_refusals.append(words)
        elif "JOIN" in words and self.stage is Stage.ENTERING:
            self.send(f"JOIN {','.join(self.rooms)}")

    def _hear(self, nick: str, params: list[str], now: float) -> None:
        room = params[0]
        sender, number, _ = params[1].split(" ", 2)
        key = (sender, int(number))
        if key not in self._journal.said:
            self._break(f"{key} was never said")
            return
        if sender == self.name:
            message = self._journal.said[key]
            if self.unanswered.pop(key[1], None) is not None:
                message.heard_back_at = now
                self._journal.vouched.append(key)
            if key in self._renewed:  # its place is where others received it first
                self._heard.add(key)
                return
        if room not in self.open:
            self._break(f"a message in {room} without being there")
            return
        if room in self._listed and nick not in self.present[room]:
            self._break(f"{nick} speaks in {room} and is not there")
        self.open[room].heard.append((key, now))
        self._heard.add(key)

    def _pong(self, token: str) -> None:
        if token == self._asked:
            self.answers[token] = self._answer
            self._asked = None
            return
        if not token.startswith("b"):
            return
        upto = int(token[1:])
        if not self._excuse:
            for key in self._journal.vouched[self._checked : upto]:
                message = self._journal.said[key]
                sitting = self.open.get(message.room)
                if sitting and message.at > sitting.since and key not in self._heard and message.key[0] != self.name:
                    self._break(f"PONG before {key}, which was vouched for")
        self._checked = max(self._checked, upto)

    # -- members --------------------------------------------------------------------------------------

    def _people(self, nick: str, verb: str, params: list[str], now: float) -> None:
        if verb == "JOIN":
            if nick == self.nick:
                self.open[params[0]] = sitting = Sitting(self.name, params[0], now)
                self._journal.sittings.append(sitting)
                self.present[params[0]] = set()
                self.topics[params[0]] = ""  # a user who joins is sent the topic if there is one
            elif params[0] in self._listed and nick in self.present[params[0]]:
                self._break(f"{nick} joins {params[0]} and was there")
            self.present.setdefault(params[0], set()).add(nick)
            return
        if verb == "KICK":
            nick = params[1]
        rooms = [params[0]] if verb in {"PART", "KICK"} else [room for room, who in self.present.items() if nick in who]
        if self.is_in and not any(nick in self.present[room] for room in rooms):
            self._break(f"{verb} of {nick}, who was not there")
        for room in rooms:
            self.present[room].discard(nick)
            if verb == "NICK":
                self.present[room].add(params[0])
        if verb == "NICK" and nick == self.nick:
            self.nick = params[0]
        elif nick == self.nick:
            self._break(f"own {verb}")

    def _names(self, verb: str, params: list[str]) -> None:
        if self.stage is not Stage.ENTERING:
            return
        if verb == NAMES_NUMERIC:
            self.present.setdefault(params[2], set()).update(word.lstrip("@+") for word in params[3].split())
            return
        if params[1] in self.open:
            self._listed.add(params[1])
        if self._listed >= set(self.rooms):
            self.stage = Stage.IN
            self._checked = len(self._journal.vouched)
            self._say_again()

    def _break(self, what: str) -> None:
        self._journal.broken.append(f"{self.name}: {what}")


def parse(line: str) -> tuple[dict[str, str], str, str, list[str]]:
    """Tags, source, verb, parameters (Modern IRC "Message Format")."""
    tags: dict[str, str] = {}
    if line.startswith("@"):
        head, _, line = line[1:].partition(" ")
        tags = {key: value for key, _, value in (tag.partition("=") for tag in head.split(";"))}
    source = ""
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
    return tags, source, *_words(line)


def _words(line: str) -> tuple[str, list[str]]:
    middle, has_last, last = line.partition(" :")
    verb, *params = middle.split()
    return verb, [*params, last] if has_last else params


def listed(lines: list[str], room: str) -> Iterator[str]:
    """Return the names of NAMES among these answers, with prefixes."""
    for line in lines:
        _, _, verb, params = parse(line)
        if verb == NAMES_NUMERIC and params[2] == room:
            yield from params[3].split()
