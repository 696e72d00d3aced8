"""Commands that wait for a Redis that does not answer: they fail together, as the first one has waited for all."""

from gateway.lane.clients.dispatcher import TICK_S, WAIT_LIMIT_S
from tests.fuzz.lanes import World
from tests.fuzz.wires import ClientSocket

COMMANDS = ("TOPIC #a :later", "NICK later", "MODE #a +m", "AWAY :later", "PART #a", "JOIN #b", "PING :1")
NOTICED_S = 1.0
"""The lane notices this soon after the limit of the first command that Redis is unavailable."""


def pass_time(world: World, seconds: float, *, is_answered: bool) -> None:
    until = world.time_s + seconds
    while world.time_s < until:
        world.time_s += 0.05
        if is_answered:
            world.turn()
        else:
            world.lane.turn(0.0)


def client(world: World) -> ClientSocket:
    socket = world.client()
    socket.inbound += b"CAP REQ :standard-replies\r\nNICK bob\r\nUSER u 0 * :r\r\nCAP END\r\nJOIN #a\r\n"
    pass_time(world, 10.0, is_answered=True)
    assert b" 366 " in socket.read()
    return socket


def test_all_fail_as_soon_as_the_first_has_waited_long_enough() -> None:
    world = World()
    bob = client(world)
    bob.inbound += "".join(f"{command}\r\n" for command in COMMANDS).encode()
    pass_time(world, WAIT_LIMIT_S - TICK_S, is_answered=False)
    assert b"FAIL" not in bob.read()
    pass_time(world, 2 * TICK_S + NOTICED_S, is_answered=False)
    answers = bob.read().decode().splitlines()
    assert [line.split(" ")[2] for line in answers if " FAIL " in line] == [one.split(" ")[0] for one in COMMANDS]
