"""CHATHISTORY with a thousand messages: paced to the reader, bounded in memory, and charged (docs/security.md)."""

from dataclasses import replace
from functools import cache

import pytest

from gateway.chat.commands.streaming import HELD_BYTES, PIECE_BYTES
from tests.fuzz.lanes import Bystander, World
from tests.fuzz.wires import ClientSocket

COUNT = 1000
SENDQ_BYTES = 100_000
CAPS = "batch draft/chathistory message-tags server-time"


def build() -> World:
    """A lane without flood control, with a thousand messages of 400 bytes in the lobby."""
    world = World(sendq_bytes=SENDQ_BYTES)
    lane = world.lane
    lane.reload(replace(lane.context.settings, flood_rate=0.0), lane.context.server, None)
    author = Bystander(world, "ann")
    for first in range(0, COUNT, 50):
        author.say(*(f"PRIVMSG #lobby :m{at} {'x' * 380}" for at in range(first, first + 50)))
        world.turn(10)
        author.take()
    return world


@cache
def shared() -> World:
    return build()


def asker(world: World, nick: str, caps: str = CAPS) -> ClientSocket:
    socket = world.client()
    socket.inbound += f"CAP REQ :{caps}\r\nNICK {nick}\r\nUSER u 0 * :r\r\nCAP END\r\nJOIN #lobby\r\n".encode()
    world.turn(30)
    assert b" 366 " in socket.read()
    return socket


def held_bytes(world: World) -> int:
    return sum(client.connection.backlog_bytes for client in world.lane.parts.clients.values())


def numbers(received: bytes) -> list[int]:
    return [int(line.split(b" :m")[1].split(b" ")[0]) for line in received.split(b"\r\n") if b" :m" in line]


@pytest.mark.parametrize(
    "command",
    [
        f"LATEST #lobby * {COUNT}",
        f"BEFORE #lobby timestamp=2999-01-01T00:00:00.000Z {COUNT}",
        f"AFTER #lobby timestamp=2000-01-01T00:00:00.000Z {COUNT}",
        f"BETWEEN #lobby timestamp=2999-01-01T00:00:00.000Z timestamp=2000-01-01T00:00:00.000Z {COUNT}",
    ],
)
def test_who_reads_slowly_gets_all_of_it_and_is_never_cut_off(command: str) -> None:
    world = shared()
    socket = asker(world, f"slow{len(world.sockets)}")
    socket.room = 0
    socket.inbound += f"CHATHISTORY {command}\r\n".encode()
    world.turn(300)
    assert not socket.outbound
    assert 0 < held_bytes(world) < 2 * PIECE_BYTES, "it waits for its reader"
    received = b""
    for _ in range(2000):
        socket.room = 5000
        world.turn(2)
        assert held_bytes(world) < 2 * PIECE_BYTES
        received += socket.read()
        if received.count(b"BATCH -"):
            break
    assert not socket.is_closed
    assert received.startswith(b"@draft/chathistory-end :irc.fuzz BATCH +")
    assert numbers(received) == list(range(COUNT))


def test_it_ends_with_its_connection_and_leaves_nothing_behind() -> None:
    world = shared()
    socket = asker(world, "reset")
    socket.room = 0
    socket.inbound += f"CHATHISTORY LATEST #lobby * {COUNT}\r\n".encode()
    world.turn(100)
    assert world.lane.parts.dispatcher.tasks
    socket.is_reset = True
    world.turn(100)
    assert not world.lane.parts.dispatcher.tasks
    assert "reset" not in [client.session.nick for client in world.lane.parts.clients.values()]


def test_many_who_do_not_read_hold_little_and_others_are_served() -> None:
    world = shared()
    deaf = [asker(world, f"deaf{number}") for number in range(20)]
    for socket in deaf:
        socket.room = 0
        socket.inbound += f"CHATHISTORY LATEST #lobby * {COUNT}\r\n".encode() * 5
    world.turn(300)
    assert held_bytes(world) < len(deaf) * 2 * PIECE_BYTES
    other = Bystander(world, "bob")
    other.say("PING now")
    world.turn(20)
    assert any("PONG" in line for line in other.take())
    for socket in deaf:
        assert not socket.is_closed
        socket.is_reset = True
    world.turn(100)


def test_no_batch_and_a_label_give_a_short_answer() -> None:
    """A labeled response without batch is collected in memory, so it has another limit."""
    world = shared()
    socket = asker(world, "odd", "draft/chathistory labeled-response")
    socket.inbound += f"@label=x CHATHISTORY LATEST #lobby * {COUNT}\r\n".encode()
    world.turn(100)
    received = socket.read()
    assert received.startswith(b"@label=x :ann!")
    assert len(received) < HELD_BYTES
    assert numbers(received) == list(range(COUNT - len(numbers(received)), COUNT))


def test_it_costs_as_much_as_it_is_long() -> None:
    world = build()
    lane = world.lane
    lane.reload(replace(lane.context.settings, flood_rate=4.0), lane.context.server, None)
    socket = asker(world, "greedy")
    began_at, received = world.time_s, b""
    socket.inbound += f"CHATHISTORY LATEST #lobby * {COUNT}\r\n".encode() * 2
    while received.count(b"BATCH -") < 2:
        world.turn(2)
        received += socket.read()
        assert world.time_s < began_at + 60
    lines = len(received) / 16384
    assert world.time_s - began_at > (lines - 20 - 10) / 4, "beyond the burst 16 kB are a line, four a second"
    assert numbers(received) == 2 * list(range(COUNT))
