"""What is done about a gateway that is no more: its end is told to its rooms, then its nicks are free.

Owns the order of that, which makes it safe to begin again at any point and to do twice. Knows nothing of who
is overdue (leases.py). Runs on the heartbeat thread; blocks in redis-py.
"""

from collections.abc import Iterator
from typing import Any

import redis

from gateway.broker.keys import Keys, inbox
from gateway.broker.scripts import APPEND, read
from gateway.chat import events

FREE = read("gateway.heartbeat", "free", 1)
STRIKE = read("gateway.heartbeat", "strike", 4)

BATCH = 100
ANY_EPOCH = "*"
INBOX_MEMORY_S = 600


def reaping_key(keys: Keys) -> str:
    """Hash: id of a gateway that somebody has begun to reap -> end of the reservation in ms."""
    return f"{keys.prefix}reaping"


class Reaper:
    """Ends gateways in Redis; its appends' origin is `<own gateway>.h:<count>`."""

    def __init__(self, client: "redis.Redis", keys: Keys, gateway: str) -> None:
        self._client: Any = client  # redis-py types a reply as sync or async at once
        self._keys = keys
        self._gateway = gateway
        self._log_writer = 0
        self._append = client.register_script(APPEND.source)
        self._free = client.register_script(FREE.source)
        self._strike = client.register_script(STRIKE.source)
        self._absent: set[str] = set()

    def reap(self, gone: str) -> None:
        """Tell the rooms of a dead gateway, free its nicks, and forget it; raises redis.RedisError.

        Each room leaves its set when told, so that the next reaper goes on where one stopped. Nicks come
        second: nobody may take a name that a room still shows as somebody else's.
        """
        self._tell_rooms(gone)
        self._forget(gone)

    def leave(self) -> None:
        """Forget its own gateway, whose sessions have left all rooms."""
        for lane in self._lanes(self._gateway):
            self._client.delete(self._keys.lane_rooms(lane))
        self._forget(self._gateway)

    def look(self) -> None:
        """Called every so often: reap who has left something and has no lease, at two looks in a row.

        It was reaped while it stood still, went on and ended before it knew; or Redis has lost its lease.
        """
        noted = sorted({lane.partition(".")[0] for lane in self._noted()})
        leases = self._client.zmscore(self._keys.gateways, noted) if noted else []
        absent = {gateway for gateway, lease in zip(noted, leases, strict=True) if lease is None}
        for gone in sorted(absent & self._absent):
            self.reap(gone)
        self._absent = absent

    def _forget(self, gateway: str) -> None:
        """Free the nicks of a gateway whose rooms know of its end; its lease goes last.

        What is noted goes only as it is done: more may come, if the gateway stood still and goes on now.
        """
        self._free_nicks(gateway)
        keys = self._keys
        for lane in self._lanes(gateway):
            name = inbox(lane)
            # Without its head nobody writes there any more; if the lane comes back, it reads what was written before.
            self._client.delete(keys.head(name), keys.base(name), keys.rejected(name))
            self._client.expire(keys.log(name), INBOX_MEMORY_S)
            self._client.hdel(keys.stats, lane)
            self._strike(keys=[keys.noted, keys.lane_rooms(lane), keys.lane_nicks(lane), keys.head(name)], args=[lane])
        self._client.delete(keys.gateway_info(gateway))
        self._client.zrem(keys.gateways, gateway)
        self._client.hdel(reaping_key(keys), gateway)

    def _lanes(self, gateway: str) -> list[str]:
        count = int(self._client.hget(self._keys.gateway_info(gateway), "lanes") or 0)
        noted = {lane for lane in self._noted() if lane.partition(".")[0] == gateway}
        return sorted(noted.union(f"{gateway}.{number}" for number in range(count)))

    def _noted(self) -> list[str]:
        return [lane.decode() for lane in self._client.smembers(self._keys.noted)]

    def _tell_rooms(self, gone: str) -> None:
        payload = events.encode([events.gone(gone)])
        for lane in self._lanes(gone):
            self._tell(payload, self._keys.lane_rooms(lane))

    def _tell(self, payload: bytes, rooms_key: str) -> None:
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

    def _free_nicks(self, gateway: str) -> None:
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
