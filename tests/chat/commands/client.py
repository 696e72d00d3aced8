"""Clients of one lane in memory, for the scripts of commands: a line in, the replies out, in virtual time."""

from collections.abc import Callable

from tests.fuzz.lanes import World
from tests.fuzz.wires import ClientSocket

CAPS = (
    "echo-message message-tags batch labeled-response standard-replies server-time multi-prefix setname away-notify "
    "account-notify extended-join invite-notify chghost cap-notify extended-monitor draft/chathistory "
    "draft/message-redaction draft/multiline draft/read-marker"
)
LIMIT_S = 120.0
"""In virtual time, flood control included."""
REPLIES_S = 3.0
"""Long enough for the replies to a client that cannot send PING: in plain text, or before registration."""


class Client:
    """One client; ``kind``: capabilities to request, "unregistered" or "text"."""

    def __init__(self, world: World, nick: str, kind: str) -> None:
        self._world = world
        self._socket: ClientSocket = world.client()
        self._rest = b""
        self._pings = 0
        self._has_ping = kind not in ("text", "unregistered")
        if kind == "text":
            self.do(nick)
        elif kind != "unregistered":
            requests = [f"CAP REQ :{cap}" for cap in kind.split()]
            self.do("CAP LS 302", *requests, f"NICK {nick}", f"USER {nick} 0 * :{nick}", "CAP END")

    def do(self, *lines: str) -> list[str]:
        """Send lines; return everything up to the PONG of a PING after them, or up to the end of the connection."""
        self._socket.inbound += "".join(f"{line}\r\n" for line in lines).encode()
        if not self._has_ping:
            end_s = self._world.time_s + REPLIES_S
            return self._read(lambda _line: False, lambda: self._world.time_s >= end_s)
        self._pings += 1
        pong = f" PONG irc.fuzz :p{self._pings}"
        self._socket.inbound += f"PING :p{self._pings}\r\n".encode()
        found = self._read(lambda line: pong in line, lambda: False)
        return [line for line in found if pong not in line]

    def _read(self, is_last: Callable[[str], bool], is_over: Callable[[], bool]) -> list[str]:
        found: list[str] = []
        limit_s = self._world.time_s + LIMIT_S
        while not any(map(is_last, found)) and not is_over():
            assert self._world.time_s < limit_s, found
            self._world.time_s += 0.05
            self._world.turn()
            *lines, self._rest = (self._rest + self._socket.read()).split(b"\n")
            found += [line.rstrip(b"\r").decode() for line in lines]
            if self._socket.is_closed:
                break
        return found
