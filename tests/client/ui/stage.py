"""The whole client without a network: bytes of a gateway in, a screen out.

A real session gets lines as from a gateway, and its output is recorded. The interface runs in Textual's test terminal.
Only the test moves the time.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from textual.pilot import Pilot

from client.events import Event
from client.saved_state import NOTHING, SavedState
from client.session import Session
from client.ui.app import Hubbub, Preferences
from client.ui.chat import Chat
from client.ui.kept_state import KeptState

T = TypeVar("T")
NOW = 1_790_000_000.0  # Monday, 21 September 2026, 14:13:20 UTC
CAPS = (
    "batch labeled-response message-tags server-time echo-message draft/chathistory draft/read-marker"
    " draft/message-redaction draft/multiline=max-bytes=8192,max-lines=100 away-notify extended-join"
)


def stamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z"


class Stage:
    """A simulated transport, as the interface's `connect` returns it."""

    def __init__(
        self,
        name: str = "alice",
        rooms: tuple[str, ...] = ("#lobby",),
        found: SavedState = NOTHING,
        **preferences: Any,
    ) -> None:
        self.now = NOW
        self.name = name
        self.rooms = rooms
        self.sent: list[str] = []
        self._ids = itertools.count(1)
        self._msgids = itertools.count(1)
        self._show: Callable[[Event], None] = lambda event: None
        self.saved: list[SavedState] = []
        self.app = Hubbub(
            self._connect,
            name,
            Preferences(**preferences),
            suggestion="alice",
            kept_state=KeptState(found, "", self.saved.append),
            clock=lambda: self.now,
        )

    # --- for the interface ----------------------------------------------------------------------------------

    def _connect(self, name: str, show: Callable[[Event], None]) -> "Stage":
        self.name = name
        ids = self._ids
        self.session = Session(name, list(self.rooms), lambda: f"id{next(ids):04}", joins_lobby=not self.rooms)
        self._show = show
        return self

    def start(self) -> None:
        self.connect()

    def close(self) -> None:
        pass

    def do(self, action: Callable[[Session, float], object]) -> None:
        action(self.session, self.now)
        self._carry()

    def read(self, function: Callable[[Session], T]) -> T:
        return function(self.session)

    def _carry(self) -> None:
        self.sent += self.session.take_output().decode().splitlines()
        for event in self.session.take_events():
            self._show(event)

    def fail(self, address: str, problem: str, *, again_in_s: float = 4.0) -> None:
        """Simulate a failed connection to an address."""
        self.session.unreachable(address, problem, self.now)
        self.session.waiting(address, self.now + again_in_s, self.now)
        self._carry()

    # --- for the gateway ------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Register, and join the rooms."""
        self.session.connecting("localhost:7001", self.now)
        self.session.connected("localhost:7001", self.now)
        self.hear(
            f":gw CAP * LS :{CAPS}",
            f":gw CAP * ACK :{CAPS.partition('=max')[0]}",
            f":gw 001 {self.name} :Welcome",
            f":gw 005 {self.name} CHATHISTORY=100 WHOX MONITOR=100 PREFIX=(ov)@+ :are supported by this server",
            f":gw 005 {self.name} hubbub/LOBBY=#hall :are supported by this server",
            f":gw 422 {self.name} :No message of the day",
        )
        for room in self.rooms:
            self.join(room)

    def join(self, room: str, *members: str) -> None:
        """Let the user be in a room with these members."""
        names = " ".join(["@bob", "carol", self.name, *members])
        self.hear(
            f"@time={stamp(self.now)} :{self.name}!u@h JOIN {room}",
            f":gw 353 {self.name} = {room} :{names}",
            f":gw 366 {self.name} {room} :End of NAMES",
        )

    def hear(self, *lines: str) -> None:
        """Let the gateway send these lines."""
        self.session.receive("".join(f"{line}\r\n" for line in lines).encode(), self.now)
        self._carry()

    def say(self, nick: str, text: str, target: str = "#lobby", **tags: str) -> str:
        """Let a user send a message. Return the msgid."""
        msgid = f"m{next(self._msgids)}"
        words = ";".join(f"{key}={value}" for key, value in {"time": stamp(self.now), "msgid": msgid, **tags}.items())
        self.hear(f"@{words} :{nick}!u@h PRIVMSG {target} :{text}")
        return msgid

    def say_lines(self, nick: str, *lines: str, target: str = "#lobby") -> str:
        """Let a user send one message of several lines (IRCv3 multiline). Return the msgid."""
        msgid = f"m{next(self._msgids)}"
        self.hear(
            f"@time={stamp(self.now)};msgid={msgid} :{nick}!u@h BATCH +b draft/multiline {target}",
            *(f"@batch=b :{nick}!u@h PRIVMSG {target} :{line}" for line in lines),
            f":{nick}!u@h BATCH -b",
        )
        return msgid

    def echo(self) -> list[str]:
        """Send the echoes of the client's messages. Return the texts."""
        texts = []
        for line in [line for line in self.sent if " PRIVMSG " in line or line.startswith("PRIVMSG ")]:
            self.sent.remove(line)
            tags, _, rest = line.removeprefix("@").partition(" ")
            self.hear(f"@{tags};time={stamp(self.now)};msgid=m{next(self._msgids)} :{self.name}!u@h {rest}")
            texts.append(rest.partition(" :")[2])
        return texts

    def lose(self, *, again_in_s: float = 4.0) -> None:
        """Lose the connection. The client tries the next one after a pause."""
        self.session.disconnected(self.now)
        self.session.waiting("localhost:7002", self.now + again_in_s, self.now)
        self._carry()

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.session.tick(self.now)
        self._carry()

    def sent_with(self, verb: str) -> list[str]:
        return [line for line in self.sent if f"{verb} " in line]

    # --- for the test ---------------------------------------------------------------------------------------

    def buffers_unread(self) -> dict[str, int]:
        return {buffer.name: buffer.unread for buffer in self.app.buffers.ordered}

    @property
    def chat(self) -> Chat:
        assert self.app.chat is not None
        return self.app.chat


def play(stage: Stage, scene: Callable[["Pilot[Any]"], Awaitable[None]], size: tuple[int, int] = (100, 24)) -> None:
    """Run a scene on a screen of this size after the client has connected."""

    async def run() -> None:
        async with stage.app.run_test(size=size) as pilot:
            await settled(pilot)
            await scene(pilot)

    asyncio.run(run())


async def settled(pilot: "Pilot[Any]") -> None:
    """Wait until all input from the network and the keyboard is drawn."""
    app = pilot.app
    assert isinstance(app, Hubbub)
    await pilot.pause()
    while app.event_queue.has_more:
        await pilot.pause(0.01)
    for _ in range(3):  # keys go from the prompt over the screen to the rows
        await pilot.pause()


def rows(stage: Stage) -> list[str]:
    """Return the rows of the screen as text, without trailing spaces."""
    screen = stage.app.screen
    strips = screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def text(stage: Stage) -> str:
    return "\n".join(rows(stage))
