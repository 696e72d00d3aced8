"""The cost of answers: a client with large requests is read more slowly, a client that does not read gets no more."""

import pytest

from gateway.lane.outgoing import ROOMS_AT_ONCE
from tests.fuzz.lanes import Bystander, World
from tests.fuzz.wires import ClientSocket

SENDQ_BYTES = 1 << 20
ROOMS = 60


@pytest.fixture(scope="module")
def world() -> World:
    """A network of 60 rooms with topics: a LIST of 20 kB."""
    world = World(sendq_bytes=SENDQ_BYTES)
    for first in range(0, ROOMS, 15):
        socket = client(world, f"maker{first}")
        for room in range(first, first + 15):
            socket.inbound += f"JOIN #r{room}\r\nTOPIC #r{room} :{'t' * 300}\r\n".encode()
        pass_time(world, 20.0)
        assert socket.read().count(b" TOPIC #r") == 15
    return world


def client(world: World, nick: str, caps: str = "") -> ClientSocket:
    socket = world.client()
    if caps:
        socket.inbound += f"CAP REQ :{caps}\r\nCAP END\r\n".encode()
    socket.inbound += f"NICK {nick}\r\nUSER u 0 * :r\r\n".encode()
    pass_time(world, 1.0)
    assert b" 001 " in socket.read()
    return socket


def pass_time(world: World, seconds: float) -> None:
    until = world.time_s + seconds
    while world.time_s < until:
        world.time_s += 0.05
        world.turn()


def held_for(world: World, socket: ClientSocket) -> int:
    """Return the number of bytes that the gateway has made for a client that reads nothing."""
    kept = sum(
        c.connection.backlog_bytes for c in world.lane.parts.clients.values() if c.connection.fd == socket.fileno()
    )
    return len(socket.outbound) + kept


def test_who_does_not_read_is_not_answered_further(world: World) -> None:
    socket = client(world, "deaf")
    socket.room = 4096
    socket.inbound += b"LIST\r\n" * 10_000
    pass_time(world, 90.0)
    assert SENDQ_BYTES // 2 < held_for(world, socket) < SENDQ_BYTES * 3 // 4
    assert not socket.is_closed, "it is slowed, not cut"
    assert len(socket.inbound) > 10_000, "and not read from"
    others = Bystander(world, "ann")
    assert others.nick == "ann"
    socket.read()
    pass_time(world, 5.0)
    assert held_for(world, socket) > 0, "it goes on when that is read"


def test_a_large_answer_costs_as_many_lines_as_it_is_long(world: World) -> None:
    socket = client(world, "greedy")
    socket.inbound += b"LIST\r\n" * 1000
    served = 0
    for _ in range(30):
        pass_time(world, 1.0)
        served += len(socket.read())
    # 20 tokens at once and 4 per second, 16 kB each; less, since the lines themselves count.
    assert 200_000 < served < (20 + 30 * 4) * 16384


def test_small_answers_cost_nothing_more(world: World) -> None:
    socket = client(world, "modest")
    socket.inbound += b"TIME\r\n" * 18
    pass_time(world, 0.5)
    assert socket.read().count(b" 391 ") == 18


def test_a_message_to_four_costs_four_lines(world: World) -> None:
    socket = client(world, "sender")
    pass_time(world, 10.0)
    socket.inbound += b"PRIVMSG n1,n2,n3,n4 :x\r\n" * 10
    world.turn(100)
    assert socket.read().count(b" 401 ") == 24  # the sixth takes the 21st token, on credit
    pass_time(world, 1.2)
    assert socket.read().count(b" 401 ") == 4


def test_names_of_many_rooms_or_of_one_many_times_is_not_told(world: World) -> None:
    socket = client(world, "curious")
    socket.inbound += b"NAMES #r1,#r1,#R1\r\nNAMES #r1,#r2,#r3,#r4,#r5\r\n"
    pass_time(world, 1.0)
    told = socket.read()
    assert told.count(b" 366 ") == 1
    assert b" 407 curious #r1,#r2,#r3,#r4,#r5 :Too many targets" in told


def test_a_search_through_everybody_costs_eight_lines(world: World) -> None:
    socket = client(world, "seeker")
    pass_time(world, 10.0)
    socket.inbound += b"WHO *x*\r\n" * 10
    world.turn(100)
    assert socket.read().count(b" 315 ") == 3


@pytest.fixture(scope="module")
def guarded(world: World) -> World:
    """The same network, and a room with 96 ban masks, the last of which covers banned0, banned1 ..."""
    maker = client(world, "guard")
    maker.inbound += b"JOIN #guarded\r\n"
    masks = [*(f"m{at}!*@*" for at in range(95)), "banned?!*@*"]
    for first in range(0, 96, 6):
        maker.inbound += f"MODE #guarded +bbbbbb {' '.join(masks[first : first + 6])}\r\n".encode()
    pass_time(world, 10.0)
    return world


