"""NICK and JOIN as people with netcat mean them: a name brings them to the lobby, a room begins with its last lines.

In place of the IRC commands of that name for readers of plain text, who have no program that would ask for
history or join for them.
"""

from collections.abc import Iterable

from gateway.chat.commands.connecting import nick
from gateway.chat.commands.rooms import join_one
from gateway.chat.commands.table import Command
from gateway.chat.history_access import FIRST, ID_LIMIT, PastEvent, Span, place_of, readable
from gateway.chat.playback import shown
from gateway.chat.ports import Ports
from gateway.chat.session import Session
from gateway.wire.casefold import casefold
from gateway.wire.message import Message


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
    room = session.rooms.get(casefold(name))
    if room is not None:
        ports.look(session, name)
        session.note(f"you talk in {room.name} now")
        return
    if not ports.is_room_name(name):
        await join_one(ports, session, name)  # says why not
        return
    # Read before the JOIN, shown right behind it: from its fold on, others' lines come as they are said.
    found = await ports.open_room(name)
    seen = place_of(ports.position(name), ID_LIMIT)
    may_read = readable(session.sid, found, as_member=True)
    assert may_read is not None
    count = ports.server.join_history_messages
    said = (await ports.history(may_read, Span(FIRST, seen, count, newest=True))).events if count else []
    effect = await join_one(ports, session, name)
    may_read = readable(session.sid, session.rooms[casefold(name)]) if effect is not None else None
    if effect is None or may_read is None:
        return
    said = [past for past in said if past.place in may_read]  # the room may have been left and locked meanwhile
    if said:
        session.note(f"the last that was said in {name}:")
    _show(session, said)
    joined_at = place_of(ports.position(name), effect.index)
    if count:
        said_meanwhile = Span(seen, joined_at, count, newest=True)
        _show(session, (await ports.history(may_read, said_meanwhile)).events)


def _show(session: Session, said: Iterable[PastEvent]) -> None:
    for past in said:
        for line in shown(past, 0, ""):
            session.reply(line)


COMMANDS = {
    "NICK": Command(take_name, before_registration=True),
    "JOIN": Command(join, 1),
}
