"""The network's user counts for LUSERS: a hash of lane -> counts, as JSON.

A lane writes its own field when its counts change. The reaper removes those of a dead gateway. Only lanes of gateways
with a lease count. Runs on the lane's thread.
"""

import json
from collections.abc import Callable
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort, ignore
from gateway.chat.network import GatewayCounts

_COUNTS = ("users", "invisible", "opers", "unknown", "peak")


class UserCounts:
    """The counts, as written and read by one lane."""

    def __init__(self, redis: RedisPort, keys: Keys, lane: str) -> None:
        self._redis = redis
        self._keys = keys
        self._lane = lane

    def rekeyed(self, lane: str) -> None:
        """Use a new lane id."""
        self._lane = lane

    def write(self, count: GatewayCounts) -> None:
        record = {"name": count.name, **{name: getattr(count, name) for name in _COUNTS}}
        self._redis.call(self._keys.stats, ignore, "HSET", self._lane, json.dumps(record, separators=(",", ":")))

    def read(self, alive: Callable[[Any], None], counts: Callable[[Any], None]) -> None:
        """Read the gateways with a lease, and all counts; both replies are for `gateway_counts`."""
        self._redis.call(self._keys.gateways, alive, "ZRANGE", 0, -1)
        self._redis.call(self._keys.stats, counts, "HGETALL")


def gateway_counts(alive: list[bytes], counts: dict[bytes, bytes]) -> list[GatewayCounts]:
    """Return the sums of each gateway with a lease, ordered by gateway id."""
    found: dict[str, dict[str, Any]] = {}
    for lane, text in sorted(counts.items()):
        gateway = lane.partition(b".")[0]
        if gateway in alive:
            record = json.loads(text)
            known = found.setdefault(gateway.decode(), dict.fromkeys(_COUNTS, 0))
            for name in _COUNTS:
                known[name] += int(record.get(name, 0))
            known["name"] = str(record.get("name", ""))
    return [GatewayCounts(gateway=gateway, **record) for gateway, record in found.items()]
