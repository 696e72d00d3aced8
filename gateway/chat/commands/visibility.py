"""Rooms that a user may ask about: those that exist; secret rooms only for members and operators."""

from gateway.chat.errors import CommandError, no_such_nick, no_such_room
from gateway.chat.interfaces import Services
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.names import valid_room


async def existing_room(services: Services, session: Session, name: str) -> Room:
    """Return the live replica of a room, which this lane follows from now on.

    Raises CommandError (ERR_NOSUCHCHANNEL) where there is no such room.
    """
    room = session.rooms.get(casefold(name))
    if room is None and valid_room(name):
        room = await services.rooms.open(name)
    if room is None or not room.members:
        raise no_such_room(name)
    return room


async def not_a_member(services: Services, room: Room, nick: str) -> CommandError:
    """Return the error of a command about a member, if no member has this nick."""
    if services.nicks.known_sid(nick) is None and await services.directory.find(nick) is None:
        return no_such_nick(nick)
    return CommandError(n.ERR_USERNOTINCHANNEL, nick, room.name, "They aren't on that channel")


def can_see(session: Session, room: Room) -> bool:
    """Modern IRC "Secret channel mode": only members and operators see a secret room."""
    return "s" not in room.flags or session.sid in room.members or bool(session.oper)
