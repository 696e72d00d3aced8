"""URLs of a Redis behind sentinels: their parts, and the check that the named master is one."""

from typing import Any

import pytest

from gateway.broker import sentinel
from gateway.broker.dialing import dial
from gateway.values import redis_url
from tests.broker.test_dialing import Answering


def parts(url: str) -> tuple[list[tuple[str, int]], str, dict[str, Any], dict[str, Any]]:
    """(addresses, service, arguments for Redis, arguments for the sentinels)"""
    sentinels, service, where = sentinel._parts(redis_url(url))
    asked = [one.connection_pool.connection_kwargs for one in sentinels.sentinels]
    return [(one["host"], one["port"]) for one in asked], service, sentinel._client_arguments(where), asked[0]


def test_everything_that_a_url_may_say() -> None:
    addresses, service, where, asked = parts(
        "redis+sentinel://ann:s%2Fcret@one:1,two,[::1]:3/chat/5?sentinel_username=bob&sentinel_password=own&protocol=3"
    )
    assert addresses == [("one", 1), ("two", 26379), ("::1", 3)]
    assert (service, where["username"], where["password"], where["db"]) == ("chat", "ann", "s/cret", 5)
    assert (asked["username"], asked["password"]) == ("bob", "own")
    assert "sentinel_password" not in where


def test_the_shortest_url() -> None:
    addresses, service, where, asked = parts("redis+sentinel://one/chat")
    assert (addresses, service, where) == ([("one", 26379)], "chat", {})
    assert asked.get("password") is None


def test_tls_is_for_both() -> None:
    _, _, where, asked = parts("rediss+sentinel://one/chat?ssl_ca_certs=/etc/ca.pem")
    assert (where["ssl"], where["ssl_ca_certs"]) == (True, "/etc/ca.pem")
    assert asked["ssl_ca_certs"] == "/etc/ca.pem"


@pytest.mark.parametrize("url", ["redis+sentinel://one", "redis+sentinel:///chat", "redis+sentinel://one:x/chat"])
def test_a_url_that_names_no_sentinel_or_no_service_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="redis\\+sentinel://USER"):
        redis_url(url)


MASTER = b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"
REPLICA = b"*3\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n"


@pytest.mark.parametrize(("answer", "is_used"), [(MASTER, True), (REPLICA, False)])
def test_a_server_that_is_no_master_is_not_used(monkeypatch: pytest.MonkeyPatch, answer: bytes, is_used: bool) -> None:
    """In a failover the sentinels may name a server that is no master any more, or not yet."""
    server = Answering([answer])
    monkeypatch.setattr(sentinel, "master", lambda _url: {"host": "127.0.0.1", "port": server.port})
    if is_used:
        dial("redis+sentinel://one/chat").close()
    else:
        with pytest.raises(OSError, match="name a slave as master"):
            dial("redis+sentinel://one/chat")
    server.close()
    assert server.told == [[b"ROLE"]]
