"""Keep a room's log bounded and alive: snapshots, trimming, expiry, and seeding a log that Redis has lost.

Runs on the lane's thread.
"""

from collections.abc import Callable
from typing import NamedTuple

import structlog

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort, ignore
from gateway.chat import snapshot
from gateway.chat.room import Room
from gateway.logs.replica import Replica, ReplicaState
from gateway.logs.scripts import EXPIRE, SEED, SNAPSHOT

log = structlog.get_logger()

ROOM_EXPIRY_S = 30 * 24 * 3600
SILENT_ROOM_EXPIRY_S = 600
"""Of an empty room in which nothing was ever said."""


class Retention(NamedTuple):
    """The limits of what a room's log keeps."""

    entries: int
    bytes: int
    age_ms: int


class Snapshots:
    """The snapshots that one lane writes."""

    def __init__(
        self,
        redis: RedisPort,
        keys: Keys,
        retention: Retention,
        new_epoch: Callable[[], str],
        wall_ms: Callable[[], int],
    ) -> None:
        """``wall_ms`` is the gateway's clock: an entry is too old only if Redis's clock and this one agree on it."""
        self._redis = redis
        self._keys = keys
        self._new_epoch = new_epoch
        self._wall_ms = wall_ms
        self.retention = retention

    def write(self, replica: Replica, room: Room) -> None:
        """Make the state of a live replica its log's base, and trim the log."""
        name = replica.name
        text = f"1 {replica.epoch} {replica.last}\n{snapshot.dump(room)}"
        self._redis.run(
            SNAPSHOT, ignore, self._all_keys(name), replica.epoch, replica.last, text, *self.retention, self._wall_ms()
        )

    def seed(self, name: str, room: Room, epoch: str, last: str) -> None:
        """Write back the state of a room whose log was lost, as the base under what is there now.

        The script ignores it if another lane's state was newer. ``epoch`` and ``last`` are the state's position.
        """
        keys = self._keys
        where = (keys.log(name), keys.head(name), keys.base(name))
        self._redis.run(SEED, ignore, where, epoch, last, snapshot.dump(room), self._new_epoch(), keys.live(name))
        log.warning("room_restored", room=name)

    def put_off_expiry(self, name: str) -> None:
        self._expire(name, ROOM_EXPIRY_S)

    def let_expire(self, replica: Replica, room: Room) -> None:
        """Set the expiry of a room that this lane stops following. A JOIN at another lane puts it off again.

        The keys are never deleted at once: that could race with a JOIN.
        """
        if room.members or room.has_messages or replica.state is not ReplicaState.LIVE:
            self._expire(replica.name, ROOM_EXPIRY_S)
        else:
            self._expire(replica.name, SILENT_ROOM_EXPIRY_S, replica.last)

    def _expire(self, name: str, expiry_s: int, position: str = "") -> None:
        """``position``: the log must end there, otherwise its expiry stays as it is."""
        self._redis.run(EXPIRE, ignore, self._all_keys(name), expiry_s, position)

    def _all_keys(self, name: str) -> tuple[str, ...]:
        keys = self._keys
        return keys.log(name), keys.head(name), keys.base(name), keys.rejected(name)
