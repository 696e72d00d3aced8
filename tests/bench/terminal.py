"""The terminal client's speed as its user experiences it: on a pseudo terminal, with a simulated gateway.

    python -m tests.bench.terminal

Prints a table for docs/performance.md: the time from start to typing; the time from a key to the screen while RATE
messages per second arrive in the visible room, and the memory meanwhile; the time from /join to the newest messages
of a room with HISTORY lines.
"""

import argparse
import contextlib
import fcntl
import itertools
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from typing import Final

from tests.bench.paper_gateway import HISTORY, RATE

FLOOD_S: Final = 15.0
KEYS: Final = 150
STARTS: Final = 5
ROWS, COLUMNS = 40, 120
DEADLINE_S: Final = 30.0
READY: Final = "ay something"  # of the empty prompt; the cursor is on its first letter


class Terminal:
    """The program on a pseudo terminal. Its output is read at once, as by a fast terminal."""

    def __init__(self, address: str, room: str, home: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.began = time.monotonic()
        self.program = subprocess.Popen(
            [sys.executable, "-m", "client", address, "--name", "bench", "--room", room],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={
                **os.environ,
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "HOME": home,
                "XDG_CONFIG_HOME": home,
                "XDG_STATE_HOME": home,
            },
        )
        os.close(slave)
        self._seen = b""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, text: str) -> float:
        """Read until a text was written. Return the time of that."""
        wanted = text.encode()
        deadline = time.monotonic() + DEADLINE_S
        while wanted not in self._seen:
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"{text!r} was never written; the last was {self._seen[-2000:]!r}"
            self.read(left_s)
        self._seen = self._seen.partition(wanted)[2]
        return time.monotonic()

    def read(self, timeout_s: float) -> None:
        if select.select([self._master], [], [], timeout_s)[0]:
            self._seen = self._seen[-100_000:] + os.read(self._master, 1 << 16)

    def memory_mib(self) -> float:
        with open(f"/proc/{self.program.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def cpu_s(self) -> float:
        with open(f"/proc/{self.program.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.program.send_signal(signal.SIGTERM)
        while self.program.poll() is None:
            with contextlib.suppress(OSError):
                self.read(0.05)
        os.close(self._master)


@contextlib.contextmanager
def running(room: str) -> Iterator[tuple[subprocess.Popen[str], Terminal]]:
    """Start a gateway and a client that connects to it. A line to the gateway begins the flood."""
    command = [sys.executable, "-m", "tests.bench.paper_gateway"]
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as gateway,
    ):
        assert gateway.stdin is not None
        assert gateway.stdout is not None
        terminal = Terminal(gateway.stdout.readline().strip(), room, home)
        try:
            yield gateway, terminal
        finally:
            terminal.close()
            gateway.stdin.close()


def start_s() -> float:
    """Measure from the start of the process to the first key on the screen."""
    with running("#quiet") as (_, terminal):
        terminal.until(READY)
        terminal.type("Ω")
        return terminal.until("Ω") - terminal.began


def key_ms(terminal: Terminal) -> list[float]:
    """Type while the room is busy. Return the time of each key to the screen."""
    marks = itertools.cycle("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ")
    took = []
    pause_s = FLOOD_S / KEYS
    for mark, number in zip(marks, range(KEYS), strict=False):
        until = time.monotonic() + pause_s * (0.5 + number % 7 / 7)  # at a random time between two frames
        while (left_s := until - time.monotonic()) > 0:
            terminal.read(left_s)
        terminal._seen = b""
        typed = time.monotonic()
        terminal.type(mark)
        took.append((terminal.until(mark) - typed) * 1000)
        if number % 20 == 19:
            terminal.type("\x15")  # ^U: clear the line
    return took


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    starts = sorted(start_s() for _ in range(STARTS))
    with running("#busy") as (gateway, terminal):
        terminal.until(READY)
        assert gateway.stdin is not None
        gateway.stdin.write("go\n")
        terminal.until("user1")
        cpu, began = terminal.cpu_s(), time.monotonic()
        first = sorted(key_ms(terminal))
        memory = terminal.memory_mib()
        second = sorted(key_ms(terminal))
        busy = (terminal.cpu_s() - cpu) / (time.monotonic() - began)
        growth = terminal.memory_mib() - memory
    with running("#quiet") as (_, terminal):
        terminal.until(READY)
        terminal.type("/join #big\r")
        typed = time.monotonic()
        opened_ms = (terminal.until(f"{HISTORY - 1} the") - typed) * 1000
    took = sorted([*first, *second])
    print("| what | figure |\n|---|---|")
    print(f"| start to typing, median and worst of {STARTS} | {statistics.median(starts):.2f} s, {starts[-1]:.2f} s |")
    print(f"| key to screen at {RATE:,} messages/s: median | {statistics.median(took):.1f} ms |")
    print(f"| 95th percentile, worst of {len(took)} keys | {took[len(took) * 95 // 100]:.1f} ms, {took[-1]:.1f} ms |")
    print(f"| CPU of one core meanwhile | {busy:.0%} |")
    print(f"| memory after {FLOOD_S:.0f} s, growth over as many more | {memory:.0f} MiB, {growth:+.0f} MiB |")
    print(f"| /join of a room with {HISTORY:,} lines to its newest on the screen | {opened_ms:.0f} ms |")


if __name__ == "__main__":
    main()
