"""IRC clients of the tests, on plain sockets, all driven by one loop in the test's own thread."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence

Address = tuple[str, int]

ROOM = "#e2e"
LIMIT_S = 30.0


class Chatter:
    """One registered user in one room. It stores the messages that it receives there, its own echoes included."""

    def __init__(self, address: Address, nick: str, *, echo: bool = True) -> None:
        self.nick = nick
        self.lines: list[str] = []
        self.heard: list[tuple[str, str]] = []  # (nick, text) of the room's messages, in order
        self.acknowledged = 0  # of its own messages, in order: those whose echo came
        self.sent = 0
        self.is_open = True
        self._partial = b""
        self._socket = socket.create_connection(address, timeout=LIMIT_S)
        # With znc.in/playback the gateway sends no earlier messages after the JOIN.
        self.send(f"CAP REQ :{'echo-message ' if echo else ''}znc.in/playback", "CAP END")
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.await_line(" 001 ")
        self.send(f"JOIN {ROOM}")
        self.await_line(" 366 ")

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self.is_open = False
        self._socket.close()

    def send(self, *lines: str) -> None:
        try:
            self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())
        except ConnectionError:
            self.close()

    def say_next(self) -> None:
        """Send the next numbered message."""
        self.send(f"PRIVMSG {ROOM} :{self.sent}")
        self.sent += 1

    def await_line(self, part: str, limit_s: float = LIMIT_S) -> str:
        """Return the first unread line that contains `part`."""
        start = len(self.lines)
        pump([self], lambda: any(part in line for line in self.lines[start:]), limit_s)
        return next(line for line in self.lines[start:] if part in line)

    def barrier(self) -> None:
        """Send PING and wait for the PONG. It is a barrier: all earlier messages have come then."""
        token = f"barrier{len(self.lines)}"
        self.send(f"PING {token}")
        self.await_line(token)

    def receive(self) -> None:
        """Read what the socket has."""
        try:
            data = self._socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.close()
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._take(line.decode().rstrip("\r"))

    def _take(self, line: str) -> None:
        self.lines.append(line)
        words = line.split(" ", 3)
        if words[0] == "PING":
            self.send(f"PONG {words[1]}")
        elif words[1:3] == ["PRIVMSG", ROOM]:
            nick = words[0][1:].split("!")[0]
            self.heard.append((nick, words[3].removeprefix(":")))
            self.acknowledged += nick == self.nick


def pump(chatters: Sequence[Chatter], until: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    """Let all of them receive until a condition holds. Fail after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    with selectors.DefaultSelector() as selector:
        for chatter in chatters:
            if chatter.is_open:
                selector.register(chatter.fileno(), selectors.EVENT_READ, chatter)
        while not until():
            assert time.monotonic() < deadline, _standing(chatters)
            for key, _ in selector.select(timeout=0.1):
                if not key.data.is_open:  # closed meanwhile by a failed send
                    selector.unregister(key.fd)
                    continue
                key.data.receive()
                if not key.data.is_open:
                    selector.unregister(key.fd)


def talk(chatters: Sequence[Chatter], count: int, meanwhile: Callable[[], bool] = lambda: True) -> None:
    """Let each send `count` more messages, at most four unconfirmed, and more until `meanwhile` holds."""
    goals = {chatter: chatter.sent + count for chatter in chatters}

    def finished() -> bool:
        is_over = meanwhile()
        for chatter in chatters:
            while chatter.is_open and chatter.sent - chatter.acknowledged < 4:
                if is_over and chatter.sent >= goals[chatter]:
                    break
                chatter.say_next()
        return is_over and all(
            not chatter.is_open or (chatter.sent >= goals[chatter] and chatter.acknowledged == chatter.sent)
            for chatter in chatters
        )

    pump(chatters, finished, 3 * LIMIT_S)


def assert_all_heard_the_same(chatters: Sequence[Chatter]) -> None:
    """Check one order and no duplicates: every transcript equals the first one from the owner's JOIN on."""
    for chatter in chatters:
        chatter.barrier()
        twice = [message for message, times in Counter(chatter.heard).items() if times > 1]
        assert not twice, f"{chatter.nick} heard twice: {twice[:5]}"
    longest = max((chatter.heard for chatter in chatters), key=len)
    for chatter in chatters:
        missed = set(longest) - set(chatter.heard)
        assert not missed, f"{chatter.nick} missed {len(missed)}: {sorted(missed)[:5]}"
        assert chatter.heard == longest, f"{chatter.nick} heard another order"


def _standing(chatters: Sequence[Chatter]) -> str:
    return "not in time: " + "; ".join(
        f"{chatter.nick} {'open' if chatter.is_open else 'closed'}, {chatter.acknowledged} of {chatter.sent}"
        f" acknowledged, {len(chatter.heard)} heard, last {chatter.lines[-1:]}"
        for chatter in chatters
    )
