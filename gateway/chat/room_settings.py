"""MODE, TOPIC, INVITE, RULES, and the profiles of members: how they change a room. Pure.

Each handler changes the state and shows the effects, or returns why the event is rejected.
"""

from collections.abc import Callable

from gateway.chat import events
from gateway.chat.effects import Invited, ModesSet, ProfileChanged, Reason, TopicSet
from gateway.chat.modes import RANKS, parse
from gateway.chat.profile_updates import ProfileField, ProfileUpdate
from gateway.chat.room_event import RoomEvent
from gateway.chat.state import State


def mode(room: State, event: RoomEvent) -> Reason | None:
    reason = room.may_operate(event.sid, event.is_oper)
    if reason is not None:
        return reason
    source = event.source(room)
    target_sids = iter(event.target_sids)
    requested = parse(event.params[1], event.params[2:])
    changes = [
        room.change(change, next(target_sids, "") if change.letter in RANKS else "", source, event.at_ms)
        for change in requested
    ]
    applied = [change for change in changes if change is not None]
    if not applied:
        return Reason.NO_CHANGE
    if any(change.letter not in RANKS for change in applied):
        room.note_change(event.entry.id)
    event.show(ModesSet(event.index, event.sid, room.name, source, applied))
    return None


def topic(room: State, event: RoomEvent) -> Reason | None:
    reason = room.may_set_topic(event.sid, event.is_oper)
    if reason is not None:
        return reason
    text = event.params[1]
    if text == room.topic:
        return Reason.NO_CHANGE
    source = event.source(room)
    room.topic = text
    room.topic_by, room.topic_at_ms = (source, event.at_ms) if text else ("", 0)
    event.show(TopicSet(event.index, event.sid, room.name, source, text))
    return None


def invite(room: State, event: RoomEvent) -> Reason | None:
    target_sid = event.target_sids[0]
    reason = room.may_invite(event.sid, target_sid, event.is_oper)
    if reason is not None:
        return reason
    if not target_sid:
        return Reason.NO_SUCH_MEMBER
    room.invite(target_sid)
    event.show(Invited(event.index, event.sid, room.name, event.source(room), event.params[0]))
    return None


def rules(room: State, event: RoomEvent) -> Reason | None:
    room.rules = max(room.rules, events.number(event.params[0]))
    return Reason.NO_CHANGE


def profile(field: ProfileField) -> Callable[[State, RoomEvent], Reason | None]:
    """The handler of the verb of one field.

    An event with a lower revision than the member's is rejected: it comes late, because its log had lost it. One with a
    higher revision is shown even if it changes nothing here: in another room the old value may be different.
    """

    def handler(room: State, event: RoomEvent) -> Reason | None:
        member = room.members.get(event.sid)
        if member is None:
            return Reason.NOT_MEMBER
        revision = events.number(event.fact("revision"))
        if revision < member.revision:
            return Reason.NO_CHANGE
        values = field.read(event.params)
        if values is None:
            return Reason.MALFORMED
        update = ProfileUpdate(field, member.source, values)
        if not update.apply(member) and revision == member.revision:
            return Reason.NO_CHANGE
        member.revision = revision
        if member.source != update.source:
            room.forget_source(member)
        event.show(ProfileChanged(event.index, event.sid, member, update, revision))
        return None

    return handler
