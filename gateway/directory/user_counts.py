"""How many users the network has: a hash, lane -> what it counts, as JSON.

A lane writes its own field whenever its counts have changed; the reaper takes out a dead gateway's. Only the
lanes of gateways that hold a lease count. Runs on the lane's thread.
"""

import json
from collections.abc import Callable
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.link import RedisLink
from gateway.chat.ports import GatewayCounts

_COUNTS = ("users", "invisible", "opers", "unknown", "peak")


class UserCounts:
    """The counts as one lane writes and reads them."""

    def __init__(self, link: RedisLink, keys: Keys, lane: str) -> None:
        self._link = link
        self._keys = keys
        self._lane = lane

    def rekeyed(self, lane: str) -> None:
        """The lane has a new id."""
        self._lane = lane

    def write(self, count: GatewayCounts) -> None:
        record = {"name": count.name, **{name: getattr(count, name) for name in _COUNTS}}
        self._link.call(_ignore, "HSET", self._keys.stats, self._lane, json.dumps(record, separators=(",", ":")))

    def read(self, living: Callable[[Any], None], counts: Callable[[Any], None]) -> None:
        """Both replies are for :func:`headcounts`."""
        self._link.call(living, "ZRANGE", self._keys.gateways, 0, -1)
        self._link.call(counts, "HGETALL", self._keys.stats)


def gateway_counts(living: list[bytes], counts: dict[bytes, bytes]) -> list[GatewayCounts]:
    """One for each living gateway, its lanes' counts added up; in the order of their ids."""
    found: dict[str, dict[str, Any]] = {}
    for lane, text in sorted(counts.items()):
        gateway = lane.partition(b".")[0]
        if gateway in living:
            record = json.loads(text)
            known = found.setdefault(gateway.decode(), dict.fromkeys(_COUNTS, 0))
            for name in _COUNTS:
                known[name] += int(record.get(name, 0))
            known["name"] = str(record.get("name", ""))
    return [GatewayCounts(gateway=gateway, **record) for gateway, record in found.items()]


def _ignore(_reply: Any) -> None:
    """For commands whose reply tells nothing."""
