"""Whether a Redis can hold a chat network: new enough, and never throwing keys away. Blocks; main thread."""

from typing import Any

import redis

OLDEST_MAJOR = 7
EVICTION = "noeviction"


class UnsuitableRedis(Exception):
    """This Redis must not be used; the message says why and what to change."""


def check(client: "redis.Redis") -> str | None:
    """Raises UnfitRedis; a warning where something could not be found out. redis.RedisError as it comes."""
    told: Any = client.info("server")
    version = str(told.get("redis_version", "0"))
    if int(version.partition(".")[0]) < OLDEST_MAJOR:
        raise UnsuitableRedis(f"Redis {version} is too old: {OLDEST_MAJOR}.0 or newer is needed")
    try:
        limits: Any = client.config_get("maxmemory", "maxmemory-policy")
    except redis.ResponseError as error:
        return f"cannot tell whether Redis may evict keys ({error}); its maxmemory-policy must be {EVICTION}"
    found = {_text(name): _text(value) for name, value in limits.items()}
    policy = found.get("maxmemory-policy", EVICTION)
    if found.get("maxmemory", "0") != "0" and policy != EVICTION:
        raise UnsuitableRedis(
            f"Redis evicts keys (maxmemory-policy {policy}): rooms would be lost; set it to {EVICTION}"
        )
    return None


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
