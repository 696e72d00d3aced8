"""Reap a dead gateway: append GONE to its rooms, then release its nicks, then remove its records.

Owns the order of these steps, which makes reaping safe to restart at any point and to repeat. leases.py decides which
gateway is overdue. Runs on the heartbeat thread; blocks in redis-py.
"""

from collections.abc import Iterator
from typing import Any

import redis

from gateway.broker.keys import Keys, inbox
from gateway.broker.scripts import read
from gateway.chat import events
from gateway.logs.scripts import APPEND

FREE = read("gateway.heartbeat", "free", 1)
REMOVE_LANE = read("gateway.heartbeat", "remove_lane", 4)

BATCH = 100
ANY_EPOCH = "*"
INBOX_EXPIRY_S = 600


class Reaper:
    """Removes gateways from Redis. The origin of its appends is `<own gateway>.h:<count>`."""

    def __init__(self, client: "redis.Redis", keys: Keys, gateway: str) -> None:
        self._client: Any = client  # redis-py types a reply as sync or async at once
        self._keys = keys
        self._gateway = gateway
        self._log_writer = 0
        self._append = client.register_script(APPEND.source)
        self._free = client.register_script(FREE.source)
        self._remove_lane = client.register_script(REMOVE_LANE.source)
        self._unleased: set[str] = set()

    def reap(self, gone: str) -> None:
        """Append GONE to a dead gateway's rooms, release its nicks, remove its records; raise redis.RedisError.

        Each room leaves its set after the append, so that the next reaper can continue. Nicks come second: nobody may
        take a nick that a room still shows as another user's.
        """
        self._append_gone(gone)
        self._remove_records(gone)

    def leave(self) -> None:
        """Remove the records of the own gateway, whose sessions have left all rooms."""
        for lane in self._lanes(self._gateway):
            self._client.delete(self._keys.lane_rooms(lane))
        self._remove_records(self._gateway)

    def reap_unleased(self) -> None:
        """Reap gateways that have records but no lease in two successive calls; called once a lease.

        Such a gateway was reaped while it was paused, continued and ended before it noticed; or Redis lost its lease.
        """
        gateways = sorted({lane.partition(".")[0] for lane in self._reapable_lanes()})
        leases = self._client.zmscore(self._keys.gateways, gateways) if gateways else []
        unleased = {gateway for gateway, lease in zip(gateways, leases, strict=True) if lease is None}
        for gone in sorted(unleased & self._unleased):
            self.reap(gone)
        self._unleased = unleased

    def _remove_records(self, gateway: str) -> None:
        """Release the nicks of a gateway after its rooms have GONE, then remove its records; the lease is last.

        Each record is removed only after its step: a paused gateway may continue and write more.
        """
        self._release_nicks(gateway)
        keys = self._keys
        for lane in self._lanes(gateway):
            name = inbox(lane)
            # Without its head nobody can append. If the lane comes back, it reads the older entries.
            self._client.delete(keys.head(name), keys.base(name), keys.rejected(name))
            self._client.expire(keys.log(name), INBOX_EXPIRY_S)
            self._client.hdel(keys.stats, lane)
            self._remove_lane(
                keys=[keys.reapable, keys.lane_rooms(lane), keys.lane_nicks(lane), keys.head(name)], args=[lane]
            )
        self._client.delete(keys.gateway_info(gateway))
        self._client.zrem(keys.gateways, gateway)
        self._client.hdel(keys.reaping, gateway)

    def _lanes(self, gateway: str) -> list[str]:
        count = int(self._client.hget(self._keys.gateway_info(gateway), "lanes") or 0)
        recorded = {lane for lane in self._reapable_lanes() if lane.partition(".")[0] == gateway}
        return sorted(recorded.union(f"{gateway}.{number}" for number in range(count)))

    def _reapable_lanes(self) -> list[str]:
        return [lane.decode() for lane in self._client.smembers(self._keys.reapable)]

    def _append_gone(self, gone: str) -> None:
        payload = events.encode([events.gone(gone)])
        for lane in self._lanes(gone):
            self._append_to_rooms(payload, self._keys.lane_rooms(lane))

    def _append_to_rooms(self, payload: bytes, rooms_key: str) -> None:
        for rooms in self._batches(rooms_key):
            pipeline = self._client.pipeline(transaction=False)
            for room in rooms:
                self._log_writer += 1
                origin = f"{self._gateway}.h:{self._log_writer}"
                self._append(
                    keys=[self._keys.log(room), self._keys.head(room)],
                    args=[ANY_EPOCH, origin, payload, self._keys.live(room), ""],
                    client=pipeline,
                )
            pipeline.srem(rooms_key, *rooms)
            pipeline.execute()

    def _release_nicks(self, gateway: str) -> None:
        for nicks_key in map(self._keys.lane_nicks, self._lanes(gateway)):
            for nicks in self._batches(nicks_key):
                pipeline = self._client.pipeline(transaction=False)
                for nick in nicks:
                    self._free(keys=[self._keys.nick(nick)], args=[gateway], client=pipeline)
                pipeline.srem(nicks_key, *nicks)
                pipeline.execute()

    def _batches(self, key: str) -> Iterator[list[str]]:
        members = sorted(member.decode() for member in self._client.smembers(key))
        for start in range(0, len(members), BATCH):
            yield members[start : start + BATCH]
