"""The time of a page of history: `python -m tests.bench.paging [MESSAGES]` (default: 100,000).

A gateway and its own server run on loopback. A client reads a room back to its first message by CHATHISTORY BEFORE, 100
messages a page. In the first room each message is a separate entry. The second room has a tenth as many, in entries of
64 KB. The time is from the request to the end of the batch. The PING of another client, sent right after a request,
shows the delay for others. CPU time is the gateway's and the server's, by /proc, so other load does not change it.
"""

import argparse
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.broker.keys import Keys
from gateway.chat.events import encode, joined, said
from gateway.embedded.server import EmbeddedServer
from gateway.heartbeat.leases import client
from gateway.logs.in_flight import ENTRY_LIMIT_BYTES
from gateway.logs.scripts import APPEND
from tests.network.harness import Network, Peer

PREFIX = "paging:"
SPEAKER, SOURCE = "speaker.0.1", "speaker!s@host"
LIMIT = 100
CAPS = "batch draft/chathistory message-tags server-time"
AT_ONCE = 500


def small(room: str, messages: int) -> Iterator[bytes]:
    """One message for each entry."""
    for number in range(messages):
        yield encode([(SPEAKER, said(SOURCE, "PRIVMSG", room, f"{number} {'x' * 60}"))])


def large(room: str, messages: int) -> Iterator[bytes]:
    """As many messages for each entry as fit."""
    line = said(SOURCE, "PRIVMSG", room, "x" * 440)
    fit = ENTRY_LIMIT_BYTES // (len(SPEAKER) + len(line) + 3)
    for at in range(0, messages, fit):
        yield encode([(SPEAKER, line)] * min(fit, messages - at))


def fill(url: str, room: str, payloads: Iterator[bytes]) -> None:
    """Append entries as a lane does, as fast as the server accepts them."""
    keys = Keys(PREFIX)
    with client(url) as connection:
        append = connection.register_script(APPEND.source)
        facts: dict[str, str | int] = {"token": 1, "seen": "0-0"}
        entering = encode([(SPEAKER, joined(SOURCE, room, "Speaker", facts))])
        words = [keys.log(room), keys.head(room)]
        append(words, ["", "speaker.0:1", entering, keys.live(room), "filled"])
        pipeline = connection.pipeline(transaction=False)
        for count, payload in enumerate(payloads, 2):
            append(words, ["*", f"speaker.0:{count}", payload, keys.live(room), ""], client=pipeline)
            if count % AT_ONCE == 0:
                pipeline.execute()
        pipeline.execute()


def enter(reader: Peer, room: str) -> None:
    """Join. Without a snapshot the log may take longer to load than a JOIN waits; then join again."""
    while not any(" 366 " in line for line in reader.do(f"JOIN {room}")):
        pass


def page_back(reader: Peer, witness: Peer, room: str) -> tuple[int, list[float], list[float]]:
    """Return the messages read, ms of each page, ms of the other client's PING after each."""
    count = 0
    pages: list[float] = []
    pings: list[float] = []
    reference = "timestamp=2999-01-01T00:00:00.000Z"
    while True:
        began = time.perf_counter()
        reader.send(f"CHATHISTORY BEFORE {room} {reference} {LIMIT}")
        lines = reader.until(" BATCH -")
        pages.append((time.perf_counter() - began) * 1000)
        found = [line for line in lines if " PRIVMSG " in line]
        if not found:
            return count, pages, pings
        count += len(found)
        msgid = re.search(r"msgid=([^; ]+)", found[0])
        assert msgid is not None
        reference = f"msgid={msgid[1]}"
        reader.send(f"CHATHISTORY BEFORE {room} {reference} {LIMIT}")  # again, not timed, for the PING after it
        began = time.perf_counter()
        witness.sync()
        pings.append((time.perf_counter() - began) * 1000)
        reader.until(" BATCH -")


def cpu_ms(pid: int) -> float:
    """Return the CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def told_of(times_ms: list[float]) -> str:
    ordered = sorted(times_ms)
    most = ordered[len(ordered) * 99 // 100]
    return f"median {statistics.median(ordered):.1f} ms, 99 % under {most:.1f} ms, worst {ordered[-1]:.1f} ms"


def main(messages: int) -> None:
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory:
        server = EmbeddedServer.start(Path(directory))
        network = Network(server.url, PREFIX)
        try:
            with client(server.url) as connection:
                told = connection.info("server")
                server_pid = int(told["process_id"])
            print(f"{told.get('server_name', 'redis')} {told.get('valkey_version', told['redis_version'])}", flush=True)
            amounts = {"#small": messages, "#large": messages // 10}
            fill(server.url, "#small", small("#small", amounts["#small"]))
            fill(server.url, "#large", large("#large", amounts["#large"]))
            gateway = network.gateway(HUBBUB_HISTORY_MESSAGES="10000000", HUBBUB_LEASE_S="15")
            for room, amount in amounts.items():
                reader = network.peer(gateway, f"reader{room[1:]}", CAPS)
                enter(reader, room)
                witness = network.peer(gateway, f"witness{room[1:]}")
                before = [cpu_ms(pid) for pid in (gateway.process.pid, server_pid)]
                count, pages, pings = page_back(reader, witness, room)
                used = [
                    (cpu_ms(pid) - at) / (len(pages) + len(pings))
                    for pid, at in zip((gateway.process.pid, server_pid), before, strict=True)
                ]
                assert count == amount, count
                print(f"{room}: {count} messages in {len(pages)} pages: {told_of(pages)}", flush=True)
                print(
                    f"{room}: CPU a page: {used[0]:.1f} ms of the gateway, {used[1]:.1f} ms of the server", flush=True
                )
                print(f"{room}: another client's PING behind a request: {told_of(pings)}", flush=True)
        finally:
            network.close()
            server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "messages", type=int, nargs="?", default=100_000, help="in the room of small entries; default %(default)s"
    )
    main(parser.parse_args().messages)
