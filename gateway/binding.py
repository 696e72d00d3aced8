"""Bind the addresses for clients and for the admin port. Main thread."""

import contextlib
import socket
from collections.abc import Callable, Iterable, Sequence

from gateway.config import Address
from gateway.net.acceptor import listen
from gateway.ops.health import AdminServer, Readiness
from gateway.ops.metrics import Reading, registry_of

# Ports above 1023 that browsers block (Fetch 2.9).
BLOCKED_BY_BROWSERS = frozenset(
    (1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, *range(6665, 6670), 6679, 6697, 10080)
)


class CannotBind(Exception):
    """An address cannot be bound: one line for the operator, exit status 1."""


def bind(
    listen_at: Sequence[Address],
    admin_at: Address | None,
    readiness: Readiness,
    readings: Callable[[], Iterable[Reading]],
) -> tuple[list[socket.socket], AdminServer | None]:
    """Return the listening sockets and the admin server (not started); raise CannotBind if one fails."""
    with contextlib.ExitStack() as undo:
        listening = [undo.enter_context(_listen(address)) for address in listen_at]
        admin = _admin_server(admin_at, readiness, readings) if admin_at is not None else None
        undo.pop_all()
    return listening, admin


def _listen(address: Address) -> socket.socket:
    try:
        return listen(address)
    except OSError as error:
        raise CannotBind(f"listen {address}: {error.strerror or error}") from None


def _admin_server(address: Address, readiness: Readiness, readings: Callable[[], Iterable[Reading]]) -> AdminServer:
    if address.kind == "unix":
        raise CannotBind(f"admin {address}: the admin port is HTTP over TCP, as in 127.0.0.1:9100")
    try:
        return AdminServer(address, readiness, registry_of(readings))
    except OSError as error:
        raise CannotBind(f"admin {address}: {error.strerror or error}") from None


def page_url(addresses: Iterable[str], *, has_tls: bool) -> str | None:
    """Return the first of these addresses (Acceptor.addresses) that a browser on this machine can open, as a URL."""
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not address.startswith("unix:") and int(port) not in BLOCKED_BY_BROWSERS:
            name = "localhost" if host in ("0.0.0.0", "[::]") else host
            return f"{'https' if has_tls else 'http'}://{name}:{port}/"
    return None
