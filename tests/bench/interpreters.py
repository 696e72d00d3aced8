"""The effect of the interpreter's build: the CPU time of one lane's Python code with two interpreters in turn.

    python -m tests.bench.interpreters PYTHON      this interpreter beside PYTHON, which has the project's dependencies

A lane runs in memory with 60 users in rooms of two. Redis and the sockets are simulated on the same thread. So the
figures contain no kernel time, and other load has little effect. A ratio above 1 means that PYTHON is faster.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from tests.bench.servers import PROJECT
from tests.fuzz.lanes import World

USERS = 60
ROUNDS = 9
TURNS = 300
TEXT = b"x" * 64


def lane_us(turns: int) -> float:
    """Return CPU microseconds for each delivery when every user sends `turns` messages."""
    world = World()
    sockets = [world.client(f"192.0.2.{number}") for number in range(USERS)]
    for number, socket in enumerate(sockets):
        socket.inbound += b"NICK u%d\r\nUSER u 0 * :u\r\nJOIN #r%d\r\n" % (number, number // 2)
        world.turn(4)
    for client in world.lane.parts.clients.values():
        client.bucket = None  # without flood control
    world.turn(20)
    for socket in sockets:
        socket.read()
    began, deliveries = time.process_time(), 0
    for _ in range(turns):
        for number, socket in enumerate(sockets):
            socket.inbound += b"PRIVMSG #r%d :%b\r\n" % (number // 2, TEXT)
        world.turn(4)
        deliveries += sum(socket.read().count(b" PRIVMSG ") for socket in sockets)
    took_s = time.process_time() - began
    assert deliveries == turns * USERS, f"{deliveries} deliveries of {turns * USERS}"
    return 1e6 * took_s / deliveries


def run(python: str, turns: int) -> float:
    program = f"from tests.bench.interpreters import lane_us; print(lane_us({turns}))"
    done = subprocess.run([python, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default %(default)s")
    parser.add_argument("--turns", type=int, default=TURNS, help="messages of each user; default %(default)s")
    given = parser.parse_args()
    sides = [sys.executable, given.python]
    figures: list[list[float]] = [[], []]
    for round_ in range(given.rounds):
        for side in (0, 1) if round_ % 2 == 0 else (1, 0):
            figures[side].append(run(sides[side], given.turns))
    ratios = [one / other for one, other in zip(*figures, strict=True)]
    for side in (0, 1):
        print(f"{sides[side]}: median {statistics.median(figures[side]):.2f} us a delivery")
    print(f"ratio: median {statistics.median(ratios):.3f}, {min(ratios):.3f} .. {max(ratios):.3f}")


if __name__ == "__main__":
    main()
