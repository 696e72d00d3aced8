"""The ratio of a gateway's output to its input: `python -m tests.bench.amplification`.

One lane in memory has a room of 500 users and 300 rooms with topics. The figures for each command: bytes of output for
one line, and the output in a minute to a client that sends only this line, if it reads everything and if it reads
nothing.
"""

import argparse

from tests.fuzz.lanes import World
from tests.fuzz.wires import ClientSocket

USERS = 500
ROOMS = 300
MINUTE_S = 60.0
TURN_S = 0.05
LINES = {
    "LIST": "LIST",
    "NAMES of one room": "NAMES #lobby",
    "NAMES of one room, 72 times": f"NAMES {','.join(['#lobby'] * 72)}",
    "WHO of a room": "WHO #lobby",
    "WHO of everybody": "WHO *",
    "WHOIS": "WHOIS user1",
    "CHATHISTORY": "CHATHISTORY LATEST #lobby * 1000",
    "MODE list": "MODE #lobby +b",
    "ISON of 60": f"ISON {' '.join(f'user{n}' for n in range(60))}",
    "MOTD": "MOTD",
    "VERSION": "VERSION",
    "PRIVMSG to nobody": "PRIVMSG nobody :x",
}


def client(world: World, nick: str, rooms: str) -> ClientSocket:
    socket = world.client()
    socket.inbound += f"CAP REQ :batch draft/chathistory\r\nNICK {nick}\r\nUSER u 0 * :r\r\nCAP END\r\n".encode()
    socket.inbound += f"JOIN {rooms}\r\n".encode()
    return socket


def settle(world: World, turns: int = 60) -> None:
    for _ in range(turns):
        world.time_s += TURN_S
        world.turn()
        for socket in world.sockets:
            socket.inbound += b"" if b"PING" not in socket.read() else b"PONG x\r\n"


def peopled() -> World:
    world = World(sendq_bytes=1 << 20)
    speakers = [client(world, f"user{n}", "#lobby") for n in range(USERS)]
    settle(world)
    for at, socket in enumerate(speakers[:100]):
        socket.inbound += f"PRIVMSG #lobby :{'x' * 400}\r\n".encode() * 10
        socket.inbound += "".join(f"JOIN #r{at}-{n}\r\nTOPIC #r{at}-{n} :{'t' * 300}\r\n" for n in range(3)).encode()
    settle(world, 200)
    return world


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    world = peopled()
    print(f"{'command':<30} {'bytes in':>9} {'bytes out':>10} {'out/in':>8} {'KB/min read':>12} {'KB/min unread':>14}")
    for number, (name, line) in enumerate(LINES.items()):
        one = client(world, f"one{number}", "#lobby")
        settle(world)
        one.inbound += f"{line}\r\n".encode()
        world.turn(200)
        sent = len(one.read())
        read = served(world, line, f"reads{number}", reads=True)
        unread = served(world, line, f"deaf{number}", reads=False)
        ratio = sent / (len(line) + 2)
        print(f"{name:<30} {len(line) + 2:>9} {sent:>10} {ratio:>8.0f} {read // 1024:>12} {unread // 1024:>14}")
        one.has_ended = True


def served(world: World, line: str, nick: str, *, reads: bool) -> int:
    """Return the bytes made for a client that sends only this line for a minute."""
    socket = client(world, nick, "#lobby")
    settle(world)
    total, until = 0, world.time_s + MINUTE_S
    socket.room = 1 << 20 if reads else 4096
    while world.time_s < until and not socket.is_closed:
        if len(socket.inbound) < 4096:
            socket.inbound += f"{line}\r\n".encode() * 20
        world.time_s += TURN_S
        world.turn()
        for other in world.sockets:
            if other is not socket:
                other.inbound += b"" if b"PING" not in other.read() else b"PONG x\r\n"
        if reads:
            total += len(socket.read())
    backlog = sum(
        c.connection.backlog_bytes for c in world.lane.parts.clients.values() if c.connection.fd == socket.fileno()
    )
    total += len(socket.outbound) + backlog
    socket.has_ended = socket.is_reset = True
    world.turn(3)
    return total


if __name__ == "__main__":
    main()
