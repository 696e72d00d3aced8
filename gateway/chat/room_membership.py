"""JOIN, PART, QUIT, KICK, GONE and NICK: how they change a room's members. Pure.

Each handler changes the state and shows the effects, or returns why the event is rejected.
"""

from dataclasses import replace

from gateway.chat import events
from gateway.chat.effects import Departure, Joined, Left, Reason, Renamed
from gateway.chat.member import OP, Member
from gateway.chat.modes import Change, reranked
from gateway.chat.room_event import RoomEvent
from gateway.chat.state import NEW_ROOM_FLAGS, State
from gateway.wire.casefold import casefold
from gateway.wire.message import split_source


def join(room: State, event: RoomEvent) -> Reason | None:
    source = event.parsed.source or ""
    nick, user, host = split_source(source)
    if not (user and host and _is_sid(event.sid) and _is_nick(nick, event.sid)):
        return Reason.MALFORMED
    if event.sid in room.members:
        return Reason.ALREADY_MEMBER
    made: list[Change] = []
    modes = had = _modes_before_rekey(room, event)
    if modes is None:
        modes = 0
        if not room.members:
            event.end_life(room, event.index)
        reason = room.may_join(source, event.sid, event.fact("key"), event.is_oper)
        if reason is not None:
            is_stale = events.id_key(event.fact("seen")) < events.id_key(room.changed)
            return Reason.STALE_JOIN if is_stale else reason
        if not room.members:
            room.name = event.params[0]
            room.flags = set(NEW_ROOM_FLAGS)
            modes = had = 0 if event.fact("lobby") == "1" else OP
            made = [Change(True, flag, None) for flag in NEW_ROOM_FLAGS]
    room.created_ms = room.created_ms or event.at_ms
    member = _member(event, _resolve_nick(room, event, nick), user, host, modes)
    room.add(member)
    as_joined = replace(member)  # what follows in the entry may change it before this is shown
    event.show(Joined(event.index, event.sid, room.name, as_joined, "" if member.nick == nick else nick))
    event.show_network_modes(room, made)
    event.show_network_modes(room, reranked(0, had or 0, member.nick, member.sid), member)
    return None


def _member(event: RoomEvent, nick: str, user: str, host: str, modes: int) -> Member:
    return Member(
        event.sid,
        nick,
        user,
        host,
        realname=event.text(1),
        account=event.fact("account"),
        away=event.fact("away") or None,
        modes=modes,
        token=_token(event),
        revision=events.number(event.fact("revision")),
        is_bot=event.fact("bot") == "1",
    )


def _modes_before_rekey(room: State, event: RoomEvent) -> int | None:
    """The modes that the session had under its former id; None if it is not known here by any.

    If the former id is still a member, it quits first.
    """
    was = event.fact("was")
    gateway, _, rest = was.partition(".")
    if rest != event.sid.partition(".")[2] or was == event.sid:
        return None
    if was in room.members:
        member = room.lose(was, event.at_ms)
        event.show(_quit_of_dead(room, event, gateway, member))
    return room.modes_of_lost(was, event.at_ms)


def _quit_of_dead(room: State, event: RoomEvent, gateway: str, member: Member) -> Left:
    reason = f"Gateway {gateway} is gone"
    return Left(event.index, event.sid, room.name, member, Departure.QUIT, member.source, member.nick, reason)


def _leave(room: State, event: RoomEvent, sid: str, how: Departure, reason: str) -> None:
    source = event.source(room)
    member = room.remove(sid)
    event.show(Left(event.index, event.sid, room.name, member, how, source, member.nick, reason))
    if not room.members and not room.lost:  # else it stays as it is for those who may return
        event.end_life(room, event.index + 1)


def part(room: State, event: RoomEvent) -> Reason | None:
    if event.sid not in room.members:
        return Reason.NOT_MEMBER
    _leave(room, event, event.sid, Departure.PART, event.text(1))
    return None


def quit(room: State, event: RoomEvent) -> Reason | None:
    room.invited.pop(event.sid, None)
    if event.sid not in room.members:
        return Reason.NOT_MEMBER
    _leave(room, event, event.sid, Departure.QUIT, event.text(0))
    return None


def kick(room: State, event: RoomEvent) -> Reason | None:
    reason = room.may_operate(event.sid, event.is_oper)
    if reason is not None:
        return reason
    target = event.target_sids[0]
    if target not in room.members:
        return Reason.NO_SUCH_MEMBER
    _leave(room, event, target, Departure.KICK, event.text(2))
    return None


def gone(room: State, event: RoomEvent) -> Reason | None:
    gateway = event.params[0]
    lost = room.end_gateway(gateway, event.at_ms)
    for member in lost:
        event.show(_quit_of_dead(room, event, gateway, member))
    return None if lost else Reason.NO_CHANGE


def nick(room: State, event: RoomEvent) -> Reason | None:
    """A ban does not reject it: a session has one nick, and its other rooms accept this one."""
    if not _is_nick(event.params[0], event.sid):
        return Reason.MALFORMED
    member = room.members.get(event.sid)
    if member is None:
        return Reason.NOT_MEMBER
    nick = _resolve_nick(room, event, event.params[0])
    member.token = _token(event)
    if nick == member.nick:
        return Reason.NO_CHANGE
    _rename(room, event, member, nick)
    return None


def _resolve_nick(room: State, event: RoomEvent, nick: str) -> str:
    """The nick that the session gets. Of two claims of one nick the older is renamed to its session id."""
    holder = room.member_named(nick)
    if holder is None or holder.sid == event.sid:
        return nick
    if (_token(event), event.sid) < (holder.token, holder.sid):
        return event.sid
    _rename(room, event, holder, holder.sid)
    return nick


def _rename(room: State, event: RoomEvent, member: Member, nick: str) -> None:
    old_nick = member.nick
    room.rename(member, nick)
    event.show(Renamed(event.index, event.sid, member, old_nick, nick))


def _token(event: RoomEvent) -> int:
    return events.number(event.fact("token"))


def _is_nick(nick: str, sid: str) -> bool:
    """With a dot only the session's own id: no session can take the fallback nick of another."""
    return bool(nick) and (nick == sid or "." not in nick) and events.NOT_IN_NAMES.isdisjoint(nick)


def _is_sid(sid: str) -> bool:
    return "." in sid and casefold(sid) == sid and events.NOT_IN_NAMES.isdisjoint(sid)
