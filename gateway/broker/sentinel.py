"""Find a Redis by its URL, directly or through the sentinels that know its master.

``redis+sentinel://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]/SERVICE[/DB][?...]``, with ``rediss`` for TLS to the
sentinels and to Redis. The parameters ``sentinel_username`` and ``sentinel_password`` are for the sentinels. All others
are as in redis:// URLs. The control plane uses a redis-py client, a lane's link the master's address. Blocks.
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode

import redis
from redis.backoff import NoBackoff
from redis.connection import SSLConnection, parse_url
from redis.retry import Retry
from redis.sentinel import Sentinel

SCHEMES = ("redis+sentinel://", "rediss+sentinel://")
SENTINEL_PORT = 26379
SENTINEL_TIMEOUT_S = 1.5  # for each sentinel, since there are others


def is_behind_sentinels(url: str) -> bool:
    return url.startswith(SCHEMES)


def client(url: str, *, connect_timeout_s: float, timeout_s: float) -> "redis.Redis":
    """Return a client that never retries. redis-py retries by default, which could repeat an append."""
    options = {"socket_timeout": timeout_s, "socket_connect_timeout": connect_timeout_s}
    if is_behind_sentinels(url):
        sentinels, service, where = _parts(url)
        retry = {"retry": Retry(NoBackoff(), 0)}
        return sentinels.master_for(service, **_client_arguments(where), **options, **retry)  # type: ignore[no-any-return,no-untyped-call]
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **options)


def master(url: str) -> dict[str, Any]:
    """Return the master's address with the URL's parameters, as redis-py's parse_url; raise OSError."""
    sentinels, service, where = _parts(url)
    try:
        host, port = sentinels.discover_master(service)  # type: ignore[no-untyped-call]
    except redis.RedisError as error:
        raise OSError(f"the sentinels name no master: {error}") from None
    finally:
        for sentinel in sentinels.sentinels:
            sentinel.close()
    return where | {"host": host, "port": port}


def _parts(url: str) -> tuple[Sentinel, str, dict[str, Any]]:
    """Split a URL into the sentinels, the service and the parameters of its Redis."""
    scheme, _, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    place, service, *db = rest.split("/")
    credentials, _, hosts = place.rpartition("@")
    pairs = parse_qsl(query)
    own = urlencode([pair for pair in pairs if not pair[0].startswith("sentinel_")])
    plain = f"{scheme.removesuffix('+sentinel')}://{credentials}@redis/{db[0] if db else ''}?{own}"
    where: dict[str, Any] = dict(parse_url(plain))  # type: ignore[no-untyped-call]
    tls = {name: value for name, value in _client_arguments(where).items() if name.startswith("ssl")}
    login = {name.removeprefix("sentinel_"): value for name, value in pairs if name.startswith("sentinel_")}
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        [_address(host) for host in hosts.split(",")],
        sentinel_kwargs={
            "socket_timeout": SENTINEL_TIMEOUT_S,
            "retry": Retry(NoBackoff(), 0),
            **login,
            **tls,
        },
    )
    return sentinels, service, where


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, ""
    return host.strip("[]"), int(port or SENTINEL_PORT)


def _client_arguments(where: dict[str, Any]) -> dict[str, Any]:
    """Convert the result of parse_url to arguments of a client."""
    arguments = {name: value for name, value in where.items() if name not in ("host", "port", "connection_class")}
    return arguments | ({"ssl": True} if where.get("connection_class") is SSLConnection else {})
