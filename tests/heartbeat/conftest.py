"""Fixtures: the heartbeat's tests run with fakeredis and with a real server."""

import contextlib
from collections.abc import Callable, Iterator

import fakeredis
import pytest
import redis

from gateway.broker.keys import Keys
from gateway.heartbeat import leases

Connect = Callable[[str], "redis.Redis"]


@pytest.fixture
def keys(prefix: str) -> Keys:
    return Keys(prefix)


@pytest.fixture(params=["fake", "real"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """Return a function that makes clients of one server. Its argument is ignored."""
    if request.param == "fake":
        server = fakeredis.FakeServer()
        return lambda _url: fakeredis.FakeRedis(server=server)
    url = request.getfixturevalue("redis_url")
    return lambda _url: leases.client(url)


@pytest.fixture
def client(connect: Connect) -> Iterator["redis.Redis"]:
    with contextlib.closing(connect("")) as made:
        yield made
