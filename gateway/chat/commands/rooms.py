"""JOIN, PART, NAMES (Modern IRC "Channel Operations").

Each command is checked against the replica for an immediate answer, then appended. It takes effect when its entry is
applied.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest

from gateway.chat import costs, events
from gateway.chat.capabilities import MULTI_PREFIX, NO_IMPLICIT_NAMES, USERHOST_IN_NAMES
from gateway.chat.commands.read_markers import send_room_marker
from gateway.chat.commands.replay import last_lines
from gateway.chat.commands.table import Command
from gateway.chat.commands.visibility import can_see, existing_room
from gateway.chat.effects import Effect, Reason, reason_of
from gateway.chat.errors import CommandError, check, no_such_room, too_many_targets
from gateway.chat.history_access import Place, place_of
from gateway.chat.interfaces import Services
from gateway.chat.isupport import MAX_ROOMS, MAX_TARGETS
from gateway.chat.joining import JOIN_TRIES, join_line
from gateway.chat.member import Member
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.framing import LINE_CONTENT_BYTES, cut
from gateway.wire.message import Message
from gateway.wire.names import NICKLEN, valid_room

OUTSIDERS_LIMIT = 500


async def join(services: Services, session: Session, message: Message) -> None:
    """Modern IRC JOIN; ``JOIN 0`` leaves every room (RFC 2812 3.2.1)."""
    if message.params[0] == "0":
        session.charge(costs.rooms(len(session.rooms)))
        for room in list(session.rooms.values()):
            await services.outgoing.commit_to(session, room.name, events.parted(session.source, room.name, ""))
        return
    session.charge(costs.rooms(message.params[0].count(",") + 1))
    keys = message.params[1].split(",") if len(message.params) > 1 else []
    joined: list[tuple[str, Place]] = []
    for name, key in zip_longest(_names(message.params[0]), keys[: message.params[0].count(",") + 1], fillvalue=""):
        effect: Effect | None = None
        if name:
            with session.answering():
                effect = await join_one(services, session, name, key)
        if effect is not None:
            joined.append((name, place_of(services.rooms.position(name), effect.index)))
        elif name:  # a refused JOIN did not wait: let other clients have a turn before the next one
            await services.pacing.pause(0.0)
    if joined:
        await last_lines(services, session, joined)


def _names(text: str) -> Iterable[str]:
    return (name for name in text.split(",") if name)


async def join_one(services: Services, session: Session, name: str, key: str = "") -> Effect | None:
    """Join a room and send its topic and names. Return the effect of the JOIN, None if the session is in the room.

    Raises CommandError if the room does not let the user in.
    """
    if not valid_room(name):
        raise no_such_room(name)
    if len(session.rooms) >= MAX_ROOMS:
        raise CommandError(n.ERR_TOOMANYCHANNELS, name, "You have joined too many channels")
    if casefold(name) in session.rooms:
        return None
    effect: Effect | None = None
    rejection: Reason | None = Reason.STALE_JOIN
    for _ in range(JOIN_TRIES):
        room = await services.rooms.open(name)
        session.charge(costs.masks(room.mask_count))
        rejection = room.may_join(session.source, session.sid, key, bool(session.oper))
        if services.rooms.is_new(name):
            session.charge(costs.NEW_ROOM)
            if not services.rooms.may_create(session):
                text = "Too many new channels from your address; try again later"
                raise CommandError(n.ERR_TOOMANYCHANNELS, name, text)
        if rejection is None:
            seen, lobby = services.rooms.position(name), services.context.server.lobby
            line = join_line(session, name, seen, lobby, key=key, oper=bool(session.oper))
            effect = await services.outgoing.commit_to(session, name, line, is_join=True)
            rejection = reason_of(effect)
        if rejection is not Reason.STALE_JOIN:
            break
    check("JOIN", name, rejection)
    if rejection is None and casefold(name) in session.rooms:  # not kicked in the same entry
        show_room(services, session, session.rooms[casefold(name)])
        return effect
    return None


async def part(services: Services, session: Session, message: Message) -> None:
    """Modern IRC PART."""
    reason = message.params[1] if len(message.params) > 1 else ""
    session.charge(costs.rooms(message.params[0].count(",") + 1))
    for name in _names(message.params[0]):
        with session.answering():
            await _part_one(services, session, name, reason)


async def _part_one(services: Services, session: Session, name: str, reason: str) -> None:
    room = session.rooms.get(casefold(name))
    if room is None:
        await existing_room(services, session, name)
        raise CommandError(n.ERR_NOTONCHANNEL, name, "You're not on that channel")
    line = cut(events.parted(session.source, room.name, reason), LINE_CONTENT_BYTES)
    check("PART", room.name, reason_of(await services.outgoing.commit_to(session, name, line)))


def show_room(services: Services, session: Session, room: Room) -> None:
    """Send what follows a JOIN: the topic, if there is one, the read marker, and the names."""
    if room.topic:
        send_topic(session, room)
    send_room_marker(session, room.name)
    if not session.caps & NO_IMPLICIT_NAMES:
        send_names(services, session, room)


def send_topic(session: Session, room: Room) -> None:
    """RPL_TOPIC and RPL_TOPICWHOTIME, or RPL_NOTOPIC."""
    if not room.topic:
        session.numeric(n.RPL_NOTOPIC, room.name, "No topic is set")
        return
    session.numeric(n.RPL_TOPIC, room.name, room.topic)
    session.numeric_words(n.RPL_TOPICWHOTIME, room.name, room.topic_by, str(room.topic_at_ms // 1000))


async def names(services: Services, session: Session, message: Message) -> None:
    """Modern IRC NAMES. Without a room it lists none, as a list of all would have no bound."""
    if not message.params:
        session.numeric(n.RPL_ENDOFNAMES, "*", "End of /NAMES list.")
        return
    asked = list({casefold(name): name for name in _names(message.params[0])}.values())
    if len(asked) > MAX_TARGETS:
        raise too_many_targets(message.params[0], MAX_TARGETS)
    for name in asked:
        room = await visible_room(services, session, name)
        if room is None:
            session.numeric(n.RPL_ENDOFNAMES, name, "End of /NAMES list.")
        else:
            send_names(services, session, room, await visible_members(services, session, room))


async def visible_room(services: Services, session: Session, name: str) -> Room | None:
    """Return the live replica of a room that the user may see; None if there is none, or it is secret."""
    room = session.rooms.get(casefold(name))
    if room is None and valid_room(name):
        room = await services.rooms.open(name)
    is_there = room is not None and (room.members or casefold(name) in session.rooms)
    return room if room is not None and is_there and can_see(session, room) else None


async def visible_members(services: Services, session: Session, room: Room) -> list[Member]:
    """Return the members that the user may see: all for a member or operator, else a limited number, none invisible."""
    members = list(room.members.values())
    if room.folded_name in session.rooms:
        return [*members, *services.rooms.detached_members(session, room)]
    if session.oper:
        return members
    session.charge(costs.lookups(len(members[:OUTSIDERS_LIMIT])))
    profiles = await services.directory.find_all([member.nick for member in members[:OUTSIDERS_LIMIT]])
    if len(members) > OUTSIDERS_LIMIT:
        session.note(
            f"{room.name} has {len(members)} users: only {OUTSIDERS_LIMIT} of them are checked for non-members"
        )
    if room.folded_name in session.rooms:  # it has joined meanwhile
        return [*room.members.values(), *services.rooms.detached_members(session, room)]
    pairs = zip(members, profiles, strict=False)
    return [member for member, profile in pairs if profile is None or not profile.invisible]


def send_names(services: Services, session: Session, room: Room, members: Iterable[Member] | None = None) -> None:
    """Send RPL_NAMREPLY lines and RPL_ENDOFNAMES. ``members``: those that the user may see, if not all."""
    symbol = "@" if "s" in room.flags else "="
    head = f":{session.server} {n.RPL_NAMREPLY} {session.nick} {symbol} {room.name} :"
    # The lines are cached for all sessions that join at once, so they leave room for the longest nick.
    limit_bytes = LINE_CONTENT_BYTES - len(head.encode()) - NICKLEN + len(session.nick)
    caps = session.caps & (MULTI_PREFIX | USERHOST_IN_NAMES)
    shown, kept = services.rooms.client_side_nicks(room), services.rooms.detached_members(session, room)
    if members is None and not shown and not kept:
        key = (caps, limit_bytes)
        lines = room.listing.get(key)
        if lines is None:
            names = _member_names(caps, room.members.values(), shown)
            lines = room.listing[key] = list(packed(names, limit_bytes))
    else:
        there = [*room.members.values(), *kept] if members is None else members
        lines = list(packed(_member_names(caps, there, shown), limit_bytes))
    for line in lines:
        session.reply(head + line)
    session.numeric(n.RPL_ENDOFNAMES, room.name, "End of /NAMES list.")


def _member_names(caps: int, members: Iterable[Member], shown: Mapping[str, str]) -> Iterator[str]:
    """Return names in the form of IRCv3 multi-prefix and userhost-in-names."""
    for member in members:
        prefix, nick = member.prefix, shown.get(member.sid, member.nick)
        if nick:
            name = f"{nick}!{member.user}@{member.host}" if caps & USERHOST_IN_NAMES else nick
            yield (prefix if caps & MULTI_PREFIX else prefix[:1]) + name


def packed(words: Iterable[str], limit_bytes: int, separator: str = " ") -> Iterator[str]:
    """Join words into lines of at most so many bytes."""
    line: list[str] = []
    size = 0
    for word in words:
        length = len(word.encode()) + 1
        if line and size + length > limit_bytes:
            yield separator.join(line)
            line, size = [], 0
        line.append(word)
        size += length
    if line:
        yield separator.join(line)


COMMANDS = {
    "JOIN": Command(join, 1),
    "NAMES": Command(names),
    "PART": Command(part, 1),
}
