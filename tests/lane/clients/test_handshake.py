"""The handshake: what a new connection is, by its PROXY header, TLS, HTTP request or first line; silence and limits."""

from ipaddress import ip_network
from typing import Any

import pytest

from gateway.lane.clients.client import Dialect
from gateway.lane.clients.handshake import (
    HEADER_LIMIT_S,
    KEEP_ALIVE_S,
    OPENING_LIMIT_S,
    SILENCE_S,
    Handshake,
)
from gateway.net.connection import ClientConnection
from gateway.net.tls import NO_TLS_ALERT
from gateway.wire.http import HEAD_LIMIT_BYTES
from tests.fuzz.wires import ClientSocket
from tests.stage.parts import Context, Sockets

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
HEADER = b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 6667\r\n"
PROXY = "10.0.0.1"
CLIENT_HELLO = b"\x16\x03\x01\x00\x05hello"


class World(Sockets):
    """A handshake. ``opened``: the dialect and the first bytes of each connection that became a client."""

    def __init__(self) -> None:
        super().__init__()
        self.context = Context(trusted_proxies=(ip_network("10.0.0.0/8"),))
        self.handshake = Handshake(self.context)
        self.opened: list[tuple[str, bytes]] = []
        self.handshake.opened = self._opened

    def _opened(self, connection: ClientConnection, dialect: Dialect, data: bytes) -> None:
        connection.owner = _Client()
        connection.state = "a client"
        self.opened.append((dialect.name, data))

    def accept(self, peer: str = "192.0.2.1") -> tuple[ClientConnection, ClientSocket]:
        connection, socket = self.connection(self.handshake, peer)
        self.handshake.accepted(connection)
        return connection, socket


class _Client:
    """The owner of a connection that is a client."""

    def __init__(self) -> None:
        self.has_ended = False

    def received(self, connection: ClientConnection, data: bytes) -> None: ...
    def ended(self, connection: ClientConnection) -> None:
        self.has_ended = True

    def closed(self, connection: ClientConnection, reason: str) -> None: ...


@pytest.fixture
def world() -> World:
    return World()


# -- the dialect ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        (b"NICK ann\r\n", "irc"),
        (b"CAP LS 302\r\n", "irc"),
        (b"ann\n", "text"),
        (b"\r\nann\n", "text"),
        (b"\xff\xfb\x01ann\r\n", "text"),
    ],
)
@pytest.mark.parametrize("piece", [1, 1000])
def test_the_first_line_tells_the_dialect(world: World, data: bytes, dialect: str, piece: int) -> None:
    connection, socket = world.accept()
    for at in range(0, len(data), piece):
        assert world.opened == []
        world.receive(socket, data[at : at + piece])
    ((name, first),) = world.opened
    assert name == dialect
    assert first == data.replace(b"\xff\xfb\x01", b"")
    assert connection not in world.handshake.pending


def test_a_client_keeps_no_timer_of_its_handshake(world: World) -> None:
    connection, socket = world.accept()
    world.receive(socket, b"NICK ann\r\n")
    world.context.advance(SILENCE_S + OPENING_LIMIT_S + 1.0)
    assert connection.is_open
    assert world.read(socket) == b""


def test_what_is_sent_without_a_line_end_counts_at_the_end_of_the_input(world: World) -> None:
    """As of `printf ann | nc`. The client is told that its peer sends no more."""
    connection, socket = world.accept()
    world.receive(socket, b"ann")
    socket.has_ended = True
    world.receive(socket, b"")
    assert world.opened == [("text", b"ann\n")]
    assert connection.owner.has_ended  # type: ignore[attr-defined]


def test_a_connection_that_ends_without_a_word_is_closed(world: World) -> None:
    connection, socket = world.accept()
    socket.has_ended = True
    world.receive(socket, b"")
    world.flush()
    assert not connection.is_open
    assert world.handshake.pending == {}


# -- silence --------------------------------------------------------------------------------------


