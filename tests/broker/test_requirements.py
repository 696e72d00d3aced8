"""The requirements for a Redis, with a simulated server."""

from typing import Any, cast

import pytest
import redis

from gateway.broker.requirements import UnsuitableRedis, check


class Answers:
    """A server's answers about itself."""

    def __init__(self, version: str, limits: dict[Any, Any] | None) -> None:
        self._version, self._limits = version, limits

    def info(self, _section: str) -> dict[str, str]:
        return {"redis_version": self._version}

    def config_get(self, *_names: str) -> dict[Any, Any]:
        if self._limits is None:
            raise redis.ResponseError("unknown command 'CONFIG'")
        return self._limits


def outcome(version: str, limits: dict[Any, Any] | None) -> str | None:
    return check(cast("redis.Redis", Answers(version, limits)))


@pytest.mark.parametrize(
    "limits",
    [
        {"maxmemory": "0", "maxmemory-policy": "allkeys-lru"},  # without a limit nothing is evicted
        {b"maxmemory": b"1000000", b"maxmemory-policy": b"noeviction"},
        {},
    ],
)
def test_one_that_never_evicts_is_fit(limits: dict[Any, Any]) -> None:
    assert outcome("7.2.4", limits) is None


def test_one_that_may_evict_is_refused() -> None:
    with pytest.raises(UnsuitableRedis, match="maxmemory-policy volatile-lru"):
        outcome("7.2.4", {b"maxmemory": b"1000000", b"maxmemory-policy": b"volatile-lru"})


def test_an_old_one_is_refused() -> None:
    with pytest.raises(UnsuitableRedis, match=r"Redis 6\.2\.14 is too old"):
        outcome("6.2.14", {})


def test_one_that_does_not_tell_is_a_warning() -> None:
    assert "noeviction" in (outcome("7.0.0", None) or "")
