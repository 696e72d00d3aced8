"""A client's batch is subject to flood control and has a time limit (IRCv3 client-batch)."""

from tests.fuzz.lanes import World
from tests.fuzz.wires import ClientSocket
from tests.lane.test_answers import client, pass_time

BURST, RATE = 20, 4
"""Flood control of the test's network: lines at once, lines per second."""
OPENING = b"BATCH +1 draft/multiline #lobby\r\n"


def speaker(world: World) -> ClientSocket:
    socket = client(world, "ann")
    socket.inbound += b"CAP REQ :batch draft/multiline echo-message\r\nJOIN #lobby\r\n"
    pass_time(world, 10.0)
    assert b"JOIN #lobby" in socket.read()
    return socket


def test_each_line_counts_for_flood_control() -> None:
    """docs/protocol.md, "Leaving": a client faster than `flood_rate` is not read."""
    world = World()
    socket = speaker(world)
    lines = 50
    socket.inbound += OPENING + b"@batch=1 PRIVMSG #lobby :x\r\n" * lines + b"BATCH -1\r\n"
    takes_s = (lines + 2 - BURST) / RATE
    pass_time(world, takes_s - 1.0)
    assert b"BATCH" not in socket.read()
    pass_time(world, 2.0)
    assert socket.read().count(b" PRIVMSG #lobby :x") == lines


def test_one_that_is_never_closed_times_out() -> None:
    """IRCv3 client-batch, TIMEOUT, also if the client sends nothing more. Later lines of the batch are ignored."""
    world = World()
    socket = speaker(world)
    socket.inbound += OPENING + b"@batch=1 PRIVMSG #lobby :x\r\n"
    pass_time(world, 59.0)
    assert b"FAIL" not in socket.read()
    pass_time(world, 10.0)
    assert socket.read() == b":irc.fuzz FAIL BATCH TIMEOUT 1 :The batch was left open for too long\r\n"
    socket.inbound += b"@batch=1 PRIVMSG #lobby :y\r\nBATCH -1\r\nPRIVMSG #lobby :z\r\n"
    pass_time(world, 1.0)
    heard = socket.read()
    assert heard.count(b"\r\n") == 1
    assert heard.endswith(b" PRIVMSG #lobby :z\r\n")


def test_one_whose_client_leaves_is_not_said() -> None:
    """IRCv3 multiline: wait until the full batch has been received before processing the message."""
    world = World()
    bob = client(world, "bob")
    bob.inbound += b"JOIN #lobby\r\n"
    socket = speaker(world)
    socket.inbound += OPENING + b"@batch=1 PRIVMSG #lobby :x\r\nQUIT\r\n"
    pass_time(world, 5.0)
    heard = bob.read()
    assert b" QUIT " in heard
    assert b" PRIVMSG " not in heard
