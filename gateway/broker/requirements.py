"""Check the requirements for a Redis: its version, and that it never evicts keys. Blocks; main thread."""

from typing import Any

import redis

MIN_MAJOR_VERSION = 7
EVICTION = "noeviction"


class UnsuitableRedis(Exception):
    """This Redis must not be used. The message states the reason and what to change."""


def check(client: "redis.Redis") -> str | None:
    """Check a Redis; return a warning if a check is not permitted. Raises UnsuitableRedis and redis.RedisError."""
    info: Any = client.info("server")
    version = str(info.get("redis_version", "0"))
    if int(version.partition(".")[0]) < MIN_MAJOR_VERSION:
        raise UnsuitableRedis(f"Redis {version} is too old: {MIN_MAJOR_VERSION}.0 or newer is needed")
    try:
        limits: Any = client.config_get("maxmemory", "maxmemory-policy")
    except redis.ResponseError as error:
        return f"cannot check whether Redis evicts keys ({error}); its maxmemory-policy must be {EVICTION}"
    found = {_text(name): _text(value) for name, value in limits.items()}
    policy = found.get("maxmemory-policy", EVICTION)
    if found.get("maxmemory", "0") != "0" and policy != EVICTION:
        raise UnsuitableRedis(
            f"Redis evicts keys (maxmemory-policy {policy}): rooms would be lost; set it to {EVICTION}"
        )
    return None


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
