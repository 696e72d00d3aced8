"""A client after the loss of its connection: lines that flood control had accepted are carried out, for seconds."""

from dataclasses import replace

import pytest

from gateway.lane.clients.dispatcher import REST_LIMIT_S
from tests.fuzz.lanes import Bystander, World
from tests.fuzz.wires import ClientSocket

BURST = 20


@pytest.fixture
def world() -> World:
    return World(sendq_bytes=1 << 20)


def pass_time(world: World, seconds: float) -> None:
    until = world.time_s + seconds
    while world.time_s < until:
        world.time_s += 0.05
        world.turn()


def client(world: World, nick: str, rooms: str = "#lobby") -> ClientSocket:
    socket = world.client()
    socket.inbound += f"NICK {nick}\r\nUSER u 0 * :r\r\nJOIN {rooms}\r\n".encode()
    pass_time(world, 10.0)
    assert b" 366 " in socket.read()
    return socket


def nicks(world: World) -> list[str]:
    return [client.session.nick for client in world.lane.parts.clients.values()]


def counted(world: World) -> list[int]:
    """Record the counts of addresses from now on: 1 for one more, -1 for one less."""
    changes: list[int] = []

    def admit(_address: str, change: int) -> bool:
        changes.append(change)
        return True

    world.lane.context.process = replace(world.lane.context.process, admit=admit)
    return changes


def test_after_a_reset_what_flood_control_holds_back_is_dropped(world: World) -> None:
    socket = client(world, "eve")
    socket.inbound += b"LIST\r\n" * 256
    world.turn()
    socket.is_reset = True
    pass_time(world, 1.0)
    assert nicks(world) == []


def test_after_a_reset_what_flood_control_has_let_in_is_carried_out(world: World) -> None:
    """`printf ... | nc -q0`: the program has ended while its name is still being claimed."""
    bob = Bystander(world, "bob")
    bob.say("JOIN #lobby")
    pass_time(world, 1.0)
    bob.take()
    socket = world.client()
    socket.inbound += b"eve\n" + b"hello\n" * 100
    world.lane.turn(0.0)  # it is read, and Redis has answered nothing yet
    socket.is_reset = True
    pass_time(world, 2.0)
    said = sum(line.endswith(" PRIVMSG #lobby :hello") for line in bob.take())
    assert BURST <= said <= BURST + 1  # one more if time has passed
    assert nicks(world) == ["bob"]


def test_after_a_reset_it_is_waited_for_seconds(world: World) -> None:
    socket = world.client()
    socket.inbound += b"eve\n" + b"/topic\n" * 10
    world.turn(2)
    socket.is_reset = True
    for _ in range(int(REST_LIMIT_S + 3.0) * 20):
        world.time_s += 0.05
        world.lane.turn(0.0)  # Redis answers nothing
    assert all(client.is_leaving for client in world.lane.parts.clients.values())


def test_an_address_counts_until_the_session_has_ended(world: World) -> None:
    changes = counted(world)
    socket = client(world, "eve")
    socket.is_reset = True
    for _ in range(100):
        world.time_s += 0.05
        world.lane.turn(0.0)  # Redis does not accept its QUIT
    assert nicks(world) == ["eve"]
    assert changes == [1]
    pass_time(world, 3.0)
    assert nicks(world) == []
    assert changes == [1, -1]


def test_one_who_quits_may_come_again_as_soon_as_it_has_read_error(world: World) -> None:
    changes = counted(world)
    socket = client(world, "eve")
    socket.inbound += b"QUIT\r\n"
    while b"ERROR" not in socket.read():
        world.turn()
    assert not socket.is_closed
    assert changes == [1, -1]
    socket.has_ended = True
    pass_time(world, 1.0)
    assert changes == [1, -1]


def test_one_who_sends_no_more_is_heard_for_as_long_as_a_silent_one(world: World) -> None:
    socket = client(world, "eve")
    socket.inbound += b"LIST\r\n" * 256
    socket.has_ended = True
    pass_time(world, 2 * 120.0 + 20.0)
    assert nicks(world) == []
