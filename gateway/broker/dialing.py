"""Bringing a connected socket to Redis from a URL: name look-up, TCP or Unix socket, TLS. Blocks: executor only."""

import socket
from typing import Any

from redis.connection import parse_url

TIMEOUT_S = 5.0


def dial(url: str) -> socket.socket:
    """Connects to the Redis of a redis://, rediss:// or unix:// URL; raises OSError."""
    where = _parts(url)
    if "path" in where:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.settimeout(TIMEOUT_S)
        try:
            connected.connect(where["path"])
        except OSError:
            connected.close()
            raise
        return connected
    host = where.get("host", "localhost")
    connected = socket.create_connection((host, where.get("port", 6379)), TIMEOUT_S)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connected


def greeting(url: str) -> tuple[str, ...]:
    """The words after ``HELLO 3``: credentials, if the URL has any."""
    where = _parts(url)
    if not where.get("password"):
        return ()
    return ("AUTH", where.get("username") or "default", where["password"])


def database(url: str) -> int:
    """The number of the database in the URL."""
    return int(_parts(url).get("db", 0))


def _parts(url: str) -> dict[str, Any]:
    return dict(parse_url(url))  # type: ignore[no-untyped-call]
