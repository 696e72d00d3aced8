"""The Redis of a simulated network: the server, the faults of its connections, and a record of everything it stored.

The record is for the checker: every entry that was ever appended, even if the server has lost or trimmed it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from gateway.logs.scripts import APPEND
from tests.simulation.agenda import Agenda
from tests.simulation.server import Connection, SimulatedServer
from tests.simulation.sockets import LinkSocket
from tests.simulation.store import Store, StreamId, key_of

if TYPE_CHECKING:
    from tests.simulation.gateways import Node

STARTED_US = 1_700_000_000_000_000
_APPEND = APPEND.sha.encode()


@dataclass(slots=True)
class Record:
    """An appended entry. ``lost_in``: the index of the loss of data that took it; trimming does not count."""

    number: int
    at: float
    log: bytes
    id: StreamId
    origin: bytes
    payload: bytes
    lost_in: int | None = None


@dataclass(slots=True)
class Base:
    """A written snapshot. ``number``: how many entries had been appended before."""

    number: int
    log: bytes
    epoch: str
    id: StreamId
    text: str
    lost_in: int | None = None

    @property
    def is_of_seed(self) -> bool:
        """Whether its epoch was created by a seed. The first base of such an epoch is the seeded state."""
        _, born, made, _ = self.epoch.split(":")
        return born != made


@dataclass(slots=True)
class Loss:
    """A loss of all data, or of the newest. ``number``: how many entries had been appended before."""

    number: int
    at: float
    is_all: bool


class RecordingStore(Store):
    """A store that records every entry and base, and reports forbidden changes as faults."""

    def __init__(self, agenda: Agenda) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.bases: list[Base] = []
        self.losses: list[Loss] = []
        self.faults: list[str] = []
        self._agenda = agenda
        self.offset_us = STARTED_US

    def tick(self) -> None:
        """Set the server's clock by virtual time and by the offset, which a step of the plan may have set back."""
        self.now_us = self.offset_us + int(self._agenda.now * 1_000_000)

    def advance(self, us: int) -> None:
        self.offset_us += us
        self.tick()
        super().advance(0)

    def xadd(self, key: bytes, entry_id: bytes, *fields: bytes) -> bytes:
        added = super().xadd(key, entry_id, *fields)
        record = Record(len(self.records), self._agenda.now, key, key_of(added), fields[1], fields[3])
        self.records.append(record)
        return added

    def xtrim(self, key: bytes, strategy: bytes, *threshold: bytes) -> int:
        base = self.get(key.removesuffix(b":log") + b":base")
        if strategy == b"MINID" and base is not None and key_of(threshold[-1]) > _position(base)[1]:
            self.faults.append(f"{key.decode()} was trimmed past its base")
        return super().xtrim(key, strategy, *threshold)

    def set(self, key: bytes, value: bytes) -> str:
        if key.endswith(b":base"):
            self._note_base(key, value)
        return super().set(key, value)

    def _note_base(self, key: bytes, value: bytes) -> None:
        (epoch, at), old = _position(value), self.get(key)
        if old is not None:
            old_epoch, old_at = _position(old)
            if epoch == old_epoch and at <= old_at:
                self.faults.append(f"{key.decode()} went back from {old_at} to {at}")
        log, text = key.removesuffix(b":base") + b":log", value.partition(b"\n")[2].decode()
        self.bases.append(Base(len(self.records), log, epoch.decode(), at, text))

    def save(self) -> Any:
        lost = [one.lost_in for one in self.records], [one.lost_in for one in self.bases]
        return *lost, super().save()

    def restore(self, saved: Any) -> None:
        records, bases, data = saved
        self._lose(len(records), len(bases), is_all=False)
        for record, lost_in in zip(self.records, records, strict=False):
            record.lost_in = lost_in  # what was lost since then is restored
        for base, lost_in in zip(self.bases, bases, strict=False):
            base.lost_in = lost_in
        super().restore(data)

    def wipe(self) -> None:
        self._lose(0, 0, is_all=True)
        super().wipe()

    def _lose(self, records: int, bases: int, *, is_all: bool) -> None:
        for record in self.records[records:]:
            record.lost_in = len(self.losses) if record.lost_in is None else record.lost_in
        for base in self.bases[bases:]:
            base.lost_in = len(self.losses) if base.lost_in is None else base.lost_in
        self.losses.append(Loss(len(self.records), self._agenda.now, is_all))


def _position(base: bytes) -> tuple[bytes, StreamId]:
    _, epoch, at = base.partition(b"\n")[0].split(b" ")
    return epoch, key_of(at)


@dataclass(slots=True)
class Trap:
    """A fault at a connection's next append. ``how``: see `RedisHost.arm`."""

    how: str
    late_s: float


