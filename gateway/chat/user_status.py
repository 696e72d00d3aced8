"""What only the lane of a session knows of it, as WHOIS tells it to others.

It would be wasteful to publish it at every message, so the owner is asked. Pure.
"""

import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

from gateway.chat.session import Session


class Seat(NamedTuple):
    """A session's place in a room; ``prefix`` is all of "@+" that it has there."""

    room: str
    prefix: str
    is_secret: bool


@dataclass(frozen=True, slots=True)
class UserStatus:
    """``address`` is the peer's own, '' where it was not asked for."""

    idle_s: int
    is_secure: bool
    address: str
    seats: tuple[Seat, ...]

    def text(self) -> str:
        """One line, for :func:`read`."""
        return json.dumps(asdict(self), separators=(",", ":"))


def as_word(address: str) -> str:
    """An address as a parameter: an IPv6 one may not begin with the colon that begins a text."""
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
    """What :meth:`Presence.text` wrote; None for anything else."""
    try:
        fields = json.loads(text)
        return UserStatus(**{**fields, "seats": tuple(Seat(*seat) for seat in fields["seats"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
