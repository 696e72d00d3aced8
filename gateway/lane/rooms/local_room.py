"""The logs that a lane follows: its rooms, opened when someone joins, kept for a while when all have left.

Owns the replicas and which local clients are in which room; asks Redis for pages, checks positions on a slow
timer, writes snapshots. Runs on the lane's thread.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import structlog

from gateway.broker.keys import Keys
from gateway.broker.port import LOST, RedisPort, Reply, concerns_one_key, ignore
from gateway.chat import snapshot
from gateway.chat.effects import Effect, Redacted, Rejection
from gateway.chat.events import NOBODY, Entry, origin_of
from gateway.chat.render import log_mark
from gateway.chat.room import Room
from gateway.lane.clients.client import Client
from gateway.logs.log_writer import LogWriter
from gateway.logs.replica import PAGE_ENTRIES, Replica, ReplicaState, raw
from gateway.logs.replication import ReplicaAcks
from gateway.logs.scripts import EXPIRE, RANGE, SEED, SNAPSHOT
from gateway.net.connection import ClientConnection

log = structlog.get_logger()

SNAPSHOT_ENTRIES = 512
VOIDS_REMEMBERED = 4096
LINGER_S = 75.0  # so that ghosts have been looked for twice in a room that lets nobody in
ROOM_EXPIRY_S = 30 * 24 * 3600
SILENT_ROOM_EXPIRY_S = 600
"""Of an empty room in which nothing was ever said."""
SNAPSHOT_STEP_BYTES = 8192
"""So many bytes count as one more entry towards the next snapshot, as that is what trims the log."""
FAR_FUTURE_MS = 1 << 53


def _raise(_name: str, error: Exception) -> None:
    raise error


class Retention(NamedTuple):
    """What a room's log keeps at most."""

    entries: int
    bytes: int
    age_ms: int


Deliver = Callable[["LocalRoom", Entry, Any], None]


class LocalRoom:
    """A room that this lane follows: its replica and state, and the clients of this lane who are in it.

    While its log is read (again), ``fresh`` is what comes of it, and ``room`` what clients were shown; ``position``
    is where that was (epoch, stream id), None before a first time. Reading again, all that was shown is folded in
    silence; with the first entry that was not, the fresh state takes the shown one's place.
    """

    __slots__ = (
        "_deliver",
        "_replicas",
        "audience",
        "base_at",
        "clients",
        "fresh",
        "idle_since",
        "kept",
        "mark",
        "name",
        "position",
        "replica",
        "room",
        "shown",
        "since_base",
        "waiting",
    )

    def __init__(self, name: str, replicas: "RoomReplicas", deliver: Deliver) -> None:
        self.name = name
        self.mark = log_mark(name)
        self.room = Room(name)
        self.fresh: Room | None = Room(name)
        self.position: tuple[str, str] | None = None
        self.shown: dict[str, int] = {}
        """Lane -> the count of its newest entry that clients saw, where the log has lost it: it will come again."""
        self.replica: Replica
        self.clients: dict[str, Client] = {}  # by session id
        self.audience: dict[int, dict[ClientConnection, Client]] = {}  # by variant
        self.kept: dict[Client, int] = {}
        """Clients who see themselves here though the log has lost them -> the ranks that they are known to have."""
        self.waiting: list[Callable[[], None]] = []  # who waits for the room to be live
        self.since_base = 0
        self.base_at = ""
        self.idle_since: float | None = None
        self._replicas = replicas
        self._deliver = deliver

    # -- Follower -------------------------------------------------------------------------------------

    def restore(self) -> bool:
        position = self.position if self.fresh is not None else (self.replica.epoch, self.replica.last)
        if position is None or not position[0]:
            return False
        self._replicas.restore(self, *position)
        return True

    def begin(self, base: str | None) -> bool:
        try:
            fresh = Room(self.name) if base is None else snapshot.load(base)
        except ValueError as error:  # perhaps of a newer release; until somebody writes another one
            log.error("base_unreadable", room=self.name, problem=str(error))
            return False
        if self.fresh is None:
            self.position = self.replica.epoch, self.replica.last
        self.fresh = fresh
        self.since_base = 0
        return True

    def apply(self, entry: Entry) -> None:
        self.since_base += 1 + len(entry.body) // SNAPSHOT_STEP_BYTES
        if self.fresh is not None:
            if self.position is None or self.was_shown(entry.origin):
                effects = self.fresh.apply(entry)
                if not effects.plain:  # whoever saw them come may have died before marking them
                    self._replicas.mark_rejected(self.name, entry, effects)
                return
            self._show(self.fresh)
        self._deliver(self, entry, self.room.apply(entry))

    def ephemeral(self, payload: bytes) -> None:
        self._replicas.on_ephemeral(self, payload)

    def settled(self) -> None:
        if self.fresh is not None:
            self._show(self.fresh)
        self._replicas.settled(self)

    def was_shown(self, origin: str) -> bool:
        """Whether clients have seen what an entry says, in this log or in one that was lost."""
        lane, count = origin_of(origin)
        return count <= max(self.room.origins.get(lane, 0), self.shown.get(lane, 0))

    def is_replayed(self, origin: str) -> bool:
        """Whether clients have seen what an entry says that has just been folded."""
        lane, count = origin_of(origin)
        return count <= self.shown.get(lane, 0)

    def _show(self, fresh: Room) -> None:
        """What was read takes the place of what clients were shown: they are shown the difference."""
        old, self.room, self.fresh = self.room, fresh, None
        seen = {lane: max(count, self.shown.get(lane, 0)) for lane, count in (self.shown | old.origins).items()}
        self.shown = {lane: count for lane, count in seen.items() if count > fresh.origins.get(lane, 0)}
        misses = self.position is not None and any(n > seen.get(lane, 0) for lane, n in fresh.origins.items())
        self._replicas.reread(self, old, misses)

    # -- who listens ----------------------------------------------------------------------------------

    def enter(self, client: Client) -> None:
        self.clients[client.session.sid] = client
        self.audience.setdefault(client.variant_in(self.name), {})[client.connection] = client

    def put_off_expiry(self) -> None:
        """Somebody of this lane has joined: an empty room in which nothing was said was about to expire."""
        if not self.room.has_messages:
            self._replicas.put_off_expiry(self.name)

    def leave(self, client: Client) -> None:
        if self.clients.pop(client.session.sid, None) is not None:
            variant = client.variant_in(self.name)
            audience = self.audience[variant]
            del audience[client.connection]
            if not audience:
                del self.audience[variant]


