"""The status of a session that only its lane knows, for WHOIS on other lanes.

Publishing it with every message would be expensive, so other lanes query the owner. Pure.
"""

import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

from gateway.chat.session import Session


class Seat(NamedTuple):
    """A session's membership in a room. ``prefix`` has all its prefixes ("@+")."""

    room: str
    prefix: str
    is_secret: bool


@dataclass(frozen=True, slots=True)
class UserStatus:
    """``address`` is the peer's own, or '' if it was not requested."""

    idle_s: int
    is_secure: bool
    address: str
    seats: tuple[Seat, ...]

    def text(self) -> str:
        """One line, for :func:`read`."""
        return json.dumps(asdict(self), separators=(",", ":"))


def as_word(address: str) -> str:
    """Return an address as a parameter. It may not begin with a colon, as some IPv6 addresses do."""
    return f"0{address}" if address.startswith(":") else address


def presence(session: Session, now: float, *, with_address: bool) -> UserStatus:
    """``now`` in seconds since 1970."""
    seats = [
        Seat(room.name, room.members[session.sid].prefix, "s" in room.flags)
        for room in session.rooms.values()
        if session.sid in room.members
    ]
    address = session.address if with_address else ""
    return UserStatus(max(0, int(now - session.last_active)), session.is_secure, address, tuple(seats))


def read(text: str) -> UserStatus | None:
    """Parse a text of :meth:`UserStatus.text`; None for anything else."""
    try:
        fields = json.loads(text)
        return UserStatus(**{**fields, "seats": tuple(Seat(*seat) for seat in fields["seats"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
