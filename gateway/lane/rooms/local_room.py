"""The rooms of a lane: opened when a client joins or asks for one, followed for a while after all clients have left.

Owns which clients of the lane are in which room. The rooms' logs are read and written by gateway.logs. Runs on the
lane's thread.
"""

from collections.abc import Callable
from functools import partial

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort, ignore
from gateway.chat.effects import Effects
from gateway.chat.events import Entry
from gateway.chat.room import Room
from gateway.lane.clients.client import Client
from gateway.logs.room_replica import LogAccess, RoomReplica
from gateway.net.connection import ClientConnection

LINGER_S = 75.0  # so that orphaned members are looked for twice in a room that lets nobody in


class LocalRoom(RoomReplica):
    """A room that this lane follows, and the clients of this lane that are in it."""

    __slots__ = ("_rooms", "audience", "clients", "deliver", "detached", "idle_since", "waiting")

    def __init__(self, name: str, logs: LogAccess, rooms: "RoomReplicas") -> None:
        super().__init__(name, logs)
        self.clients: dict[str, Client] = {}  # by session id
        self.audience: dict[int, dict[ClientConnection, Client]] = {}  # by variant
        self.detached: dict[Client, int] = {}
        """Clients that see themselves in the room though the log has lost them -> the ranks that they know of."""
        self.waiting: list[Callable[[], None]] = []
        """To be called once the room is live."""
        self.idle_since: float | None = None
        self._rooms = rooms
        self.deliver = partial(rooms.on_entry, self)

    def reloaded(self, old: Room, *, misses: bool) -> None:
        self._rooms.on_reloaded(self, old, misses)

    def went_live(self) -> None:
        self._rooms.on_live(self)
        waiting, self.waiting = self.waiting, []
        for call in waiting:
            call()

    def ephemeral(self, payload: bytes) -> None:
        self._rooms.on_ephemeral(self, payload)

    def enter(self, client: Client) -> None:
        self.clients[client.session.sid] = client
        self.audience.setdefault(client.variant_in(self.name), {})[client.connection] = client

    def leave(self, client: Client) -> None:
        if self.clients.pop(client.session.sid, None) is not None:
            variant = client.variant_in(self.name)
            audience = self.audience[variant]
            del audience[client.connection]
            if not audience:
                del self.audience[variant]


class RoomReplicas:
    """All rooms that a lane follows."""

    def __init__(
        self,
        redis: RedisPort,
        keys: Keys,
        lane: str,
        logs: LogAccess,
        on_entry: Callable[[LocalRoom, Entry, Effects], None],
        on_reloaded: Callable[[LocalRoom, Room, bool], None],
        on_live: Callable[[LocalRoom], None],
        on_closed: Callable[[LocalRoom], None],
        on_ephemeral: Callable[[LocalRoom, bytes], None],
    ) -> None:
        """``on_reloaded(room, old, misses)``: see :meth:`RoomReplica.reloaded`; then ``on_live`` is called."""
        self._redis = redis
        self._keys = keys
        self._lane = lane
        self._logs = logs
        self.on_entry = on_entry
        self.on_reloaded = on_reloaded
        self.on_live = on_live
        self._on_closed = on_closed
        self.on_ephemeral = on_ephemeral
        self.rooms: dict[str, LocalRoom] = {}

    def open(self, name: str) -> LocalRoom:
        """Follow a room (casefolded name). It is live once the callables in its ``waiting`` are called."""
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = LocalRoom(name, self._logs, self)
            self._note(name)
            room.follow()
        room.idle_since = None
        return room

    def close_idle(self, now: float) -> None:
        """Stop following rooms in which no client of this lane has been for a while."""
        for name, room in list(self.rooms.items()):
            if room.clients or room.waiting or not self._logs.writer.is_idle(name):
                room.idle_since = None
            elif room.idle_since is None:
                room.idle_since = now
            elif now - room.idle_since > LINGER_S:
                del self.rooms[name]
                self._on_closed(room)
                room.unfollow()
                self._redis.call(self._keys.lane_rooms(self._lane), ignore, "SREM", name)

    def write_snapshots(self) -> None:
        for room in self.rooms.values():
            room.write_snapshot()

    def put_off_expiry(self) -> None:
        for name in self.rooms:
            self._logs.snapshots.put_off_expiry(name)

    def link_up(self) -> None:
        self.note_all()
        self._logs.rejected_events.renew(self.rooms)

    # -- notes for a reaper ---------------------------------------------------------------------------

    def _note(self, *names: str) -> None:
        """Note which rooms a reaper has to visit, before any event of this lane can be in them."""
        self._redis.call(self._keys.reapable, ignore, "SADD", self._lane)
        self._redis.call(self._keys.lane_rooms(self._lane), ignore, "SADD", *names)

    def note_all(self) -> None:
        """Note every room again: those opened while Redis was unavailable, and those that it may have lost."""
        if self.rooms:
            self._note(*self.rooms)

    def rekeyed(self, lane: str) -> None:
        """Note the rooms under the lane's new id."""
        self._lane = lane
        self.note_all()
