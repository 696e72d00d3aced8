"""Target: a whole lane. Some clients do and send anything. Four others only listen, and must not be affected.

Invariants: no exception escapes from the lane, and it logs no fault. The memory for a client is bounded. Every line to
the listeners is a whole and valid IRC line. At the end, when Redis answers and time has passed, a listener's PING is
answered.
"""

import re
import ssl
from collections.abc import Callable
from ipaddress import ip_network
from random import Random
from typing import Any

from structlog.testing import capture_logs
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from gateway.browser_addresses import BrowserAddresses
from gateway.chat.commands import COMMANDS
from gateway.chat.isupport import isupport_lines, isupport_tokens
from gateway.chat.network import Server
from gateway.lane.clients.client import Client
from gateway.lane.clients.dispatcher import WAITING_LINES_LIMIT
from gateway.lane.clients.handshake import PendingConnection
from gateway.lane.context import LaneContext, LaneSettings
from gateway.lane.lane import Lane
from gateway.lane.loop.clock import Clock
from gateway.lane.loop.process import Post, ProcessServices
from gateway.net.connection import RECEIVE_BYTES, ClientConnection
from gateway.wire.dialect import SNIFF_LIMIT_BYTES
from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES, LINE_LIMIT_BYTES, TAGS_LIMIT_BYTES
from tests.fuzz.choices import Choices
from tests.fuzz.decoders import is_harmless
from tests.fuzz.wires import ClientSocket, SimulatedSelector, SimulatedWake
from tests.simulation.server import SimulatedServer

SENDQ_BYTES = 65536
OPENING_LIMIT_BYTES = SNIFF_LIMIT_BYTES + RECEIVE_BYTES
_SETTLING_TURNS = 400

_VERBS = "|".join([*COMMANDS, "BATCH", "FAIL", "WARN", "NOTE", "ERROR", r"\d\d\d"])
_NAME = r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,29}"
_SOURCE = rf"irc\.fuzz|({_NAME}|[a-z0-9]+(\.\d+)+)![A-Za-z0-9._~-]+@[A-Za-z0-9.:-]+"
_LINE = re.compile(rf"(@[^ \r\n\0]+ )?(:({_SOURCE}) )?({_VERBS})( [^\r\n\0]*)?")
"""The lines that a listener may be sent."""
_ANY_LINE = re.compile(r"[^\r\n\0]+")

_WORDS = (
    b"#lobby", b"#tea", b"#lobby,#tea", b"*", b"0", b"bob", b"carl", b"dora", b"eve", b"mal", b"#", b"+o", b"-o", b"+b",
    b"+k", b"+l", b"+imnst", b"-imnst", b"*!*@*", b"eve!*@*", b"302", b"LS", b"REQ", b"END", b"LIST", b"LATEST",
    b"BEFORE", b"AFTER", b"timestamp=2026-01-01T00:00:00.000Z", b"msgid=1700000000000-0-0-00000000", b"100", b": ",
    b":a b", b":\x01ACTION x\x01", b":message-tags batch labeled-response echo-message server-time draft/chathistory",
    b"+1", b"-1", b"draft/multiline", b":batch draft/multiline draft/message-redaction",
    b":", b"::", b"\xff", b"\xc3", b"\xe2\x80\xae", b"\xc2\xb2", b"irc.fuzz", b"a,b,c,d,e", b"99999999999999999999",
)  # fmt: skip
_TAGS = (
    b"", b"", b"", b"@label=x ", b"@+a=b;+c ", b"@label=\\:\\s ", b"@+a=\xff ", b"@batch=1 ",
    b"@batch=1;draft/multiline-concat ", b"@" + b"+x;" * 1300 + b" ",
)  # fmt: skip
_COMMANDS = tuple(verb.encode() for verb in COMMANDS)
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def _message(data: bytes) -> bytes:
    """Return a frame as a browser sends it. Its mask changes nothing, so that engines can generate such bytes too."""
    size = len(data)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + data


_BEGINNINGS = (
    b"", b"NICK mal\r\nUSER mal 0 * :mal\r\n", b"mal\n", b"PROXY TCP4 192.0.2.9 192.0.2.1 1 2\r\n",
    b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"\xff\xfb\x01\xff\xfa\x18\0x\xff\xf0",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\0\1\0\2",
    b"NICK mal\r\nUSER mal 0 * :m\r\nCAP REQ :batch draft/multiline\r\nBATCH +1 draft/multiline #lobby\r\n",
    b"CAP LS 302\r\nNICK mal\r\nUSER mal 0 * :m\r\nCAP REQ :message-tags batch labeled-response\r\nCAP END\r\n",
    HANDSHAKE, HANDSHAKE + b"".join(map(_message, (b"NICK mal", b"USER mal 0 * :mal", b"JOIN #lobby"))),
)  # fmt: skip


