"""The connections of a lane: made clients, swept when silent, and cut when too much waits for them."""

from typing import Any, cast

import pytest

from gateway.chat.capabilities import BATCH, MULTILINE
from gateway.chat.multiline import LIMIT_S, Batch
from gateway.lane.clients.client import Client, Clients
from gateway.lane.clients.connections import REGISTRATION_LIMIT_S, Connections
from gateway.lane.clients.dialects import IRC, PLAIN_TEXT
from gateway.lane.clients.dispatcher import Dispatcher
from gateway.lane.clients.handshake import Handshake
from gateway.net.connection import ClientConnection
from gateway.net.selector import Selector
from gateway.wire.message import Message
from tests.fuzz.wires import ClientSocket
from tests.stage.parts import Connection, Context, Sockets, make_client

PING_S = 120.0


class FakeHandshake:
    def __init__(self) -> None:
        self.pending: dict[ClientConnection, None] = {}

    def accepted(self, connection: ClientConnection) -> None:
        self.pending[connection] = None

    def closed(self, connection: ClientConnection, _reason: str) -> None:
        self.pending.pop(connection)


class FakeDispatcher:
    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def received(self, connection: ClientConnection, data: bytes) -> None:
        self.heard.append((connection.state.session.sid, data))

    def closed(self, connection: ClientConnection, _reason: str) -> None: ...