def test_a_silent_connection_is_greeted_after_a_second_and_cut_after_a_minute(world: World) -> None:
    connection, socket = world.accept()
    world.context.advance(SILENCE_S - 0.1)
    assert world.read(socket) == b""
    world.context.advance(0.1)
    assert world.read(socket).startswith(b"Welcome to ")
    world.context.advance(OPENING_LIMIT_S - 0.1)
    assert connection.is_open
    world.context.advance(0.1)
    assert not connection.is_open


def test_a_connection_that_has_begun_to_speak_is_not_greeted(world: World) -> None:
    _, socket = world.accept()
    world.receive(socket, b"NIC")
    world.context.advance(SILENCE_S)
    assert world.read(socket) == b""


def test_an_empty_line_is_answered_by_one_greeting(world: World) -> None:
    _, socket = world.accept()
    world.receive(socket, b"\r\n")
    world.receive(socket, b"\r\n")
    assert world.read(socket).count(b"Welcome") == 1


def test_what_may_be_a_browser_s_spare_connection_is_not_greeted(world: World) -> None:
    """The browser would take the greeting for the response to its next request."""
    _, first = world.accept()
    world.receive(first, GET)
    _, spare = world.accept()
    _, proxied = world.accept(PROXY)
    world.receive(proxied, HEADER)
    _, other = world.accept("192.0.2.2")
    world.context.advance(SILENCE_S)
    assert world.read(spare) == b""
    assert proxied.read() == b""
    assert b"Welcome" in other.read()


def test_a_gateway_that_ends_says_so_to_a_person_only(world: World) -> None:
    greeted, person = world.accept()
    world.context.advance(SILENCE_S)
    world.read(person)
    silent, program = world.accept()
    for connection in (greeted, silent):
        world.handshake.dismiss(connection)
    assert world.read(person) == b"Goodbye. The gateway is shutting down.\r\n"
    assert world.read(program) == b""
    assert not greeted.is_open
    assert not silent.is_open


# -- PROXY header ---------------------------------------------------------------------------------


def test_a_trusted_peer_s_header_gives_the_address_which_is_then_counted(world: World) -> None:
    connection, socket = world.accept(PROXY)
    assert world.context.admitted == {}, "the proxy itself is not counted"
    world.receive(socket, HEADER[:10])
    world.receive(socket, HEADER[10:] + b"NICK ann\r\n")
    assert connection.peer == "198.51.100.7"
    assert world.context.admitted == {"198.51.100.7": 1}
    assert world.opened == [("irc", b"NICK ann\r\n")]


def test_the_header_of_a_peer_that_is_not_trusted_is_no_header(world: World) -> None:
    connection, socket = world.accept("192.0.2.1")
    world.receive(socket, HEADER)
    assert connection.peer == "192.0.2.1"
    assert world.opened == [("text", HEADER)]


def test_a_trusted_peer_may_send_no_header(world: World) -> None:
    _, socket = world.accept(PROXY)
    world.receive(socket, b"NICK ann\r\n")
    assert world.opened == [("irc", b"NICK ann\r\n")]
    assert world.context.admitted == {PROXY: 1}


@pytest.mark.parametrize("after_s", [0.0, HEADER_LIMIT_S])
def test_a_malformed_or_incomplete_header_ends_the_connection(world: World, after_s: float) -> None:
    connection, socket = world.accept(PROXY)
    world.receive(socket, b"PROXY TCP4 " if after_s else b"PROXY TCP4 x y\r\n")
    assert connection.is_open is bool(after_s)
    world.context.advance(after_s)
    assert not connection.is_open
    assert world.opened == []


# -- limits of addresses --------------------------------------------------------------------------


def test_an_address_with_too_many_connections_reads_why(world: World) -> None:
    world.context.may_connect = False
    connection, socket = world.accept()
    assert world.read(socket) == b"ERROR :Too many connections from your address\r\n"
    assert not connection.is_open
    assert world.context.admitted == {}, "a connection that was not counted is not counted off"


