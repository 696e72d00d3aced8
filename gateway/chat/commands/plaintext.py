"""NICK and JOIN for plain text (netcat): a name joins the lobby, and a room begins with its last lines.

They replace the IRC commands of these names. Users of plain text have no program that joins or asks for history.
"""

from collections.abc import Iterable

from gateway.chat.commands.connecting import nick
from gateway.chat.commands.rooms import join_one
from gateway.chat.commands.table import Command
from gateway.chat.history_access import FIRST, ID_LIMIT, PastEvent, Span, place_of, readable
from gateway.chat.interfaces import Services
from gateway.chat.playback import shown
from gateway.chat.session import Session
from gateway.wire.casefold import casefold
from gateway.wire.message import Message
from gateway.wire.names import valid_room


async def take_name(services: Services, session: Session, message: Message) -> None:
    """Take a nick. The first one registers the session and joins the lobby."""
    was_registered = session.is_registered
    await nick(services, session, message)
    if session.is_registered and not was_registered:
        await _enter(services, session, services.context.server.lobby)


async def join(services: Services, session: Session, message: Message) -> None:
    """Join a room, or make it the active room if the session is in it: typed lines go there from now on."""
    await _enter(services, session, message.params[0])


async def _enter(services: Services, session: Session, name: str) -> None:
    room = session.rooms.get(casefold(name))
    if room is not None:
        services.rooms.set_active(session, name)
        session.note(f"you now write in {room.name}")
        return
    if not valid_room(name):
        await join_one(services, session, name)  # replies why not
        return
    # Read before the JOIN and shown right after it: once the JOIN is applied, new lines come by the fan-out.
    found = await services.rooms.open(name)
    seen = place_of(services.rooms.position(name), ID_LIMIT)
    may_read = readable(session.sid, found, as_member=True)
    assert may_read is not None
    count = services.context.server.join_history_messages
    said = (await services.history.read(may_read, Span(FIRST, seen, count, newest=True))).events if count else []
    effect = await join_one(services, session, name)
    may_read = readable(session.sid, session.rooms[casefold(name)]) if effect is not None else None
    if effect is None or may_read is None:
        return
    said = [past for past in said if past.place in may_read]  # the session may have left the room meanwhile
    if said:
        session.note(f"recent messages of {name}:")
    _show(session, said)
    joined_at = place_of(services.rooms.position(name), effect.index)
    if count:
        said_meanwhile = Span(seen, joined_at, count, newest=True)
        _show(session, (await services.history.read(may_read, said_meanwhile)).events)


def _show(session: Session, said: Iterable[PastEvent]) -> None:
    for past in said:
        for line in shown(past, 0, ""):
            session.reply(line)


COMMANDS = {
    "NICK": Command(take_name, before_registration=True),
    "JOIN": Command(join, 1),
}