class World(Sockets):
    """The connections of a lane. ``opened``: the clients that were made; ``disconnected``: nicks and reasons."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.context, self.clients = Context(ping_interval_s=PING_S, **settings), Clients()
        self.handshake, self.dispatcher = FakeHandshake(), FakeDispatcher()
        self.opened: list[Client] = []
        self.disconnected: list[tuple[str, str]] = []
        self.connections = Connections(
            self.context,
            cast(Selector, self.selector),
            self.touched,
            self.clients,
            cast(Handshake, self.handshake),
            cast(Dispatcher, self.dispatcher),
            lambda client, reason: self.disconnected.append((client.session.nick, reason)),
            self.opened.append,
        )

    def accepted(self) -> tuple[ClientConnection, ClientSocket]:
        made = self.make()
        accepted: Any = made
        self.connections.accept(accepted, "192.0.2.1")
        return list(self.handshake.pending)[-1], made

    def client(self, nick: str = "ann", **options: Any) -> tuple[Client, Connection]:
        return make_client(self.context, self.clients, nick, **options)


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_connection_belongs_to_the_handshake(world: World) -> None:
    connection, _ = world.accepted()
    owner: Any = connection.owner
    assert owner is world.handshake
    assert not world.clients


def test_a_connection_with_a_dialect_becomes_a_session_and_what_it_has_sent_is_carried_out(world: World) -> None:
    for number in (0, 1):
        connection, _ = world.accepted()
        world.connections.opened(connection, IRC, b"NICK ann\r\n")
        sid = f"gate.0.{number}"
        session = world.clients[sid].session
        assert (session.sid, session.address, session.host) == (sid, "192.0.2.1", "192.0.2.1.cloak")
        assert not session.is_registered
        assert world.opened[-1] is world.clients[sid]
        assert world.dispatcher.heard[-1] == (sid, b"NICK ann\r\n")


def test_a_person_with_plain_text_need_not_say_more_than_a_name(world: World) -> None:
    connection, _ = world.accepted()
    world.connections.opened(connection, PLAIN_TEXT, b"ann\n")
    (client,) = world.opened
    assert (client.session.user, client.session.realname) == ("text", "plain text")


def test_flood_control_is_as_the_settings_say() -> None:
    assert World(flood_rate=0.0).connections.bucket() is None
    world = World(flood_rate=1.0, flood_burst=2)
    bucket = world.connections.bucket()
    assert bucket is not None
    assert [bucket.take(world.context.now) for _ in range(3)] == [True, True, False]


# -- silence --------------------------------------------------------------------------------------


def test_a_silent_client_is_asked_once_and_ended_if_it_does_not_answer(world: World) -> None:
    _, connection = world.client()
    world.connections.sweep()
    world.context.advance(PING_S)
    assert connection.lines == ["PING :irc.test"]
    world.context.advance(PING_S)
    assert connection.lines == []
    assert world.disconnected == []
    world.context.advance(PING_S / 8)
    assert world.disconnected == [("ann", f"Ping timeout: {PING_S * 2 + PING_S / 8:.0f} seconds")]


def test_a_client_that_sends_something_is_not_asked(world: World) -> None:
    client, connection = world.client()
    world.connections.sweep()
    for _ in range(10):
        world.context.advance(PING_S / 2)
        client.heard_at = world.context.now
    assert connection.lines == []
    assert world.disconnected == []


@pytest.mark.parametrize("why", ["plain text", "not read", "leaving"])
def test_a_client_that_cannot_answer_or_need_not_is_not_taken_for_silent(world: World, why: str) -> None:
    client, connection = world.client(dialect=PLAIN_TEXT if why == "plain text" else IRC)
    client.throttled, client.is_leaving = int(why == "not read"), why == "leaving"
    world.connections.sweep()
    world.context.advance(PING_S * 4)
    assert connection.lines == []
    assert world.disconnected == []


def test_a_client_that_is_not_read_because_it_does_not_read_is_silent(world: World) -> None:
    client, connection = world.client()
    client.throttled, connection.backlog_bytes = 1, 100
    world.context.advance(PING_S * 3)
    world.connections.sweep()
    assert [nick for nick, _ in world.disconnected] == ["ann"]


def test_after_a_stall_no_client_is_silent(world: World) -> None:
    world.client()
    world.context.advance(PING_S * 3)
    world.connections.note_stall()
    world.connections.sweep()
    assert world.disconnected == []


def test_a_client_that_does_not_register_in_time_is_ended(world: World) -> None:
    world.client("ann")
    client, _ = world.client("eve")
    client.session.is_registered = False
    world.context.advance(REGISTRATION_LIMIT_S)
    world.connections.end_unregistered()
    assert world.disconnected == []
    world.context.advance(1.0)
    world.connections.end_unregistered()
    assert world.disconnected == [("eve", "Registration timed out")]


def test_a_batch_that_is_open_for_too_long_is_refused_unless_its_client_is_not_read(world: World) -> None:
    ann, eve = (world.client(nick, caps=BATCH | MULTILINE) for nick in ("ann", "eve"))
    for client, _ in (ann, eve):
        client.session.batch = Batch(Message("BATCH", ["+1", "draft/multiline", "#tea"]), "", world.context.wall_now)
    eve[0].throttled = 1
    world.context.advance(LIMIT_S + 1.0)
    world.connections.end_batches()
    assert [line.split()[1:4] for line in ann[1].lines] == [["FAIL", "BATCH", "TIMEOUT"]]
    assert eve[1].lines == []


# -- what waits for clients to read ---------------------------------------------------------------


def unread(world: World, size: int) -> ClientConnection:
    """A client's connection with bytes that it does not read."""
    connection, socket = world.accepted()
    world.connections.opened(connection, IRC, b"")
    socket.room = 0
    connection.write(b"x" * size)
    world.flush()
    return connection


def test_the_backlog_of_all_clients_is_counted(world: World) -> None:
    first, _ = unread(world, 300), unread(world, 200)
    assert world.connections.backlog_bytes == 500
    first.abort("gone")
    assert world.connections.backlog_bytes == 200


def test_the_clients_with_the_most_are_cut_until_an_eighth_is_free() -> None:
    world = World(sendq_total_bytes=1000)
    small, large, largest = (unread(world, size) for size in (100, 400, 500))
    world.connections.relieve()
    assert largest.is_open, "it is not too much yet"
    extra = unread(world, 450)
    world.connections.relieve()
    assert [one.is_open for one in (small, large, largest, extra)] == [True, True, False, False]
    assert world.connections.backlog_bytes == 500


def test_other_settings_apply_to_the_clients_that_are_here() -> None:
    world = World(flood_rate=1.0, flood_burst=1, sendq_bytes=1000)
    client, connection = world.client()
    assert client.bucket is None
    world.connections.reload()
    assert client.bucket is not None
    assert connection.backlog_limit_bytes == 1000


def test_at_the_end_every_connection_is_closed_pending_ones_too(world: World) -> None:
    pending, _ = world.accepted()
    _, connection = world.client()
    world.connections.abort_all()
    assert not pending.is_open
    assert not connection.is_open
