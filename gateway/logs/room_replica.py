"""A lane's replica of a room: the state that the room's log has led to, kept current while the lane follows the room.

It knows no clients: a subclass adds them (:class:`gateway.lane.rooms.local_room.LocalRoom`). Runs on the lane's thread.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gateway.chat import snapshot
from gateway.chat.effects import Effects
from gateway.chat.events import Entry, origin_of
from gateway.chat.render import log_mark
from gateway.chat.room import Room
from gateway.logs.log_writer import LogWriter
from gateway.logs.rejected_events import RejectedEvents
from gateway.logs.replica import Replica, ReplicaState
from gateway.logs.snapshots import Snapshots
from gateway.logs.subscriptions import Subscriptions

log = structlog.get_logger()

SNAPSHOT_ENTRIES = 512
SNAPSHOT_STEP_BYTES = 8192
"""So many bytes count as one more entry towards the next snapshot, because a snapshot allows the log to be trimmed."""


@dataclass(frozen=True, slots=True)
class LogAccess:
    """The parts of a lane that read and write rooms' logs."""

    writer: LogWriter
    subscriptions: Subscriptions
    snapshots: Snapshots
    rejected_events: RejectedEvents


class RoomReplica(ABC):
    """A room's state and its position in the log. The :class:`gateway.logs.replica.Follower` of a room.

    While the log is loaded again, ``reloading_state`` is built from it, and ``room`` is still the state that clients
    were shown; ``position`` is the latter's position, None before the first load. Entries that were shown are applied
    without output. At the first entry that was not shown, ``reloading_state`` replaces ``room``.
    """

    __slots__ = (
        "_logs",
        "entries_since_base",
        "mark",
        "name",
        "position",
        "reloading_state",
        "replica",
        "room",
        "shown",
    )

    deliver: Callable[[Entry, Effects], None]
    """Called with each entry that clients were not shown yet, and what it has changed in ``room``."""

    def __init__(self, name: str, logs: LogAccess) -> None:
        self.name = name
        self.mark = log_mark(name)
        self.room = Room(name)
        self.reloading_state: Room | None = Room(name)
        self.position: tuple[str, str] | None = None
        self.shown: dict[str, int] = {}
        """Lane -> the count of its newest entry that clients saw, if the log has lost it: it will be restored."""
        self.entries_since_base = 0
        self.replica = Replica(name, self, logs.subscriptions)
        self._logs = logs

    @abstractmethod
    def reloaded(self, old: Room, *, misses: bool) -> None:
        """``room`` was loaded again, and clients know it as ``old``; ``misses``: they may have missed messages."""

    @abstractmethod
    def went_live(self) -> None:
        """The replica is live, for the first time or again."""

    # -- following ------------------------------------------------------------------------------------

    def follow(self) -> None:
        self._logs.writer.follow(self.replica)
        self._logs.subscriptions.follow(self.replica)

    def unfollow(self) -> None:
        """Stop following. Nothing may be under way to the log."""
        self._logs.snapshots.let_expire(self.replica, self.room)
        self._logs.writer.unfollow(self.name)
        self._logs.subscriptions.unfollow(self.name)

    def put_off_expiry(self) -> None:
        """Put off the expiry of an empty room in which nothing was said: a session of this lane has joined it."""
        if not self.room.has_messages:
            self._logs.snapshots.put_off_expiry(self.name)

    def write_snapshot(self) -> None:
        """Write a snapshot if the room has changed enough since its base."""
        is_due = self.entries_since_base > max(SNAPSHOT_ENTRIES, len(self.room.members))
        if is_due and self.replica.state is ReplicaState.LIVE and self.replica.epoch:
            self.entries_since_base = 0
            self._logs.snapshots.write(self.replica, self.room)

    # -- what was shown -------------------------------------------------------------------------------

    def was_shown(self, origin: str) -> bool:
        """Whether clients have seen an entry, in this log or in one that was lost."""
        lane, count = origin_of(origin)
        return count <= max(self.room.origins.get(lane, 0), self.shown.get(lane, 0))

    def is_replayed(self, origin: str) -> bool:
        """Whether clients have seen an entry that was applied just now."""
        lane, count = origin_of(origin)
        return count <= self.shown.get(lane, 0)

    def _show(self, reloaded: Room) -> None:
        """Replace what clients were shown by what was loaded."""
        old, self.room, self.reloading_state = self.room, reloaded, None
        seen = {lane: max(count, self.shown.get(lane, 0)) for lane, count in (self.shown | old.origins).items()}
        self.shown = {lane: count for lane, count in seen.items() if count > reloaded.origins.get(lane, 0)}
        misses = self.position is not None and any(n > seen.get(lane, 0) for lane, n in reloaded.origins.items())
        self.reloaded(old, misses=misses)

    # -- Follower -------------------------------------------------------------------------------------

    def seed(self) -> bool:
        position = self.position if self.reloading_state is not None else (self.replica.epoch, self.replica.last)
        if position is None or not position[0]:
            return False
        self._logs.snapshots.seed(self.name, self.room, *position)
        return True

    def begin(self, base: str | None) -> bool:
        try:
            state = Room(self.name) if base is None else snapshot.load(base)
        except ValueError as error:  # perhaps of a newer release: wait until a gateway writes another one
            log.error("base_unreadable", room=self.name, problem=str(error))
            return False
        if self.reloading_state is None:
            self.position = self.replica.epoch, self.replica.last
        self.reloading_state = state
        self.entries_since_base = 0
        return True

    def apply(self, entry: Entry) -> None:
        self.entries_since_base += 1 + len(entry.body) // SNAPSHOT_STEP_BYTES
        if self.reloading_state is not None:
            if self.position is None or self.was_shown(entry.origin):
                effects = self.reloading_state.apply(entry)
                if not effects.plain:  # the lanes that were live may have died before they marked them
                    self._logs.rejected_events.mark(self.name, entry, effects)
                return
            self._show(self.reloading_state)
        self.deliver(entry, self.room.apply(entry))

    @abstractmethod
    def ephemeral(self, payload: bytes) -> None: ...

    def caught_up(self) -> None:
        if self.reloading_state is not None:
            self._show(self.reloading_state)
        self._logs.writer.caught_up(self.name, self.room.origins)
        self.went_live()
