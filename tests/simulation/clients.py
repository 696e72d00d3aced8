"""Scripted IRC and plain-text clients. Each records its whole transcript, which is the evidence of the checker.

A client reconnects by itself through any gateway, and joins its rooms again. It knows nothing of lanes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.gateways import Node
    from tests.simulation.network import Network
    from tests.simulation.sockets import ClientSocket

TRIES = 50
CHUNKED_SENDS = 0.2


@dataclass(frozen=True, slots=True)
class Sent:
    """A sent line, its time, and the number of lines read by then. ``token``: the mark of a message, or ''."""

    at: float
    seen: int
    line: str
    token: str


class SimulatedConnection:
    """One connection of a client, from its first byte to its end."""

    def __init__(self, client: "Client", node: "Node") -> None:
        self.client = client
        self.node = node
        self.address = f"host{client.number}"
        self.caps = client.caps
        self.is_text = client.is_text
        self.nick = ""
        self.sids: list[str] = []
        self.lines: list[tuple[float, str]] = []
        self.sent: list[Sent] = []
        self.is_registered = False
        self.is_over = False
        self.began_at = client.agenda.now
        self.ended_at: float | None = None
        self._buffer = b""
        self.end: ClientSocket = node.accept(self)

    @property
    def name(self) -> str:
        return f"{self.client.name}/{self.client.connections.index(self)}"

    def received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            text = line.rstrip(b"\r").decode()
            self.lines.append((self.client.agenda.now, text))
            self.client.on_line(self, text)

    def send(self, line: str, token: str = "") -> None:
        self.sent.append(Sent(self.client.agenda.now, len(self.lines), line, token))
        data, random = f"{line}\r\n".encode(), self.client.random
        if random.random() < CHUNKED_SENDS:
            cut = random.randrange(1, len(data))
            self.end.arrive(data[:cut], random.uniform(0.0, 0.002))
            data = data[cut:]
        self.end.arrive(data, random.uniform(0.0, 0.002))

    def over(self, _why: str) -> None:
        """Note the end of the connection: nothing more is read or sent."""
        if not self.is_over:
            self.is_over = True
            self.ended_at = self.client.agenda.now
            self.client.lost(self)


class Client:
    """One user who connects again and again. Actions wait until the client is registered."""

    def __init__(self, network: "Network", number: int, caps: tuple[str, ...], is_text: bool) -> None:
        self.number = number
        self.name = f"c{number}"
        self.network = network
        self.agenda = network.agenda
        self.random = Random(f"{network.seed} {self.name}")
        self.caps = caps
        self.is_text = is_text
        self.connections: list[SimulatedConnection] = []
        self.connection: SimulatedConnection | None = None
        self.is_wanted = False
        self.wished_nick = f"nick{number}"
        self.rooms: dict[str, str] = {}  # rooms that the client wants to be in -> key
        self._waiting: list[Callable[[SimulatedConnection], None]] = []

    @property
    def nick(self) -> str:
        return self.connection.nick if self.connection is not None and self.connection.nick else self.wished_nick

    # -- coming and going -----------------------------------------------------------------------------

    def connect(self, node: "Node | None" = None) -> None:
        """Connect to this lane if it is ready, otherwise to any that is; try again later if none is."""
        self.is_wanted = True
        if self.connection is not None:
            return
        if node is None or not node.is_ready:
            node = self.network.some_node(self.random)
        if node is None:
            self._come_back()
            return
        connection = self.connection = SimulatedConnection(self, node)
        self.connections.append(connection)
        connection.nick = self.wished_nick
        if self.is_text:
            connection.send(connection.nick)
        else:
            if self.caps:
                connection.send(f"CAP REQ :{' '.join(self.caps)}")
            connection.send(f"NICK {connection.nick}")
            connection.send(f"USER u{self.number} 0 * :real {self.number}")
            if self.caps:
                connection.send("CAP END")

    def _come_back(self) -> None:
        if len(self.connections) < TRIES:
            self.agenda.after(self.random.uniform(0.02, 0.6), lambda: self.connect() if self.is_wanted else None)

    def leave(self, how: str) -> None:
        """Disconnect. ``how``: quit, close (shut down the sending side) or reset."""
        connection, self.is_wanted = self.connection, False
        if connection is None:
            return
        if how == "quit":
            connection.send("/quit" if self.is_text else "QUIT :bye")
        elif how == "close":
            connection.end.arrive(b"", 0.0)
        else:
            self.reset()

    def reset(self) -> None:
        """Break the connection; what is on its way is lost."""
        connection = self.connection
        if connection is not None:
            connection.end.reset()
            connection.over("reset")

    def lost(self, connection: SimulatedConnection) -> None:
        if self.connection is connection:
            self.connection = None
            if self.is_wanted:
                self._come_back()

    # -- talking --------------------------------------------------------------------------------------

    def do(self, act: Callable[[SimulatedConnection], None]) -> None:
        """Act as soon as the client is registered."""
        if self.connection is not None and self.connection.is_registered:
            act(self.connection)
        else:
            self._waiting.append(act)

    def on_line(self, connection: SimulatedConnection, line: str) -> None:
        """React to a line without a step of the plan: registration, PONG, the own nick."""
        if connection.is_text:
            self._read_text(connection, line)
            return
        rest = line.partition(" ")[2] if line.startswith("@") else line
        if rest.startswith("PING "):
            connection.send(f"PONG {rest[5:]}")
            return
        words = rest.split(" ")
        if len(words) < 3:
            return
        if words[1] == "001":
            connection.nick = words[2]
            self._registered(connection)
        elif words[1] == "NOTICE" and " :NICK " in rest and " failed: " in rest and not connection.is_registered:
            connection.send(f"NICK {connection.nick}")
        elif words[1] == "433" and not connection.is_registered:
            connection.nick = f"{self.wished_nick}_{self.random.randrange(100)}"
            connection.send(f"NICK {connection.nick}")
        elif words[1] == "NICK" and words[0][1:].partition("!")[0] == connection.nick:
            connection.nick = words[2].removeprefix(":")

    def _read_text(self, connection: SimulatedConnection, line: str) -> None:
        if connection.is_registered:
            return
        if line.startswith("* Welcome, "):
            connection.nick = line.removeprefix("* Welcome, ").partition(".")[0]
            self._registered(connection)
        elif " is taken. " in line:
            connection.nick = f"{self.wished_nick}_{self.random.randrange(100)}"
            connection.send(connection.nick)
        elif line.startswith("* NICK ") and " failed: " in line:
            connection.send(connection.nick)  # do not wait for the registration limit of a minute

    def _registered(self, connection: SimulatedConnection) -> None:
        connection.is_registered = True
        for room, key in self.rooms.items():
            self.join(connection, room, key)
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act(connection)

    def join(self, connection: SimulatedConnection, room: str, key: str) -> None:
        if connection.is_text:
            connection.send(f"/join {room}")
        else:
            connection.send(f"JOIN {room} {key}".rstrip())
            connection.send(f"MODE {room}")  # the modes are part of the client's view