class RoomReplicas:
    """All rooms of a lane."""

    def __init__(
        self,
        link: RedisPort,
        keys: Keys,
        log_writer: LogWriter,
        lane: str,
        deliver: Deliver,
        reread: Callable[[LocalRoom, Room, bool], None],
        on_settled: Callable[[LocalRoom], None],
        on_closed: Callable[[LocalRoom], None],
        retention: Retention,
        new_epoch: Callable[[], str],
        waiting: ReplicaAcks | None = None,
        on_ephemeral: Callable[[LocalRoom, bytes], None] = lambda _followed, _payload: None,
        on_fault: Callable[[str, Exception], None] = _raise,
        wall_ms: Callable[[], int] = lambda: FAR_FUTURE_MS,
    ) -> None:
        """``on_ephemeral`` takes what is published for a room and not stored; ``wall_ms`` is the gateway's clock.

        ``reread(followed, old, misses)``: a room was read again, clients know it as ``old``, and may have
        missed messages; then ``on_settled``: it is live. ``on_fault`` is told which log cannot be taken in, and why.
        """
        self._link = link
        self._keys = keys
        self._log_writer = log_writer
        self._lane = lane
        self._deliver = deliver
        self.reread = reread
        self._on_settled = on_settled
        self._on_closed = on_closed
        self._new_epoch = new_epoch
        self._waiting = waiting
        self.on_ephemeral = on_ephemeral
        self._on_fault = on_fault
        self._wall_ms = wall_ms
        self.retention = retention
        self.rooms: dict[str, LocalRoom] = {}
        self._replicas: dict[str, Replica] = {}  # by log
        # Rooms and their newest void marks, which Redis may have lost with a link, or in a failover.
        self._rejected: deque[tuple[str, str]] = deque(maxlen=VOIDS_REMEMBERED)

    def open(self, name: str) -> LocalRoom:
        """Follows a room (folded name); it is live once its ``waiting`` is called."""
        followed = self.rooms.get(name)
        if followed is None:
            followed = self.rooms[name] = LocalRoom(name, self, self._deliver)
            followed.replica = Replica(name, followed, self)
            self._log_writer.follow(followed.replica)
            self._note(name)
            self.watch(followed.replica)
        followed.idle_since = None
        return followed

    def _note(self, *names: str) -> None:
        """What a reaper must visit is noted before anything of ours can be in the room."""
        self._link.call(self._keys.reapable, ignore, "SADD", self._lane)
        self._link.call(self._keys.lane_rooms(self._lane), ignore, "SADD", *names)

    def rekeyed(self, lane: str) -> None:
        """The lane has a new id, under which its rooms are noted anew."""
        self._lane = lane
        self.note_all()

    def note_all(self) -> None:
        """Notes every room again: those opened while Redis was away, and those that it may have lost."""
        if self.rooms:
            self._note(*self.rooms)

    def watch(self, replica: Replica) -> None:
        """Subscribes; the log is read once that is confirmed, so that nothing falls between."""
        self._replicas[replica.name] = replica
        self._link.subscribe(self._keys.live(replica.name), replica.receive, replica.mend)

    def unwatch(self, name: str) -> None:
        del self._replicas[name]
        self._link.unsubscribe(self._keys.live(name))

    def ask(self, replica: Replica, from_id: str) -> None:
        """Requests a page of a log for its replica."""
        keys, name = self._keys, replica.name
        asked = replica.asked

        def answer(reply: Reply) -> None:
            if self._replicas.get(name) is not replica or replica.asked != asked:
                return  # closed meanwhile, or asked again
            if concerns_one_key(reply) and from_id:
                replica.load()  # the position is no stream id: it was published by hand
            elif concerns_one_key(reply):
                self._set_aside(replica, reply)
            elif isinstance(reply, list):
                try:
                    epoch, _last, base, entries, more = reply
                    text = base.decode("utf-8", "replace")
                    here = epoch.decode("utf-8", "replace")
                    replica.page(from_id, here, text, [raw(e) for e in entries], has_more=bool(more))
                except Exception as error:
                    self._set_aside(replica, error)
            elif reply is not LOST:
                self._link.reconnect(keys.log(name), f"a log cannot be read: {reply}")

        done = answer if self._waiting is None else partial(self._when_replicated, self._waiting, answer)
        self._link.run(RANGE, done, (keys.log(name), keys.head(name), keys.base(name)), from_id, PAGE_ENTRIES)

    def fault(self, replica: Replica, error: Exception) -> None:
        """A published entry cannot be taken in."""
        self._on_fault(replica.name, error)

    def _set_aside(self, replica: Replica, error: Exception) -> None:
        """One log cannot be read, or its entries cannot be taken in: the others go on, and it is tried again later."""
        replica.set_aside()
        self._on_fault(replica.name, error)

    @staticmethod
    def _when_replicated(waiting: ReplicaAcks, answer: Callable[[Reply], None], reply: Reply) -> None:
        """What stands in a page counts once the replicas have it."""
        if reply is not LOST:
            waiting.after_replicated(partial(answer, reply))

    def restore(self, followed: LocalRoom, epoch: str, last: str) -> None:
        """Puts the state of a room whose log was lost back under what is there now, if nobody knew more."""
        keys, name, text = self._keys, followed.name, snapshot.dump(followed.room)
        where = (keys.log(name), keys.head(name), keys.base(name))
        self._link.run(SEED, ignore, where, epoch, last, text, self._new_epoch(), keys.live(name))
        log.warning("room_restored", room=name)

    def mark_rejected(self, name: str, entry: Entry, effects: Iterable[Effect]) -> None:
        """Tells every reader of a room's history to omit what had no effect, and what was taken back.

        What is no session's, none shows.
        """
        for effect in effects:
            if isinstance(effect, Rejection) and effect.sid != NOBODY:
                self._mark_rejected(name, f"{entry.id}.{effect.index}")
            elif isinstance(effect, Redacted):
                self._mark_rejected(name, str(effect.message))

    def _mark_rejected(self, name: str, mark: str) -> None:
        self._rejected.append((name, mark))
        self._add_marks(name, mark)

    def _add_marks(self, name: str, *marks: str) -> None:
        key = self._keys.rejected(name)
        self._link.call(key, ignore, "SADD", *marks)
        self._link.call(key, ignore, "EXPIRE", ROOM_EXPIRY_S, "NX")  # a key that is made now

    # -- the connection -------------------------------------------------------------------------------

    def link_down(self) -> None:
        for replica in self._replicas.values():
            replica.interrupt()

    def link_up(self) -> None:
        """A new connection: every log is mended once its subscription is confirmed."""
        self.note_all()
        self._mark_again()

    def _mark_again(self) -> None:
        marks: dict[str, list[str]] = {}
        for name, mark in self._rejected:
            if name in self.rooms:  # of another the key would never expire
                marks.setdefault(name, []).append(mark)
        for name, these in marks.items():
            self._add_marks(name, *these)

    def settled(self, followed: LocalRoom) -> None:
        """A room is live, for the first time or again."""
        self._log_writer.settled(followed.name, followed.room.origins.get(self._lane, 0))
        self._on_settled(followed)
        waiting, followed.waiting = followed.waiting, []
        for call in waiting:
            call()

    # -- slow timers ----------------------------------------------------------------------------------

    def check_positions(self) -> None:
        """The last entry of a quiet room has no successor to show that it was lost: the heads are compared."""
        for replica in list(self._replicas.values()):
            if replica.standing is ReplicaState.LOADING:
                replica.load()  # its base could not be read
            elif replica.standing is ReplicaState.LIVE:
                self.compare_head(replica)

    def compare_head(self, replica: Replica, done: Callable[[], None] | None = None) -> None:
        """Reads a head; the published entries up to it came before the answer, so a difference is a gap."""

        def answer(reply: Reply) -> None:
            if isinstance(reply, list):
                epoch, last = reply
                if epoch is None or last is None:
                    if replica.epoch:
                        replica.mend()  # the log is gone
                else:
                    replica.compare(epoch.decode("utf-8", "replace"), last.decode("utf-8", "replace"))
            if done is not None:
                done()

        self._link.call(self._keys.head(replica.name), answer, "HMGET", "epoch", "last")

    def put_off_expiry(self, name: str, expiry_s: int = ROOM_EXPIRY_S, position: str = "") -> None:
        """A log that nobody follows any more goes after a while; never at once, which would race a JOIN.

        ``position``: the log must end there, else its expiry stays as it is.
        """
        keys = self._keys
        where = (keys.log(name), keys.head(name), keys.base(name), keys.rejected(name))
        self._link.run(EXPIRE, ignore, where, expiry_s, position)

    def _let_expire(self, followed: LocalRoom) -> None:
        """Nobody of this lane is in the room any more. A JOIN elsewhere puts its expiry off again."""
        room, replica = followed.room, followed.replica
        if room.members or room.has_messages or replica.standing is not ReplicaState.LIVE:
            self.put_off_expiry(followed.name)
        else:
            self.put_off_expiry(followed.name, SILENT_ROOM_EXPIRY_S, replica.last)

    def snapshot_due(self) -> None:
        """Writes a snapshot of each room that has moved far enough from its base."""
        for followed in self.rooms.values():
            if followed.since_base > max(SNAPSHOT_ENTRIES, len(followed.room.members)):
                self.snapshot(followed)

    def snapshot(self, followed: LocalRoom) -> None:
        replica, keys, name = followed.replica, self._keys, followed.name
        if replica.standing is not ReplicaState.LIVE or not replica.epoch:
            return
        followed.since_base = 0
        text = f"1 {replica.epoch} {replica.last}\n{snapshot.dump(followed.room)}"
        self._link.run(
            SNAPSHOT,
            ignore,
            (keys.log(name), keys.head(name), keys.base(name), keys.rejected(name)),
            replica.epoch,
            replica.last,
            text,
            *self.retention,
            self._wall_ms(),
        )

    def close_idle(self, now: float) -> None:
        """Stops following rooms that nobody of this lane has been in for a while."""
        for name, followed in list(self.rooms.items()):
            if followed.clients or followed.waiting or not self._log_writer.is_idle(name):
                followed.idle_since = None
            elif followed.idle_since is None:
                followed.idle_since = now
            elif now - followed.idle_since > LINGER_S:
                self._close(name)

    def _close(self, name: str) -> None:
        followed = self.rooms.pop(name)
        self._on_closed(followed)
        self._let_expire(followed)
        self._log_writer.unfollow(name)
        self.unwatch(name)
        self._link.call(self._keys.lane_rooms(self._lane), ignore, "SREM", name)
