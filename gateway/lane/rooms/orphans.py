"""Orphaned members: their gateway is dead, and no reaper knows of them. A lane that follows the room removes them.

A reaper visits the rooms that a gateway has listed. If Redis was wiped when a gateway died, this list is lost, but its
sessions are in the rooms that other lanes restore. So each lane checks whether the gateways of its rooms' members have
a lease. A gateway without a lease at two checks in a row, with the link up in between, is declared dead. Runs on the
lane's thread.
"""

from collections.abc import Callable
from typing import Any

import structlog

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort
from gateway.chat import events
from gateway.lane.rooms.local_room import LocalRoom
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter

log = structlog.get_logger()


class OrphanedMembers:
    """The check of one lane."""

    def __init__(self, redis: RedisPort, keys: Keys, log_writer: LogWriter, own: Callable[[], str]) -> None:
        """``own`` returns the present id of the lane's gateway, which is never checked."""
        self._redis = redis
        self._keys = keys
        self._log_writer = log_writer
        self._own = own
        self._suspects: set[str] = set()

    def link_down(self) -> None:
        """Forget the results of the last check."""
        self._suspects.clear()

    def check(self, rooms: dict[str, LocalRoom]) -> None:
        """Check the leases. Called on a slow timer; two checks in a row decide."""
        gateways = {
            sid.partition(".")[0] for f in rooms.values() if f.reloading_state is None for sid in f.room.members
        }
        gateways.discard(self._own())
        if not gateways or not self._redis.is_up(self._keys.gateways):
            self._suspects.clear()
            return
        ids = sorted(gateways)

        def scored(reply: Any) -> None:
            if isinstance(reply, list):
                absent = {gateway for gateway, score in zip(ids, reply, strict=True) if score is None}
                for gateway in sorted(absent & self._suspects):
                    self._tell(gateway, rooms)
                self._suspects = absent

        self._redis.call(self._keys.gateways, scored, "ZMSCORE", *ids)

    def _tell(self, gateway: str, rooms: dict[str, LocalRoom]) -> None:
        if gateway == self._own():
            return
        log.warning("orphaned_members", gateway=gateway)
        for name, followed in rooms.items():
            if any(sid.startswith(f"{gateway}.") for sid in followed.room.members):
                self._log_writer.add(name, PendingEvent(*events.gone(gateway)))
