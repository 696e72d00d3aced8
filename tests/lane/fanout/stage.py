"""The fan-out of a lane with clients on connections that keep what is written, and no Redis."""

from typing import Any
from unittest.mock import Mock

from gateway.chat import events
from gateway.chat.capabilities import SERVER_TIME
from gateway.chat.effects import Effects
from gateway.chat.events import Entry
from gateway.chat.session import Session
from gateway.lane.clients.client import Client, Clients
from gateway.lane.clients.dialects import IRC
from gateway.lane.fanout.detached import DetachedMembers
from gateway.lane.fanout.messages import Fanout
from gateway.lane.fanout.outboxes import Outboxes
from gateway.lane.fanout.state_changes import StateChanges
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.rooms.local_room import LocalRoom
from gateway.logs.in_flight import PendingEvent
from tests.chat.log import START_MS, sid_of, source_of

OWN_LANE, OTHER_LANE = "gwa.0", "gwb.0"
"""Sessions of nicks that begin with "a" are the lane's own (tests.chat.log.sid_of)."""


class Connection:
    """Keeps what is written to it."""

    is_open = True
    is_closing = False

    def __init__(self) -> None:
        self.out: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.out.append(data)


class Stage:
    """A lane in some rooms; ``append`` applies an entry and returns nothing: ``lines`` says what clients got."""

    def __init__(self) -> None:
        self.clients = Clients()
        self.users = VisibleUsers()
        self.listener = Mock(**{"current_sid.side_effect": lambda sid: sid})
        self.finished: list[Any] = []
        self.pendings: list[PendingEvent] | None = None
        self.log_writer = log_writer = Mock(**{"acknowledge.side_effect": lambda _name, _origin: self.pendings})
        outboxes = Outboxes([])
        self.changes = StateChanges(OWN_LANE, self.clients, self.users, outboxes, self.listener)
        self.detached = DetachedMembers(self.users, self.changes, self.listener)
        self.fanout = Fanout(
            OWN_LANE,
            self.clients,
            self.users,
            log_writer,
            outboxes,
            self.changes,
            self.listener,
            lambda pending, outcome: self.finished.append((pending.line, outcome)),
        )
        self.rooms: dict[str, LocalRoom] = {}
        self.at_ms = START_MS

    def client(self, nick: str, caps: int = 0) -> Client:
        client = Client(Connection(), IRC, None, 0.0)  # type: ignore[arg-type]
        session = Session(sid_of(nick), "irc.test", client, "::1", "host", 0.0)
        session.nick = session.user = nick
        session.token, session.caps, session.is_registered = "100", caps, True
        client.session = session
        self.clients[session.sid] = client
        return client

    def room(self, name: str) -> LocalRoom:
        if name not in self.rooms:
            self.rooms[name] = LocalRoom(name, Mock(), Mock())
        return self.rooms[name]

    def append(self, name: str, *batch: tuple[str, str], own: bool = False, label: str = "") -> Effects:
        """An entry of another lane, or of the lane's own, whose events then are ``pendings``, with this label."""
        self.at_ms += 1
        origin = f"{OWN_LANE if own else OTHER_LANE}:{self.at_ms}"
        entry: Entry = events.decode(f"{self.at_ms}-0", origin, events.encode(batch))
        self.pendings = [PendingEvent(sid, line, label) for sid, line in batch] if own else None
        followed = self.room(name)
        effects = followed.room.apply(entry)
        self.fanout.entry(followed, entry, effects)
        return effects

    def join(self, name: str, *nicks: str, **facts: str | int) -> None:
        for nick in nicks:
            known: dict[str, str | int] = {"token": 100, "seen": f"{self.at_ms}-0"}
            self.append(name, (sid_of(nick), events.joined(source_of(nick), name, f"Real {nick}", known | facts)))

    def do(self, name: str, nick: str, line: str, *, own: bool = False) -> None:
        self.append(name, (sid_of(nick), line), own=own)

    def say(self, name: str, *nicks: str, own: bool = False) -> None:
        lines = [(sid_of(nick), events.said(source_of(nick), "PRIVMSG", name, f"by {nick}")) for nick in nicks]
        self.append(name, *lines, own=own)


def lines(client: Client) -> list[str]:
    """Take the lines that a client was sent, without server-time."""
    connection: Any = client.connection
    data = b"".join(connection.out)
    connection.out.clear()
    found = data.decode().splitlines()
    return [line.partition(" ")[2] if client.session.caps & SERVER_TIME and line[0] == "@" else line for line in found]
