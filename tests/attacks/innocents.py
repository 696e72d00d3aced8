"""Innocent users of the gateway, in a separate process, so that the work of an attack does not delay them.

Each sends a PING and a message to their room once a second. They measure how long the PONG takes,
and how long until each of the others has the message. Controlled over a pipe: `BEGIN` deletes the
measurements, `END` stops and returns them.
"""

import multiprocessing
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

USERS = 12
INTERVAL_S = 1.0
LAST_ANSWERS_S = 20.0
"""The wait for answers after the attack. An answer that is missing then took at least this long."""
BEGIN, END = "begin", "end"
ROOM = "#innocents"


@dataclass(slots=True)
class Felt:
    """What the innocent users measured, in seconds."""

    pings: list[float] = field(default_factory=list)
    messages: list[float] = field(default_factory=list)
    cut: int = 0
    """Users whose connection the gateway closed."""


class _User:
    def __init__(self, port: int, number: int) -> None:
        self.nick = f"innocent{number}"
        self.socket = socket.create_connection(("127.0.0.1", port), 20.0)
        header = f"PROXY TCP4 203.0.113.{number + 1} 192.0.2.1 40000 6667\r\n"
        self.socket.sendall(f"{header}NICK {self.nick}\r\nUSER u 0 * :u\r\nJOIN {ROOM}\r\n".encode())
        self.buffer = b""
        self.awaited: dict[str, float] = {}  # what this user waits for: "" and a count for a PONG -> since when
        self.next_at = time.monotonic() + number * INTERVAL_S / USERS
        self.count = 0
        self.is_in = False


def run(port: int, pipe: Connection) -> None:
    """Run the process of the innocent users until `END` comes over the pipe."""
    crowd = _Crowd(port)
    if not crowd.serve_until(lambda: all(user.is_in for user in crowd.users), time.monotonic() + 20.0):
        pipe.send(None)
        return
    pipe.send(Felt())
    while True:
        crowd.serve(0.02)
        if pipe.poll():
            if pipe.recv() == END:
                break
            crowd.felt = Felt()
            crowd.begin_at = time.monotonic()
    crowd.is_ending = True
    crowd.serve_until(lambda: not any(user.awaited for user in crowd.users), time.monotonic() + LAST_ANSWERS_S)
    crowd.give_up()
    pipe.send(crowd.felt)


class _Crowd:
    def __init__(self, port: int) -> None:
        self.felt = Felt()
        self.begin_at = time.monotonic()
        self.is_ending = False
        self._selector = selectors.DefaultSelector()
        self.users = [_User(port, number) for number in range(USERS)]
        for user in self.users:
            self._selector.register(user.socket, selectors.EVENT_READ, user)

    def serve_until(self, is_done: Callable[[], bool], deadline: float) -> bool:
        while not is_done() and time.monotonic() < deadline:
            self.serve(0.02)
        return is_done()

    def serve(self, wait_s: float) -> None:
        for key, _ in self._selector.select(wait_s):
            self._read(key.data)
        now = time.monotonic()
        for user in self.users:
            if user.is_in and not self.is_ending and now >= user.next_at:
                user.next_at += INTERVAL_S
                self._speak(user)

    def _speak(self, user: _User) -> None:
        user.count += 1
        text = f"{user.nick}-{user.count}"
        now = time.monotonic()
        user.awaited[f"PONG {text}"] = now
        for other in self.users:
            if other is not user and other.is_in:
                other.awaited[text] = now
        user.socket.sendall(f"PING {text}\r\nPRIVMSG {ROOM} :{text}\r\n".encode())

    def _read(self, user: _User) -> None:
        try:
            data = user.socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._lose(user)
        *lines, user.buffer = (user.buffer + data).split(b"\n")
        for line in lines:
            self._line(user, line.decode().rstrip("\r"))

    def _line(self, user: _User, line: str) -> None:
        head, _, text = line.partition(" :")
        if line.startswith("PING"):
            user.socket.sendall(f"PONG :{text}\r\n".encode())
        elif " 366 " in head:
            user.is_in = True
        elif " PONG " in f"{head} " or " PRIVMSG " in head:
            is_pong = " PRIVMSG " not in head
            since = user.awaited.pop(f"PONG {text}" if is_pong else text, None)
            if since is not None and since >= self.begin_at:
                (self.felt.pings if is_pong else self.felt.messages).append(time.monotonic() - since)

    def _lose(self, user: _User) -> None:
        self._selector.unregister(user.socket)
        self.felt.cut += 1
        user.is_in = False
        user.awaited.clear()

    def give_up(self) -> None:
        """Count each answer that is still missing as one that took until now."""
        now = time.monotonic()
        for user in self.users:
            for what, since in user.awaited.items():
                (self.felt.pings if what.startswith("PONG ") else self.felt.messages).append(now - since)


class Innocents:
    """The process of the innocent users, from outside."""

    def __init__(self, port: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(port, theirs), daemon=True)
        self._process.start()
        theirs.close()
        assert self._pipe.recv() is not None, "the innocent users could not join their room"

    def begin(self) -> None:
        self._pipe.send(BEGIN)

    def end(self) -> Felt:
        self._pipe.send(END)
        felt: Felt = self._pipe.recv()
        self._process.join()
        return felt

    def close(self) -> None:
        self._pipe.close()
        self._process.terminate()
        self._process.join()