class World:
    """A lane, its Redis and its clients."""

    def __init__(
        self,
        sendq_bytes: int = SENDQ_BYTES,
        sendq_total_bytes: int = 1 << 29,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self.sendq_bytes = sendq_bytes
        self.time_s = 1_000.0
        self.wake = SimulatedWake()
        self.selector = SimulatedSelector(self.wake)
        self.redis = SimulatedServer()
        self.sockets: list[ClientSocket] = []
        now = lambda: self.time_s  # noqa: E731 - three clocks that are one
        context = _Watched(
            "abc",
            0,
            LaneSettings(
                prefix="f:",
                flood_rate=4.0,
                flood_burst=20,
                sendq_bytes=sendq_bytes,
                ping_interval_s=120.0,
                trusted_proxies=(ip_network("10.0.0.0/8"),),
                history_messages=1000,
                history_bytes=8 << 20,
                history_age_s=3600.0,
                sendq_total_bytes=sendq_total_bytes,
                retry_queue_bytes=1 << 18,
                retry_queue_age_s=300.0,
                wait_replicas=0,
            ),
            _SERVER,
            ProcessServices(
                connect=lambda post, _done: post(self._connect),
                cloak=lambda address: f"{len(address)}.cloak",
                admit=lambda _address, _change: True,
                may_make_room=lambda _address: True,
                browsers=BrowserAddresses(lambda: self.time_s),
                verify=self._verify,
                beats=lambda: int(self.time_s),
                gone=lambda _gateway: None,
                rehash=lambda: None,
            ),
            tls_context,
            clock=Clock(monotonic=now, wall=lambda: self.time_s + 1.7e9, awake=now),
            random=Random(1),
            wake=self.wake,  # type: ignore[arg-type]
        )
        self.lane = Lane(context, self.selector)  # type: ignore[arg-type]
        self.redis.store.zadd(b"f:gateways", b"9999999999", b"abc")
        self.lane.begin()
        self.turn(4)

    def _connect(self) -> None:
        socket = self.redis.connect()
        self.selector.links[socket.fileno()] = socket
        self.lane.parts.link.attach(socket)  # type: ignore[arg-type]

    def _verify(
        self, _address: str, _hash: str, password: str, post: Post, done: Callable[[bool], None]
    ) -> Callable[[], None] | None:
        if password == "too many":
            return None
        post(lambda: done(password == "right"))
        return lambda: None

    def client(self, peer: str = "192.0.2.1") -> ClientSocket:
        socket = ClientSocket(1_000_000 + len(self.sockets))
        self.sockets.append(socket)
        self.selector.clients[socket.fileno()] = socket
        self.lane.parts.connections.accept(socket, peer)  # type: ignore[arg-type]
        return socket

    def turn(self, count: int = 1) -> None:
        for _ in range(count):
            self.redis.serve()
            self.time_s += 0.003
            self.lane.turn(0.0)
            self._check_bounds()

    def _check_bounds(self) -> None:
        lane = self.lane
        for connection in lane.parts.handshake.pending:
            opening = connection.state
            assert isinstance(opening, PendingConnection)
            assert len(opening.buffer) <= OPENING_LIMIT_BYTES
        for client in lane.parts.clients.values():
            assert not client.connection.is_open or client.connection.backlog_bytes <= self.sendq_bytes
            assert not client.connection.out
            assert len(client.buffer._partial or b"") <= CLIENT_TAGS_LIMIT_BYTES + LINE_LIMIT_BYTES
            assert len(client.inputs or ()) <= WAITING_LINES_LIMIT + RECEIVE_BYTES // 2
            assert len(client.session.rooms) <= 100


class _Watched(LaneContext):
    """The context of a lane whose faults are findings."""

    def fault(self, where: str, error: Exception) -> None:
        raise AssertionError(f"a fault in {where}") from error


_SERVER = Server(
    name="irc.fuzz",
    network="Fuzz",
    version="hubbub-0",
    lobby="#lobby",
    motd=("hello",),
    isupport=isupport_lines(isupport_tokens("Fuzz", "#lobby")),
    password=None,
    operators={"op": "hash"},
    lease_s=15.0,
    started_s=1.7e9,
)


class Bystander:
    """A client that only listens. It must not be affected."""

    def __init__(self, world: World, nick: str, caps: str = "", of: str = "IRC") -> None:
        """``of="anything"``: its lines may have any verb and source, since they come from elsewhere."""
        self.nick = nick
        self._form = _LINE if of == "IRC" else _ANY_LINE
        self._socket = world.client()
        self._rest = b""
        if caps:
            self.say(f"CAP REQ :{caps}")
        self.say(f"NICK {nick}", f"USER {nick} 0 * :{nick}", "CAP END", "JOIN #lobby")
        world.turn(30)
        lines = self.take()
        assert any(" 366 " in line for line in lines), lines

    def say(self, *lines: str) -> None:
        self._socket.inbound += "".join(f"{line}\r\n" for line in lines).encode()

    def take(self) -> list[str]:
        """Read and check everything that was sent. Answer PING."""
        found = [self._checked(line) for line in self._lines()]
        for line in found:
            if line.startswith("PING"):
                self.say("PONG x")
        return found

    def _lines(self) -> list[bytes]:
        *lines, self._rest = (self._rest + self._socket.read()).split(b"\r\n")
        return lines

    def _checked(self, line: bytes) -> str:
        text = line.decode("utf-8")
        tags, _, rest = text.partition(" ") if text.startswith("@") else ("", "", text)
        assert self._form.fullmatch(text), text
        assert len(rest.encode()) <= LINE_LIMIT_BYTES - 2, text
        assert len(tags.encode()) < TAGS_LIMIT_BYTES, text
        return text


class Browser(Bystander):
    """A listener over WebSocket. It is sent frames of one line each."""

    def __init__(self, world: World, nick: str, caps: str = "") -> None:
        self._protocol = Protocol(Side.CLIENT)
        self._opening = HANDSHAKE
        super().__init__(world, nick, caps)

    def say(self, *lines: str) -> None:
        self._socket.inbound += self._opening + b"".join(_message(line.encode()) for line in lines)
        self._opening = b""

    def _lines(self) -> list[bytes]:
        data = self._socket.read()
        if data.startswith(b"HTTP/1.1 101 "):
            data = data.partition(b"\r\n\r\n")[2]
        self._protocol.receive_data(data)
        frames = [event for event in self._protocol.events_received() if isinstance(event, Frame)]
        assert all(frame.opcode is Opcode.TEXT and frame.fin for frame in frames)
        assert self._protocol.close_sent is None
        return [bytes(frame.data) for frame in frames]


class Reader:
    """A person with netcat in the same room."""

    def __init__(self, world: World) -> None:
        self._socket = world.client()
        self._rest = b""
        self._socket.inbound += b"dora\n"
        world.turn(30)
        assert "Welcome" in " ".join(self.take())

    def take(self) -> list[str]:
        *lines, self._rest = (self._rest + self._socket.read()).split(b"\n")
        shown = [line.decode("utf-8") for line in lines]
        assert all(map(is_harmless, shown)), ascii(shown)
        return shown


def lane(data: bytes) -> None:
    """Run the target."""
    with capture_logs() as logged:
        _live(Choices(data))
    assert not [event for event in logged if event["log_level"] == "error"]


def _live(choices: Choices) -> None:
    world = World()
    bystanders = [Bystander(world, "bob"), Bystander(world, "carl", "message-tags server-time")]
    bystanders.append(Browser(world, "fred", "echo-message message-tags"))
    reader = Reader(world)
    hostile = [world.client("10.0.0.1"), world.client()]
    hostile[1].inbound += b"CAP REQ :message-tags batch labeled-response echo-message server-time draft/chathistory\r\n"
    hostile[1].inbound += b"NICK eve\r\nUSER eve 0 * :eve\r\nCAP END\r\nJOIN #lobby\r\n"
    world.turn(8)
    for _ in range(200):
        if not choices:
            break
        _act(world, choices, hostile)
        world.turn(1 + choices.below(3))
        for one in bystanders:
            one.take()
        reader.take()
    _settle(world, bystanders, reader)


def _act(world: World, choices: Choices, hostile: list[ClientSocket]) -> None:
    kind, socket = choices.below(16), choices.pick(hostile)
    if kind < 3:
        socket.inbound += choices.chunk()
    elif kind < 11:
        for _ in range(1 + choices.below(4)):
            line = _line(choices)
            socket.inbound += _message(line) if socket.is_web else line
    elif kind == 11:
        world.time_s += choices.pick((0.01, 0.3, 1.0, 3.0, 61.0, 130.0))
    elif kind == 12:
        socket.room = choices.pick((0, 1, 100, 1 << 20))
    elif kind == 13:
        socket.read()
    elif kind == 14:
        socket.has_ended = True
        socket.is_reset = bool(choices.below(2))
    elif len(hostile) < 8:
        hostile.append(world.client(choices.pick(("10.0.0.1", "192.0.2.7", "2001:db8::1", "unix"))))
        beginning = choices.pick(_BEGINNINGS)
        hostile[-1].inbound += beginning
        hostile[-1].is_web = beginning.startswith(HANDSHAKE)


def _line(choices: Choices) -> bytes:
    words = [choices.pick(_COMMANDS)]
    for _ in range(choices.below(5)):
        words.append(choices.pick(_WORDS) if choices.below(4) else choices.chunk())
    return choices.pick(_TAGS) + b" ".join(words) + choices.pick((b"\r\n", b"\n"))


def _settle(world: World, bystanders: list[Bystander], reader: Reader) -> None:
    """Let time pass. Then the listeners must get answers."""
    waiting: dict[str, Any] = {one.nick: one for one in bystanders}
    for one in bystanders:
        one.say("PING :at the end")
    for _ in range(_SETTLING_TURNS):
        world.time_s += 0.05
        world.turn()
        reader.take()
        for one in bystanders:
            if any(line.endswith("PONG irc.fuzz :at the end") for line in one.take()):
                waiting.pop(one.nick, None)
        if not waiting:
            break
    assert not waiting, f"{list(waiting)} got no answer; {_shown(world)}"


def _shown(world: World) -> str:
    clients: list[Client] = list(world.lane.parts.clients.values())
    return " ".join(f"{client.session.nick}:{_standing(client.connection, client)}" for client in clients)


def _standing(connection: ClientConnection, client: Client) -> str:
    return f"open={connection.is_open},throttled={client.throttled},task={client.task is not None}"
