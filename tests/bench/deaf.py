"""The memory of a gateway for connections that never read: `python -m tests.bench.deaf [CONNECTIONS]`.

A gateway with default settings runs on loopback. All connections register, join one room and never read again. Then
each sends LIST (300 rooms with topics) as fast as it may, and one client talks to the room. The figures are the
gateway's resident memory by /proc, and the time of another client's PING.
"""

import argparse
import json
import re
import resource
import socket
import tempfile
import time
from pathlib import Path

from gateway.embedded.server import EmbeddedServer
from tests.network.harness import Gateway, Network, Peer, get

ROOMS = 300
ROOMS_A_MAKER = 100
SAID = 2000
AT_ONCE = 250
ASKED_FOR_S = 60.0


def resident_mb(gateway: Gateway) -> int:
    status = Path(f"/proc/{gateway.process.pid}/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


def backlog_mb(gateway: Gateway, admin: int) -> int:
    _, metrics = get(admin, "/metrics")
    return sum(int(float(value)) for value in re.findall(r"hubbub_backlog_bytes\{\S* (\S+)", metrics)) >> 20


def standing(gateway: Gateway, admin: int) -> str:
    cut = gateway.log.count("SendQ exceeded")
    return f"{resident_mb(gateway)} MB, {backlog_mb(gateway, admin)} MB wait for clients, {cut} clients were cut"


def make_rooms(network: Network, gateway: Gateway) -> None:
    for first in range(0, ROOMS, ROOMS_A_MAKER):
        maker = network.peer(gateway, f"maker{first}")
        for number in range(first, first + ROOMS_A_MAKER):
            maker.send(f"JOIN #r{number}", f"TOPIC #r{number} :{'t' * 300}")
        maker.sync()


def deaf(gateway: Gateway, number: int) -> socket.socket:
    connected = socket.socket()
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connected.connect(("127.0.0.1", gateway.port))
    connected.sendall(f"NICK deaf{number}\r\nUSER d 0 * :d\r\nJOIN #deaf\r\n".encode())
    return connected


def wait_for_all(gateway: Gateway, count: int) -> None:
    while gateway.log.count('"registered"') < count:
        time.sleep(0.1)


def ping_ms(peer: Peer) -> float:
    began = time.monotonic()
    peer.sync()
    return (time.monotonic() - began) * 1000


def main(count: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory:
        server = EmbeddedServer.start(Path(directory))
        network = Network(server.url, "deaf:")
        try:
            _run(network, count)
        finally:
            network.close()
            server.close()


def _run(network: Network, count: int) -> None:
    rooms_made = network.gateway(HUBBUB_FLOOD_RATE="0")
    make_rooms(network, rooms_made)
    gateway = network.gateway("--admin", "127.0.0.1:0", HUBBUB_FLOOD_RATE="4", HUBBUB_LEASE_S="15")
    admin = json.loads(gateway.wait_log("admin"))["port"]
    talker, witness = network.peer(rooms_made, "talker"), network.peer(gateway, "witness")
    empty = resident_mb(gateway)
    sockets: list[socket.socket] = []
    while len(sockets) < count:
        sockets += [deaf(gateway, number) for number in range(len(sockets), min(count, len(sockets) + AT_ONCE))]
        wait_for_all(gateway, len(sockets) + 1)
    print(f"{empty} MB before; {count} connections in one room: {standing(gateway, admin)}", flush=True)
    talker.do("JOIN #deaf")
    for number in range(SAID):
        talker.send(f"PRIVMSG #deaf :{number} {'x' * 400}")
        if number % 50 == 0:
            talker.sync()
    talker.sync()
    slowest = ping_ms(witness)
    print(f"after {SAID} messages to all: {standing(gateway, admin)}", flush=True)
    peak, until = 0, time.monotonic() + ASKED_FOR_S
    for one in sockets:
        one.setblocking(False)
        try:
            one.send(b"LIST\r\n" * 200)
        except OSError:
            continue
    while time.monotonic() < until:
        slowest = max(slowest, ping_ms(witness))
        peak = max(peak, resident_mb(gateway))
        time.sleep(0.5)
    print(f"all asking for LIST: {peak} MB at most; {standing(gateway, admin)}", flush=True)
    print(f"the slowest PING of another client took {slowest:.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("connections", type=int, nargs="?", default=10_000, help="how many; default %(default)s")
    main(parser.parse_args().connections)
