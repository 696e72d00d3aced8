"""Taking the addresses that clients and the operator connect to, and saying which cannot be had. Main thread."""

import contextlib
import socket
from collections.abc import Callable, Iterable, Sequence

from gateway.config import Address
from gateway.net.acceptor import listen
from gateway.ops.health import AdminServer, Readiness
from gateway.ops.metrics import Reading, registry_of


class CannotBind(Exception):
    """The environment refuses an address: one line for the operator, exit status 1."""


def bind(
    listen_at: Sequence[Address],
    admin_at: Address | None,
    readiness: Readiness,
    readings: Callable[[], Iterable[Reading]],
) -> tuple[list[socket.socket], AdminServer | None]:
    """The listening sockets and the admin server (not started); all of them or CannotBind."""
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