class RedisHost:
    """The server and the network between it and the lanes."""

    def __init__(self, agenda: Agenda, random: Random, replies_first: bool) -> None:
        self.agenda = agenda
        self.store = RecordingStore(agenda)
        self.server = SimulatedServer(replies_first, self.store)
        self.is_down = False
        self.saved: Any = None
        self._random = random
        self._nodes: dict[Connection, Node] = {}
        self._due: dict[Connection, None] = {}
        self._held: dict[Connection, None] = {}
        self._traps: dict[Node, Trap] = {}

    @property
    def is_answering(self) -> bool:
        return not self.is_down and not self.server.is_stalled

    def connect(self, node: "Node") -> LinkSocket | None:
        if self.is_down:
            return None
        connection = self.server.accept()
        self._nodes[connection] = node
        return LinkSocket(connection, node.random, self._sent)

    # -- the way there and back -----------------------------------------------------------------------

    def _sent(self, connection: Connection) -> None:
        if connection not in self._due:
            self._due[connection] = None
            self.agenda.after(self._random.uniform(0.0001, 0.001), lambda: self._serve(connection))

    def _serve(self, connection: Connection) -> None:
        self._due.pop(connection, None)
        if connection in self._held or not connection.is_open:
            return
        node = self._nodes[connection]
        trap = self._traps.get(node)
        at = next((n for n, words in enumerate(connection.requests) if words[1:2] == [_APPEND]), None)
        if trap is not None and at is not None and not connection.is_abandoned:
            self._spring(self._traps.pop(node), node, connection, at)
        else:
            self.store.tick()
            self.server.serve(connection)
        self.published()

    def _spring(self, trap: Trap, node: "Node", connection: Connection, at: int) -> None:
        """Break the connection at an append: before it runs, after it ran, or so that it runs late."""
        self.store.tick()
        self.server.serve(connection, at + (trap.how == "after"))
        if trap.how == "before":
            connection.requests.clear()
        elif trap.how == "late":
            self._held[connection] = None
            self.agenda.after(trap.late_s, lambda: self._release(connection))
        self._cut(node)

    def _release(self, connection: Connection) -> None:
        self._held.pop(connection, None)
        self._sent(connection)

    def published(self) -> None:
        """Schedule a turn of every lane to which the server has sent something."""
        for connection, node in list(self._nodes.items()):
            if not connection.is_open and not connection.replies:
                del self._nodes[connection]
            if connection.replies and not connection.is_abandoned:
                node.look_soon()

    # -- what may happen ------------------------------------------------------------------------------

    def arm(self, node: "Node", how: str, late_s: float) -> None:
        """Break a lane's connection at its next append.

        ``how``: before it runs, after it ran, or late (it runs when the lane has given the connection up).
        """
        self._traps[node] = Trap(how, late_s)

    def cut(self, node: "Node", is_all_lost: bool) -> None:
        """Break the connection now. Commands on their way are lost, or still run."""
        if node.link is not None:
            if is_all_lost:
                node.link.connection.requests.clear()
            self._cut(node)

    def _cut(self, node: "Node") -> None:
        if node.link is not None:
            node.link.is_reset = True
            node.look_soon()

    def overflow(self, node: "Node", delivered: int) -> None:
        """Let the server close the connection, as after an overflow of its output buffer."""
        if node.link is not None and node.link.connection.is_open:
            self.server.end(node.link.connection, delivered)
            node.look_soon()

    def lag(self, node: "Node", seconds: float, *, is_outward: bool) -> None:
        """Delay one direction of a lane's connection."""
        link = node.link
        if link is None:
            return
        if is_outward:
            self._held[link.connection] = None
            self.agenda.after(seconds, lambda: self._release(link.connection))
        else:
            link.is_held = True
            self.agenda.after(seconds, lambda: self._let_through(node, link))

    def _let_through(self, node: "Node", link: LinkSocket) -> None:
        link.is_held = False
        node.look_soon()

    def deafen(self, node: "Node", messages: int) -> None:
        if node.link is not None:
            node.link.connection.deaf = messages

    def stall(self, seconds: float) -> None:
        self.server.is_stalled = True
        self.agenda.after(seconds, self._go_on)

    def _go_on(self) -> None:
        self.server.is_stalled = False
        for connection in list(self.server.connections.values()):
            self._sent(connection)

    def restart(self, down_s: float, before: Callable[[], None] = lambda: None) -> None:
        """Stop the server and start it again after a while. ``before`` changes the data in between."""
        self.is_down = True
        self.server.restart()
        before()
        self._held.clear()
        self._look_all()
        self.agenda.after(down_s, self._up)

    def _up(self) -> None:
        self.is_down = False

    def _look_all(self) -> None:
        for node in dict.fromkeys(self._nodes.values()):
            node.look_soon()

    def set_clock(self, by_s: float) -> None:
        self.store.offset_us += int(by_s * 1_000_000)

    def replicate(self) -> None:
        """Save the state that a lagging replica, or the disk, has."""
        self.saved = self.store.save()

    def fall_back(self) -> None:
        if self.saved is not None:
            self.store.restore(self.saved)
            self.saved = None

    def wipe(self) -> None:
        """Delete all data, of replicas and disks too."""
        self.saved = None
        self.store.wipe()

    def heal(self) -> None:
        self.is_down = False
        self._traps.clear()
        for connection in list(self._held):
            self._release(connection)
        for connection, node in self._nodes.items():
            connection.deaf = 0
            if node.link is not None and node.link.is_held:
                self._let_through(node, node.link)
        self._go_on()
