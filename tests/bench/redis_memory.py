"""The memory of rooms, messages and users in Redis: `python -m tests.bench.redis_memory`.

One gateway with its own Redis. Users and rooms are measured by `used_memory` before and after many of each, messages by
`MEMORY USAGE` of their room's log. Each message is a separate entry.
"""

import argparse
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gateway.broker.keys import Keys
from gateway.embedded.server import EmbeddedServer
from gateway.heartbeat.leases import client
from tests.network.harness import Network, Peer

ROOMS = 2000
MESSAGES = 400
USERS = 200
TEXT = "x" * 60
LINES_AT_ONCE = 100


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory:
        server = EmbeddedServer.start(Path(directory))
        with client(server.url) as redis:
            network = Network(server.url, "bench:")
            try:
                measure(network, redis)
            finally:
                network.close()
        server.close()


def measure(network: Network, redis: Any) -> None:
    gateway = network.gateway(HUBBUB_FLOOD_RATE="0", HUBBUB_HISTORY_BYTES=str(1 << 30))
    used = _Used(redis)

    def users() -> None:
        for number in range(USERS):
            network.peer(gateway, f"user{number}")

    print("| what | bytes in Redis, each |\n|---|--:|")
    used.of("a user who is connected", USERS, users)
    one = network.peer(gateway, "one", "message-tags")
    one.connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    rooms = [f"#room{number}" for number in range(ROOMS)]
    made = [line for room in rooms for line in (f"JOIN {room}", f"PART {room}")]
    used.of("a room that was made and left", ROOMS, lambda: _do(one, made))
    for at, (name, tags, text) in enumerate(
        (
            ("a message of 60 characters", "", TEXT),
            ("the same with an id of 32 characters", "@+hubbub/id={:032} ", TEXT),
            ("a message of 400 characters", "", "x" * 400),
            ("the same with 4 kB of tags", f"@+a={'x' * 4000} ", "x" * 400),
        )
    ):
        room = f"#busy{at}"
        one.do(f"JOIN {room}")
        _do(one, [f"{tags.format(number)}PRIVMSG {room} :{text}" for number in range(MESSAGES)], at_once=1)
        log_bytes = redis.memory_usage(Keys(network.prefix).log(room), samples=0)
        print(f"| {name} | {log_bytes / MESSAGES:.0f} |", flush=True)


class _Used:
    def __init__(self, redis: Any) -> None:
        self._redis = redis

    def of(self, name: str, count: int, make: Callable[[], None]) -> None:
        before = self._bytes()
        make()
        print(f"| {name} | {(self._bytes() - before) / count:.0f} |", flush=True)

    def _bytes(self) -> int:
        return int(self._redis.info("memory")["used_memory"])


def _do(peer: Peer, lines: Sequence[str], at_once: int = LINES_AT_ONCE) -> None:
    for first in range(0, len(lines), at_once):
        peer.do(*lines[first : first + at_once])


if __name__ == "__main__":
    main()
