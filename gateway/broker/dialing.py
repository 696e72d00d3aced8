"""Connect to the Redis of a URL: sentinels, name lookup, TCP or Unix socket, TLS, credentials.

Blocks, so it runs on the executor only. The connected socket then belongs to one lane, which never blocks.
"""

import socket
import ssl
from typing import Any

import hiredis
from redis.connection import parse_url

from gateway.broker import sentinel

TIMEOUT_S = 5.0
REPLY_LIMIT_BYTES = 64 * 1024


def dial(url: str) -> socket.socket:
    """Connect to a Redis, or to the master that sentinels name; raise OSError, also if Redis refuses."""
    has_sentinels = sentinel.is_behind_sentinels(url)
    where: dict[str, Any] = sentinel.master(url) if has_sentinels else dict(parse_url(url))  # type: ignore[no-untyped-call]
    connected = _connected(where)
    try:
        if url.startswith("rediss"):
            connected = _encrypted(connected, where)
        if where.get("password"):
            _command(connected, "AUTH", where.get("username") or "default", where["password"])
        if has_sentinels:
            _check_role(connected)
        if where.get("db"):
            _command(connected, "SELECT", str(where["db"]))
    except OSError:
        connected.close()
        raise
    return connected


def _connected(where: dict[str, Any]) -> socket.socket:
    if "path" in where:
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        unix.settimeout(TIMEOUT_S)
        try:
            unix.connect(where["path"])
        except OSError:
            unix.close()
            raise
        return unix
    connected = socket.create_connection((where.get("host", "localhost"), where.get("port", 6379)), TIMEOUT_S)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connected


def _check_role(connected: socket.socket) -> None:
    """Check the role: during a failover, sentinels may name a server that is not a master yet, or not any more."""
    reply = _command(connected, "ROLE")
    if reply[0] != b"master":
        raise OSError(f"the sentinels name a {reply[0].decode()} as master")


def _command(connected: socket.socket, *words: str) -> Any:
    """Send a command and return the reply; raise OSError if it is an error."""
    encoded = [word.encode() for word in words]
    connected.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded))
    reader, read = hiredis.Reader(), 0
    while (reply := reader.gets()) is False:
        piece = connected.recv(REPLY_LIMIT_BYTES)
        read += len(piece)
        if not piece or read > REPLY_LIMIT_BYTES:
            raise OSError(f"no reply to {words[0]}")
        reader.feed(piece)
    if isinstance(reply, hiredis.ReplyError):
        raise OSError(f"{words[0]} refused: {reply}")
    return reply


class _TlsSocket(ssl.SSLSocket):
    """A TLS socket that raises BlockingIOError when it is not ready, as other sockets do."""

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            data = super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        while self.pending():  # a selector does not report bytes that TLS has already read
            data += super().recv(buflen, flags)
        return data

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None


def _encrypted(connected: socket.socket, where: dict[str, Any]) -> socket.socket:
    """Start TLS with the URL's parameters, as in redis-py: ssl_ca_certs, ssl_certfile, ssl_keyfile, ssl_cert_reqs."""
    context = ssl.create_default_context(cafile=where.get("ssl_ca_certs"))
    if where.get("ssl_cert_reqs") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if where.get("ssl_certfile"):
        context.load_cert_chain(where["ssl_certfile"], where.get("ssl_keyfile"))
    context.sslsocket_class = _TlsSocket
    return context.wrap_socket(connected, server_hostname=where.get("host", "localhost"))
