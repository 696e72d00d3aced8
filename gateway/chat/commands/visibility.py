"""Which rooms a user may ask about: those that exist, and the secret ones only from within."""

from gateway.chat.ports import Ports
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold


async def existing_room(ports: Ports, session: Session, name: str) -> Room | None:
    """The live replica of a room, which this lane follows from now on; None where there is none: that is told."""
    room = session.rooms.get(casefold(name))
    if room is None and ports.is_room_name(name):
        room = await ports.open_room(name)
    if room is None or not room.members:
        session.numeric(n.ERR_NOSUCHCHANNEL, name, "No such channel")
        return None
    return room


def can_see(session: Session, room: Room) -> bool:
    """Modern IRC "Secret channel mode": a secret room tells nothing to those outside, but to operators."""
    return "s" not in room.flags or session.sid in room.members or bool(session.oper)
