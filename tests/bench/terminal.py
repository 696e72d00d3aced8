"""The terminal client's speed, as the person at the keyboard feels it: on a pseudo terminal, a gateway made of paper.

    python -m tests.bench.terminal

Prints, as a table for docs/performance.md: from start to typing; from a key to the screen while RATE messages a second
arrive in the room that is in view, and the memory meanwhile; from /join to the newest messages of a room with HISTORY
lines.
"""

import contextlib
import fcntl
import itertools
import os
import pty
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from typing import Final

RATE: Final = 2_000  # messages a second
FLOOD_S: Final = 15.0
KEYS: Final = 150
STARTS: Final = 5
HISTORY: Final = 100_000
PAGE: Final = 100
ROWS, COLUMNS = 40, 120
DEADLINE_S: Final = 30.0
READY: Final = "ay something"  # of the empty prompt; on its first letter is the cursor
_BURSTS_A_SECOND: Final = 100
_FIRST: Final = 1_700_000_000.0  # when the history begins; one message a second
_WORDS: Final = ("the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "and", "goes", "on")
_CAPS: Final = "batch draft/chathistory echo-message labeled-response message-tags server-time"


def _said(number: int, room: str, at: float, tags: str = "") -> str:
    text = " ".join(_WORDS[: 3 + number % len(_WORDS)])
    time_tag = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z"
    return f"@time={time_tag};msgid={room}-{number}{tags} :user{number % 50}!u@h PRIVMSG {room} :{number} {text}\r\n"


class PaperGateway:
    """Speaks just enough to one client: registration, a room's members, pages of a made-up history, a flood."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.is_flooding = threading.Event()
        self.is_over = threading.Event()
        self.said = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while not self.is_over.is_set():
                client, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _send(self, client: socket.socket, text: str) -> None:
        with self._lock:
            client.sendall(text.encode())

    def _talk(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, client.makefile("rb") as lines:
            for line in lines:
                words = line.decode().split()
                label = next((word for word in words[0].removeprefix("@").split(";") if word.startswith("label=")), "")
                self._answer(client, words[1:] if words[0].startswith("@") else words, label)

    def _answer(self, client: socket.socket, words: list[str], label: str) -> None:
        match words:
            case ["CAP", "LS", *_]:
                self._send(client, f":gw CAP * LS :{_CAPS}\r\n")
            case ["CAP", "REQ", *caps]:
                self._send(client, f":gw CAP * ACK {' '.join(caps)}\r\n")
            case ["CAP", "END"]:
                self._send(client, f":gw 001 bench :Hi\r\n:gw 005 bench CHATHISTORY={PAGE} :are supported\r\n")
                self._send(client, ":gw 422 bench :No MOTD\r\n")
            case ["JOIN", room, *_]:
                members = " ".join(f"user{number}" for number in range(50))
                self._send(client, f":bench!u@h JOIN {room}\r\n:gw 353 bench = {room} :bench {members}\r\n")
                self._send(client, f":gw 366 bench {room} :End\r\n")
                if room == "#busy":
                    threading.Thread(target=self._flood, args=(client, room), daemon=True).start()
            case ["CHATHISTORY", _, room, reference, *_]:
                end = int(reference.rpartition("-")[2]) if reference.startswith("msgid=") else HISTORY
                numbers = range(max(end - PAGE, 0), end) if room == "#big" else ()
                page = "".join(_said(number, room, _FIRST + number, ";batch=h") for number in numbers)
                tag = f"@{label} " if label else ""
                self._send(client, f"{tag}:gw BATCH +h chathistory {room}\r\n{page}:gw BATCH -h\r\n")
            case ["PING", token, *_]:
                self._send(client, f":gw PONG gw {token}\r\n")

    def _flood(self, client: socket.socket, room: str) -> None:
        self.is_flooding.wait()
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while not self.is_over.is_set():
                due = int((time.monotonic() - began) * RATE)
                self._send(client, "".join(_said(number, room, time.time()) for number in range(self.said, due)))
                self.said = max(self.said, due)
                self.is_over.wait(1 / _BURSTS_A_SECOND)

    def close(self) -> None:
        self.is_over.set()
        self.is_flooding.set()
        self._listener.close()


class Terminal:
    """The program on a pseudo terminal; what it writes is read at once, as a fast terminal does."""

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
            },
        )
        os.close(slave)
        self._seen = b""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, text: str) -> float:
        """Read until a text was written; gives the time of that."""
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
def running(room: str) -> Iterator[tuple[PaperGateway, Terminal]]:
    gateway = PaperGateway()
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal(gateway.address, room, home)
        try:
            yield gateway, terminal
        finally:
            terminal.close()
            gateway.close()


def start_s() -> float:
    """From the start of the process to the first key on the screen."""
    with running("#quiet") as (_, terminal):
        terminal.until(READY)
        terminal.type("Ω")
        return terminal.until("Ω") - terminal.began


def key_ms(gateway: PaperGateway, terminal: Terminal) -> list[float]:
    """Type while the room is busy; how long each key took to the screen."""
    marks = itertools.cycle("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ")
    took = []
    pause_s = FLOOD_S / KEYS
    for mark, number in zip(marks, range(KEYS), strict=False):
        until = time.monotonic() + pause_s * (0.5 + number % 7 / 7)  # at no fixed place between two frames
        while (left_s := until - time.monotonic()) > 0:
            terminal.read(left_s)
        terminal._seen = b""
        typed = time.monotonic()
        terminal.type(mark)
        took.append((terminal.until(mark) - typed) * 1000)
        if number % 20 == 19:
            terminal.type("\x15")  # ^U: an empty line again
    return took


def main() -> None:
    starts = sorted(start_s() for _ in range(STARTS))
    with running("#busy") as (gateway, terminal):
        terminal.until(READY)
        gateway.is_flooding.set()
        terminal.until("user1")
        cpu, began = terminal.cpu_s(), time.monotonic()
        first = sorted(key_ms(gateway, terminal))
        memory = terminal.memory_mib()
        second = sorted(key_ms(gateway, terminal))
        busy = (terminal.cpu_s() - cpu) / (time.monotonic() - began)
        growth = terminal.memory_mib() - memory
        said = gateway.said
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
    print(f"| memory after {said // 2:,} messages, growth over as many more | {memory:.0f} MiB, {growth:+.0f} MiB |")
    print(f"| /join of a room with {HISTORY:,} lines to its newest on the screen | {opened_ms:.0f} ms |")


if __name__ == "__main__":
    main()
