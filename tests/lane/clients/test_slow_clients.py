"""Clients that never register, never read, or are slow: each has a time limit, and all together a limit of memory."""

import ssl
from dataclasses import replace

import pytest

from gateway.lane.clients.connections import REGISTRATION_LIMIT_S
from gateway.lane.clients.handshake import HEADER_LIMIT_S, KEEP_ALIVE_S, OPENING_LIMIT_S, SILENCE_S
from gateway.lane.sessions.registry import CLOSING_LIMIT_S
from gateway.wire import http
from tests.fuzz.lanes import HANDSHAKE, Bystander, World
from tests.fuzz.wires import ClientSocket

LONGEST_S = OPENING_LIMIT_S + SILENCE_S + 1
REGISTERING_S = REGISTRATION_LIMIT_S + 5 + CLOSING_LIMIT_S + 1  # it is checked every 5 s


@pytest.fixture
def world() -> World:
    return World()


def pass_time(world: World, seconds: float, dribble: tuple[ClientSocket, bytes] | None = None) -> None:
    """Let time pass in steps of a second. In each of them a client may send one more byte."""
    for second in range(int(seconds)):
        if dribble is not None and second < len(dribble[1]):
            dribble[0].inbound += dribble[1][second : second + 1]
        world.time_s += 1.0
        world.turn(2)


