"""List the lanes of all gateways that have a lease. Runs on the lane's thread."""

from collections.abc import Callable
from functools import partial
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort, Reply


def lanes(redis: RedisPort, keys: Keys, done: Callable[[Any], None]) -> None:
    """Call ``done`` with the lanes' ids, ``<gateway>.<n>``, or with LOST or an error."""

    def gateways(reply: Reply) -> None:
        if not isinstance(reply, list) or not reply:
            done(reply)
            return
        ids = [gateway.decode() for gateway in reply]
        found: list[str] = []

        def counted(gateway: str, count: Reply) -> None:
            if isinstance(count, bytes):
                found.extend(f"{gateway}.{lane}" for lane in range(int(count)))
            if gateway == ids[-1]:
                done(found)

        for gateway in ids:
            redis.call(keys.gateway_info(gateway), partial(counted, gateway), "HGET", "lanes")

    redis.call(keys.gateways, gateways, "ZRANGE", 0, -1)