def test_a_join_costs_lines_for_the_ban_masks_that_it_is_compared_with(guarded: World) -> None:
    socket = client(guarded, "banned1")
    pass_time(guarded, 10.0)
    socket.inbound += b"JOIN #guarded\r\n" * 20
    guarded.turn(100)
    assert socket.read().count(b" 474 ") == 9  # a line and 1.5 for its masks each; the ninth is on credit


def test_a_join_that_makes_a_room_costs_four_lines_more(world: World) -> None:
    socket = client(world, "founder")
    pass_time(world, 10.0)
    socket.inbound += b"".join(b"JOIN #new%d\r\n" % n for n in range(20))
    world.turn(100)
    assert socket.read().count(b" 366 ") == 5  # 20 lines at once, and the fifth is on credit
    pass_time(world, 60.0)
    socket.inbound += b"".join(b"PART #new%d\r\nJOIN #new%d\r\n" % (n, n) for n in range(20))
    world.turn(100)
    assert socket.read().count(b" 366 ") > 5 + 15, "one that was there costs nothing more"


def test_client_tags_cost_a_line_for_each_512_bytes(world: World) -> None:
    socket = client(world, "tagger", "message-tags")
    socket.inbound += b"JOIN #tagged\r\n"
    pass_time(world, 10.0)
    before = world.lane.parts.dispatcher.commands
    socket.inbound += b"@+a=" + b"x" * 4000 + b" PRIVMSG #tagged :x\r\n"
    socket.inbound *= 10
    world.turn(100)
    assert world.lane.parts.dispatcher.commands - before == 3  # eight lines each


def test_between_the_rooms_of_a_join_that_is_refused_others_have_their_turn(guarded: World) -> None:
    socket = client(guarded, "banned2")
    pass_time(guarded, 10.0)
    socket.inbound += b"JOIN #guarded,#guarded,#guarded,#guarded,#guarded,#guarded\r\n"
    refused = []
    for _ in range(12):
        guarded.turn()
        refused.append(socket.read().count(b" 474 "))
    assert sum(refused) == 6
    assert max(refused) <= 2


@pytest.mark.parametrize(
    ("line", "done"),
    [("AWAY :{}", b" 306 "), ("NICK roamer{}", b" NICK "), ("SETNAME :{}", b" SETNAME ")],
    ids=["AWAY", "NICK", "SETNAME"],
)
def test_what_is_told_to_all_rooms_of_a_client_costs_a_quarter_of_a_line_for_each(
    world: World, line: str, done: bytes
) -> None:
    socket = client(world, "roamer", "setname")
    for first in range(0, 41, 10):
        rooms = ",".join(f"#r{room}" for room in range(first, min(first + 10, 41)))
        socket.inbound += f"JOIN {rooms}\r\n".encode()
    pass_time(world, 20.0)
    assert socket.read().count(b" 366 ") == 41
    socket.inbound += "".join(f"{line.format(at)}\r\n" for at in range(6)).encode()
    world.turn(100)
    assert socket.read().count(done) == 2  # 11 lines each; the second is on credit
    socket.has_ended = True
    pass_time(world, 12.0)


def test_no_turn_has_an_event_for_each_room_of_a_client(world: World) -> None:
    socket = client(world, "tourist")
    for first in range(0, 60, 10):
        socket.inbound += f"JOIN {','.join(f'#r{room}' for room in range(first, first + 10))}\r\n".encode()
    pass_time(world, 30.0)
    assert socket.read().count(b" 366 ") == 60
    for line in (b"AWAY :tea\r\n", b"NICK visitor\r\n", b"QUIT\r\n"):
        pass_time(world, 10.0)
        socket.inbound += line
        appended = []
        for _ in range(40):
            before = world.lane.parts.log_writer.appended
            world.turn()
            appended.append(world.lane.parts.log_writer.appended - before)
        assert max(appended) <= ROOMS_AT_ONCE
        assert sum(appended) >= 60


def test_oper_says_so_where_too_many_passwords_are_tried(world: World) -> None:
    """Modern IRC RPL_TRYAGAIN (263). The text does not name Redis, which is not the cause."""
    socket = client(world, "hasty")
    socket.inbound += b"OPER op :too many\r\n"
    pass_time(world, 0.5)
    assert socket.read().endswith(
        b" 263 hasty OPER :Too many passwords are being tried: wait a while and try again\r\n"
    )


def test_a_wrong_password_costs_nine_lines(world: World) -> None:
    socket = client(world, "guesser")
    pass_time(world, 10.0)
    socket.inbound += b"OPER op :wrong\r\n" * 100
    pass_time(world, 20.0)
    # 20 tokens at once and 80 in that time.
    assert 10 <= socket.read().count(b" 464 ") <= 12
