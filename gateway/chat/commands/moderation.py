"""TOPIC, KICK, INVITE (Modern IRC "Channel Operations").

Each command is checked against the replica for an immediate answer, then appended. It takes effect when its entry is
applied.
"""

from collections.abc import Iterable

from gateway.chat import events
from gateway.chat.commands.rooms import send_topic
from gateway.chat.commands.table import Command
from gateway.chat.commands.visibility import can_see, existing_room, not_a_member
from gateway.chat.effects import Invited, reason_of
from gateway.chat.errors import CommandError, check, no_such_nick, too_few_parameters, too_many_targets
from gateway.chat.interfaces import Services
from gateway.chat.isupport import KICKLEN, MAX_TARGETS, TOPICLEN
from gateway.chat.render import effect_lines
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.message import Message


async def topic(services: Services, session: Session, message: Message) -> None:
    """Modern IRC TOPIC: show it, or set it. An empty text removes it."""
    room = await existing_room(services, session, message.params[0])
    if len(message.params) == 1:
        if not can_see(session, room):
            raise CommandError(n.ERR_NOTONCHANNEL, room.name, "You're not on that channel")
        send_topic(session, room)
        return
    is_oper = bool(session.oper)
    check("TOPIC", room.name, room.may_set_topic(session.sid, is_oper))
    line = events.topic_set(session.source, room.name, message.params[1][:TOPICLEN], is_oper)
    check("TOPIC", room.name, reason_of(await services.outgoing.commit_to(session, room.name, line)))


async def kick(services: Services, session: Session, message: Message) -> None:
    """Modern IRC KICK of several members; RFC 2812 3.2.8: of one room, or each of the room named for it.

    Without a comment, the comment is the nick of the session that kicks.
    """
    names, nicks = ([word for word in param.split(",") if word] for param in message.params[:2])
    if not nicks or len(names) not in (1, len(nicks)):
        raise too_few_parameters("KICK")
    if len(nicks) > MAX_TARGETS:
        raise too_many_targets(message.params[1], MAX_TARGETS)
    comment = message.params[2][:KICKLEN] if len(message.params) > 2 else ""
    members: dict[str, dict[str, None]] = {}
    for name, nick in zip(names if len(names) > 1 else names * len(nicks), nicks, strict=True):
        members.setdefault(casefold(name), {})[nick] = None
    for folded, name in {casefold(name): name for name in names}.items():
        with session.answering():
            await _kick(services, session, name, members[folded], comment)


async def _kick(services: Services, session: Session, name: str, nicks: Iterable[str], comment: str) -> None:
    """Kick these members of one room."""
    room = await existing_room(services, session, name)
    check("KICK", room.name, room.may_operate(session.sid, bool(session.oper)))
    for nick in nicks:
        with session.answering():
            await _kick_one(services, session, room, nick, comment or session.nick)


async def _kick_one(services: Services, session: Session, room: Room, nick: str, comment: str) -> None:
    member = room.member_named(nick)
    if member is None:
        raise await not_a_member(services, room, nick)
    line = events.kicked(session.source, room.name, member.nick, member.sid, comment, bool(session.oper))
    check("KICK", room.name, reason_of(await services.outgoing.commit_to(session, room.name, line)), nick)


async def invite(services: Services, session: Session, message: Message) -> None:
    """Modern IRC INVITE. The room's log stores the invitation, and the invited session's lane shows it the line."""
    if not message.params:
        await _list_invites(services, session)
        return
    if len(message.params) == 1:
        raise too_few_parameters("INVITE")
    nick, name = message.params[:2]
    profile = await services.directory.find(nick)
    if profile is None:
        raise no_such_nick(nick)
    room = await existing_room(services, session, name)
    is_oper = bool(session.oper)
    check("INVITE", room.name, room.may_invite(session.sid, profile.sid, is_oper), profile.nick)
    line = events.invited(session.source, profile.nick, room.name, profile.sid, is_oper)
    effect = await services.outgoing.commit_to(session, room.name, line)
    check("INVITE", room.name, reason_of(effect), profile.nick)
    if not isinstance(effect, Invited):
        return
    if not await services.direct.notify(profile.sid, effect_lines(effect)[0], session.sender):
        raise no_such_nick(nick)
    session.numeric_words(n.RPL_INVITING, profile.nick, room.name)
    if profile.away is not None:
        session.numeric(n.RPL_AWAY, profile.nick, profile.away)


async def _list_invites(services: Services, session: Session) -> None:
    """RPL_INVITELIST: the rooms that this session is still invited to."""
    for folded, name in list((session.invites or {}).items()):
        room = await services.rooms.open(name)
        if session.sid in room.invited:
            session.numeric_words(n.RPL_INVITELIST, room.name)
        elif session.invites is not None:
            session.invites.pop(folded, None)
    session.numeric(n.RPL_ENDOFINVITELIST, "End of /INVITE list")


COMMANDS = {
    "TOPIC": Command(topic, 1),
    "KICK": Command(kick, 2),
    "INVITE": Command(invite),
}