def test_an_address_behind_a_proxy_is_limited_too(world: World) -> None:
    world.context.may_connect = False
    _, socket = world.accept(PROXY)
    world.receive(socket, HEADER + b"NICK ann\r\n")
    assert b"Too many connections" in world.read(socket)
    assert world.opened == []


def test_connections_of_this_machine_are_not_counted(world: World) -> None:
    world.context.may_connect = False
    for peer in ("127.0.0.1", "unix"):
        _, socket = world.accept(peer)
        world.receive(socket, b"NICK ann\r\n")
    assert len(world.opened) == 2
    assert world.context.admitted == {}


def test_a_connection_that_closes_in_the_handshake_is_counted_off_once(world: World) -> None:
    connection, _ = world.accept()
    connection.abort("reset")
    world.handshake.discount(connection)
    assert world.context.admitted == {"192.0.2.1": 0}
    assert world.handshake.pending == {}


# -- HTTP -----------------------------------------------------------------------------------------


def test_a_browser_gets_pages_over_one_connection_that_is_none_of_its_address_s(world: World) -> None:
    connection, socket = world.accept()
    world.receive(socket, GET + GET)
    assert world.read(socket).count(b"HTTP/1.1 200 OK\r\n") == 2
    assert world.context.admitted == {"192.0.2.1": 0}
    world.context.advance(KEEP_ALIVE_S - 1.0)
    world.receive(socket, GET)
    assert world.read(socket).startswith(b"HTTP/1.1 200 OK\r\n")
    world.context.advance(KEEP_ALIVE_S - 1.0)
    assert not connection.is_closing
    world.context.advance(1.0)
    assert connection.is_closing


def test_what_follows_an_http_request_is_never_taken_for_irc(world: World) -> None:
    """A page of another site may make a browser send IRC lines in the body of a POST."""
    for request in (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\n", GET):
        _, socket = world.accept()
        world.receive(socket, request + b"NICK eve\r\nUSER eve 0 * :e\r\n")
        world.receive(socket, b"JOIN #lobby\r\n")
        assert world.opened == []


def test_a_head_that_is_too_long_is_refused(world: World) -> None:
    """RFC 6585 5."""
    connection, socket = world.accept()
    world.receive(socket, b"GET / HTTP/1.1\r\nX: ")
    world.receive(socket, b"x" * HEAD_LIMIT_BYTES)
    assert world.read(socket).startswith(b"HTTP/1.1 431 ")
    assert connection.is_closing


def test_a_websocket_is_a_client_and_counts_for_its_address(world: World) -> None:
    _, socket = world.accept()
    world.receive(socket, UPGRADE + b"frame")
    assert world.opened == [("websocket", b"frame")]
    assert world.context.admitted == {"192.0.2.1": 1}


def test_a_websocket_of_an_address_with_too_many_connections_is_refused(world: World) -> None:
    """RFC 6585 4. The connection was given back with the first answer, and another has its place since."""
    _, socket = world.accept()
    world.receive(socket, GET)
    world.read(socket)
    world.context.may_connect = False
    world.receive(socket, UPGRADE)
    assert world.read(socket).startswith(b"HTTP/1.1 429 ")
    assert world.opened == []


# -- TLS ------------------------------------------------------------------------------------------


def test_a_client_hello_is_answered_by_an_alert_where_there_is_no_certificate(world: World) -> None:
    connection, socket = world.accept()
    world.receive(socket, CLIENT_HELLO)
    assert world.read(socket) == NO_TLS_ALERT
    assert not connection.is_open


def test_a_client_hello_begins_tls_with_the_bytes_that_were_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[bytes] = []
    tls: Any = object()
    world.context.tls_context = tls
    monkeypatch.setattr("gateway.lane.clients.handshake.TlsLayer", lambda context: context)
    monkeypatch.setattr(ClientConnection, "start_tls", lambda _self, layer, hello: started.append(hello))
    _, socket = world.accept()
    world.receive(socket, CLIENT_HELLO)
    assert started == [CLIENT_HELLO]
    assert world.opened == []
