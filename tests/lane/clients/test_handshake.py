"""A connection until its dialect is known: admission, the first line, the greeting, PROXY, silence."""

from ipaddress import ip_network

from gateway.lane.clients.client import Dialect
from gateway.lane.clients.handshake import OPENING_LIMIT_S, SILENCE_S, Handshake
from gateway.net.connection import ClientConnection
from tests.stage.parts import Connection, Context


class World:
    """A handshake; ``opened``: the dialect and the first bytes of each connection that became a client."""

    def __init__(self, **settings: object) -> None:
        self.context = Context(**settings)
        self.handshake = Handshake(self.context)
        self.handshake.opened = self._opened
        self.opened: list[tuple[str, bytes]] = []

    def _opened(self, _connection: ClientConnection, dialect: Dialect, data: bytes) -> None:
        self.opened.append((dialect.name, data))

    def connect(self, peer: str = "192.0.2.1") -> Connection:
        connection = Connection(peer)
        connection.owner = self.handshake
        self.handshake.accepted(connection.as_connection())
        return connection

    def send(self, connection: Connection, data: bytes) -> None:
        self.handshake.received(connection.as_connection(), data)


def test_the_first_line_tells_the_dialect() -> None:
    world = World()
    world.send(world.connect(), b"NICK ann\r\n")
    world.send(world.connect(), b"ann\n")
    assert [name for name, _ in world.opened] == ["irc", "text"]
    assert not world.handshake.pending


def test_nothing_is_decided_before_a_line_is_complete() -> None:
    world = World()
    connection = world.connect()
    for byte in (b"N", b"I", b"CK ann"):
        world.send(connection, byte)
    assert not world.opened
    world.send(connection, b"\r\n")
    assert world.opened == [("irc", b"NICK ann\r\n")]


def test_a_silent_person_is_greeted_and_a_silent_connection_ends() -> None:
    world = World()
    connection = world.connect()
    world.context.advance(SILENCE_S)
    [greeting] = connection.lines
    assert greeting.startswith("Welcome")
    world.context.advance(OPENING_LIMIT_S)
    assert not connection.is_open


def test_an_address_with_too_many_connections_is_told_so() -> None:
    world = World()
    world.context.may_connect = False
    connection = world.connect()
    assert connection.is_closing
    assert connection.lines == ["ERROR :Too many connections from your address"]


def test_a_connection_that_ends_in_its_handshake_is_counted_no_more() -> None:
    world = World()
    connection = world.connect()
    assert world.context.admitted == {"192.0.2.1": 1}
    world.handshake.closed(connection.as_connection(), "gone")
    assert world.context.admitted == {"192.0.2.1": 0}
    assert not world.handshake.pending


def test_a_trusted_proxy_names_the_address_that_counts() -> None:
    world = World(trusted_proxies=(ip_network("10.0.0.0/8"),))
    connection = world.connect("10.0.0.1")
    assert not world.context.admitted
    world.send(connection, b"PROXY TCP4 198.51.100.7 10.0.0.1 1 2\r\nNICK ann\r\n")
    assert world.context.admitted == {"198.51.100.7": 1}
    assert world.opened == [("irc", b"NICK ann\r\n")]


def test_a_malformed_proxy_header_ends_the_connection() -> None:
    world = World(trusted_proxies=(ip_network("10.0.0.0/8"),))
    connection = world.connect("10.0.0.1")
    world.send(connection, b"PROXY nonsense\r\n")
    assert not connection.is_open
    assert not world.opened


def test_a_browser_gets_a_page_and_is_counted_no_more() -> None:
    world = World()
    connection = world.connect()
    world.send(connection, b"GET / HTTP/1.1\r\nHost: irc.test\r\nConnection: close\r\n\r\n")
    assert connection.lines[0] == "HTTP/1.1 200 OK"
    assert connection.is_closing
    assert world.context.admitted == {"192.0.2.1": 0}
