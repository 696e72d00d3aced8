"""A simulated gateway. It answers the minimum to one client, generates a history, and floods a room.

    python -m tests.bench.paper_gateway        prints its address; a line on its standard input begins the flood of
                                               RATE messages a second in #busy; its end ends it

A separate process, so that the measuring process does nothing else.
"""

import argparse
import contextlib
import socket
import sys
import threading
import time
from typing import Final

RATE: Final = 2_000  # messages per second
HISTORY: Final = 100_000  # messages in the history of #big
PAGE: Final = 100
_BURSTS_A_SECOND: Final = 100
_FIRST: Final = 1_700_000_000.0  # the begin of the history; one message per second
_WORDS: Final = ("the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "and", "goes", "on")
_CAPS: Final = "batch draft/chathistory echo-message labeled-response message-tags server-time"


def _said(number: int, room: str, at: float, tags: str = "") -> str:
    text = " ".join(_WORDS[: 3 + number % len(_WORDS)])
    time_tag = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z"
    return f"@time={time_tag};msgid={room}-{number}{tags} :user{number % 50}!u@h PRIVMSG {room} :{number} {text}\r\n"


class PaperGateway:
    """Registration, a room's members, pages of history, a flood."""

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


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    gateway = PaperGateway()
    print(gateway.address, flush=True)
    if sys.stdin.readline():
        gateway.is_flooding.set()
        sys.stdin.read()
    gateway.close()


if __name__ == "__main__":
    main()
