"""Sessions that outlive their connection: many requests, then a reset of the connection."""

import contextlib
import socket
import struct
import time

from tests.attacks.innocents import USERS
from tests.attacks.stage import Stage, attack

SECONDS = 15.0
CONNECTIONS = 600
"""Connections of one address. The gateway refuses those that come too fast."""
LINGERS_LIMIT_S = 20.0


@attack("one address registers, sends 256 LIST and resets the connection, as often as allowed")
def resets(stage: Stage) -> None:
    stage.begin()
    until, most = time.monotonic() + SECONDS, 0.0
    for number in range(CONNECTIONS):
        if time.monotonic() > until:
            break
        connected = stage.raw()
        with contextlib.suppress(OSError):
            connected.sendall(f"NICK eve{number}\r\nUSER u 0 * :u\r\n".encode() + b"LIST\r\n" * 256)
            connected.recv(1)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connected.close()
        if number % 20 == 0:
            most = max(most, stage.metric("hubbub_users") - USERS)
    ended = time.monotonic()
    while (left := stage.metric("hubbub_users") - USERS) > 0 and time.monotonic() < ended + LINGERS_LIMIT_S:
        most = max(most, left)
        time.sleep(0.1)
    gone = f"the last one left after {time.monotonic() - ended:.1f} s" if not left else f"{left:.0f} of them stay"
    stage.note(f"at most {most:.0f} users of one address; {gone}")
