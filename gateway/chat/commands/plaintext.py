"""NICK and JOIN as people with netcat mean them: a name brings them to the lobby, a room begins with its last lines.

In place of the IRC commands of that name for readers of plain text, who have no program that would ask for
history or join for them.
"""

from gateway.chat.commands.connecting import nick
from gateway.chat.commands.rooms import join_one
from gateway.chat.commands.table import Command
from gateway.chat.past import FIRST, ID_LIMIT, Span, place_of
from gateway.chat.ports import Ports
from gateway.chat.session import Session
from gateway.wire.casefold import fold
from gateway.wire.message import Message

BACKLOG_MESSAGES = 20


async def take_name(ports: Ports, session: Session, message: Message) -> None:
    """Takes a name; the first one makes a user of them and brings them to the lobby."""
    was_registered = session.is_registered
    await nick(ports, session, message)
    if session.is_registered and not was_registered:
        await _enter(ports, session, ports.server.lobby)


async def join(ports: Ports, session: Session, message: Message) -> None:
    """Joins a room, or turns to one that they are in: what they type goes there from now on."""
    await _enter(ports, session, message.params[0])


async def _enter(ports: Ports, session: Session, name: str) -> None:
    room = session.rooms.get(fold(name))
    if room is not None:
        ports.look(session, name)
        session.note(f"you talk in {room.name} now")
        return
    if not ports.is_room_name(name):
        await join_one(ports, session, name)  # says why not
        return
    # Read before the JOIN, shown right behind it: from its fold on, others' lines come as they are said.
    await ports.open_room(name)
    seen = place_of(ports.position(name), ID_LIMIT)
    said = await ports.history(name, Span(FIRST, seen, BACKLOG_MESSAGES, newest=True))
    effect = await join_one(ports, session, name)
    if effect is None:
        return
    if said:
        session.note(f"the last that was said in {name}:")
    for message in said:
        session.reply(message.line)
    joined_at = place_of(ports.position(name), effect.index)
    for message in await ports.history(name, Span(seen, joined_at, BACKLOG_MESSAGES, newest=True)):
        session.reply(message.line)  # said while the JOIN was on its way


COMMANDS = {
    "NICK": Command(take_name, before_registration=True),
    "JOIN": Command(join, 1),
}