@pytest.mark.parametrize(
    ("peer", "said"),
    [
        ("192.0.2.1", b""),
        ("192.0.2.1", b"N"),
        ("192.0.2.1", b"\r\n" * 200),
        ("192.0.2.1", b"GET / HTTP/1.1\r\nHost: " + b"x" * 200),
        ("192.0.2.1", b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"),
        ("192.0.2.1", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"),  # answered, and it does not close
        ("192.0.2.1", b"x" * 200),
        ("10.0.0.1", b""),
        ("10.0.0.1", b"PROXY TCP4 192.0.2.9"),
        ("10.0.0.1", b"\r\n\r\n\0\r\nQUIT\n\x21\x11"),
        ("10.0.0.1", b"PROXY TCP4 192.0.2.9 192.0.2.1 1 2\r\nNIC"),
    ],
)
def test_who_does_not_come_to_its_first_line_is_closed(world: World, peer: str, said: bytes) -> None:
    socket = world.client(peer)
    pass_time(world, LONGEST_S, (socket, said))
    assert socket.is_closed
    assert not world.lane.parts.handshake.pending


@pytest.mark.parametrize("said", [b"PROXY TCP4 192.0.2.9", b"\r\n\r\n\0\r\nQUIT\n\x21\x11"])
def test_a_proxy_header_is_complete_within_seconds_of_its_first_byte(world: World, said: bytes) -> None:
    socket = world.client("10.0.0.1")
    pass_time(world, 20.0)
    assert not socket.is_closed, "a proxy may connect before it has a client"
    pass_time(world, HEADER_LIMIT_S + 1.0, (socket, said))
    assert socket.is_closed


@pytest.mark.parametrize("said", [b"\x16\x03\x01", b"\x16\x03\x01\x00\xc6\x01\x00\x00\xc2\x03\x03" + b"x" * 100])
def test_a_handshake_that_stalls_is_closed(said: bytes) -> None:
    world = World(tls_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    socket = world.client()
    pass_time(world, LONGEST_S, (socket, said))
    assert socket.is_closed
    assert not world.lane.parts.handshake.pending


@pytest.mark.parametrize(
    "said",
    [
        b"NICK a\r\n",
        b"CAP LS 302\r\nNICK a\r\nUSER a 0 * :a\r\n",
        b"USER a 0 * :a\r\n" + b"PING x\r\n" * 40,
        b"1 bad name\n" + b"2 another\n" * 20,
        b"PASS x\r\n" + b"x" * 300,
    ],
)
def test_who_never_registers_is_closed_however_much_it_says(world: World, said: bytes) -> None:
    socket = world.client()
    start, rest = said.partition(b"\n")[::2]
    socket.inbound += start + b"\n"
    pass_time(world, REGISTERING_S, (socket, rest))
    assert socket.is_closed
    assert b"Registration timed out" in socket.outbound
    assert not world.lane.parts.clients


def test_a_websocket_that_never_registers_is_closed_in_its_own_way(world: World) -> None:
    socket = world.client()
    socket.inbound += HANDSHAKE
    pass_time(world, REGISTERING_S)
    assert socket.is_closed
    assert b"Registration timed out" in socket.outbound
    assert socket.outbound.endswith(b"\x88\x02\x03\xe8")  # RFC 6455 5.5.1, 7.4.1: a close frame, 1000
    assert not world.lane.parts.clients


def test_a_page_that_is_longer_than_what_may_wait_for_a_client_reaches_a_slow_reader() -> None:
    world = World(sendq_bytes=10_000)
    world.lane.parts.handshake._pages = http.pages({"index.html": b"x" * 100_000})
    socket, received = world.client(), b""
    socket.room = 0
    socket.inbound += b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    for _ in range(110):
        world.turn(2)
        assert not socket.is_closed
        received += socket.read()
        socket.room = 1000
    assert received.endswith(b"x" * 100_000)
    socket.has_ended = True
    world.turn(2)
    assert socket.is_closed


def admissions(world: World) -> list[int]:
    """Record the counts of addresses from now on: 1 for one more, -1 for one less."""
    counted: list[int] = []

    def admit(_address: str, change: int) -> bool:
        counted.append(change)
        return True

    world.lane.context.process = replace(world.lane.context.process, admit=admit)
    return counted


def test_a_browser_that_asks_for_no_more_files_is_closed_soon_and_frees_its_address_at_once() -> None:
    """RFC 9112 9.5, 9.8."""
    world = World()
    admitted = admissions(world)
    socket = world.client()
    socket.inbound += b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    world.turn(2)
    assert admitted == [1, -1]
    pass_time(world, KEEP_ALIVE_S - 1)
    socket.inbound += b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    pass_time(world, KEEP_ALIVE_S - 1)
    assert socket.outbound.count(b"HTTP/1.1 200 OK") == 2
    assert not socket.is_closed
    socket.has_ended = True  # when it reads our end of file
    pass_time(world, 2)
    assert socket.is_closed


def test_a_browser_may_go_on_to_a_websocket_which_counts(world: World) -> None:
    admitted = admissions(world)
    socket = world.client()
    socket.inbound += b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" + HANDSHAKE
    world.turn(2)
    assert admitted == [1, -1, 1]
    assert len(world.lane.parts.clients) == 1


def test_who_has_registered_stays(world: World) -> None:
    bystander = Bystander(world, "bob")
    for _ in range(5):
        pass_time(world, 60)
        assert bystander.take() is not None
    assert [client.session.nick for client in world.lane.parts.clients.values()] == ["bob"]


def test_all_together_may_keep_the_lane_waiting_for_so_much_and_those_with_most_are_cut() -> None:
    world = World(sendq_bytes=100_000, sendq_total_bytes=200_000)
    deaf = []
    for number in range(6):
        socket = world.client()
        socket.inbound += f"NICK deaf{number}\r\nUSER a 0 * :a\r\nJOIN #lobby\r\n".encode()
        world.turn(30)
        deaf.append(socket)
    assert len(world.lane.parts.clients) == 6
    bystander = Bystander(world, "bob")
    for socket in deaf:
        socket.room = 0
    for _ in range(200):
        bystander.say(f"PRIVMSG #lobby :{'x' * 400}")
        world.time_s += 0.3
        world.turn(3)
        bystander.take()
        assert world.lane.parts.connections.backlog_bytes <= 200_000
    assert 0 < sum(socket.is_closed for socket in deaf) < 6
    waiting = [client.connection.backlog_bytes for client in world.lane.parts.clients.values()]
    assert world.lane.parts.connections.backlog_bytes == sum(waiting)
    assert "bob" in [client.session.nick for client in world.lane.parts.clients.values()]
