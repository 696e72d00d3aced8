"""A replica of a room: how the entries of its log change it, and what clients see of that.

Every lane that follows a room applies the same entries in the same order, and all must come to the same state and the
same effects. So `Room.apply` depends on the state and the entry only: its time is the entry's id, and what a rule needs
from outside (operator rights, the key tried) is a fact in the event. It accepts any entry: a malformed or forbidden
event is rejected by every replica alike.

Owns the dispatch of events and the rules of messages. The other events are in `room_membership` and `room_settings`,
the rules that they ask in `state`, the form of events in `events`. Pure; a room belongs to the lane that follows it.
"""

from collections.abc import Callable
from typing import NamedTuple

from gateway.chat import deduplication, events, history_access, room_membership, room_settings
from gateway.chat.effects import Effects, MessageSent, MultilineSent, Reason, Redacted, Rejection
from gateway.chat.events import MORE, NOBODY, Entry, EventId, origin_of
from gateway.chat.profile_updates import FIELDS
from gateway.chat.room_event import RoomEvent
from gateway.chat.state import State
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, parse

ORIGINS_LIMIT = 1024
"""Lanes of which a room remembers the newest entry."""


class Room(State):
    """A room's state, brought forward entry by entry."""

    __slots__ = ()

    def apply(self, entry: Entry) -> Effects:
        """Apply the next entry; its effects, in order. Never raises, whatever the entry holds."""
        effects = Effects()
        if self.is_duplicate(entry.origin):
            return _duplicates(entry)
        speakers = self._speakers
        for index, (sid, line) in enumerate(zip(entry.sids, entry.lines, strict=False)):
            # Nearly all events are messages by members who may speak. They cost one look-up and one comparison, since
            # every change that could affect the right to speak clears `_speakers`.
            begins = speakers.get(sid)
            if begins is not None and line.startswith(begins):
                effects.append(MessageSent(index, sid, line))
            else:
                self._apply_event(RoomEvent(entry, index, sid, line, parse(line) or _NO_MESSAGE, effects))
        return effects

    def is_duplicate(self, origin: str) -> bool:
        """Whether an entry of this origin ("lane:count") was applied before; from now on it is."""
        lane, count = origin_of(origin)
        if not count:
            return False
        if count <= self.origins.get(lane, 0):
            return True
        self.origins[lane] = count
        if len(self.origins) > ORIGINS_LIMIT:
            self._forget_origins()
        return False

    def _forget_origins(self) -> None:
        """Keep the newer half of them, and those of lanes that have members here."""
        here = {sid.rpartition(".")[0] for sid in self.members}
        newest = set(list(self.origins)[-ORIGINS_LIMIT // 2 :])
        self.origins = {lane: count for lane, count in self.origins.items() if lane in newest or lane in here}

    def show_ephemeral(self, entry: Entry) -> list[MessageSent]:
        """What members are shown of events that are not stored; the state stays as it is."""
        effects = Effects()
        for index, (sid, line) in enumerate(zip(entry.sids, entry.lines, strict=False)):
            event = RoomEvent(entry, index, sid, line, parse(line) or _NO_MESSAGE, effects)
            is_valid = event.parsed.verb == "TAGMSG" and _FORMS["TAGMSG"].fits(event.params, self.folded_name)
            source = event.source(self)
            if is_valid and event.client_tags and not self.is_gone(sid) and self.may_speak(sid, source) is None:
                event.show_message(f":{source} TAGMSG {self.name}", event.client_tags, is_tagmsg=True)
        return [effect for effect in effects if isinstance(effect, MessageSent)]

    def _apply_event(self, event: RoomEvent) -> None:
        form = (_NETWORK_FORMS if event.sid == NOBODY else _FORMS).get(event.parsed.verb)
        reason: Reason | None
        if form is None or not form.fits(event.params, self.folded_name):
            reason = Reason.MALFORMED
        elif self.is_gone(event.sid):
            reason = Reason.GATEWAY_DEAD
        else:
            reason = form.handler(self, event)
        if reason is not None:
            event.reject(reason)


def _duplicates(entry: Entry) -> Effects:
    """The effects of an entry that its lane has sent twice, because it did not know that the first was appended."""
    effects = Effects(
        Rejection(index, sid, Reason.DUPLICATE, parse(line) or _NO_MESSAGE)
        for index, (sid, line) in enumerate(zip(entry.sids, entry.lines, strict=False))
    )
    effects.plain = False
    return effects


# Messages


def _message(room: State, event: RoomEvent) -> Reason | None:
    """PRIVMSG, NOTICE, TAGMSG."""
    is_tagmsg = event.parsed.verb == "TAGMSG"
    client_msgid = deduplication.message_id(event.parsed.tags) if event.parsed.tags else ""
    message = deduplication.record_of(event.parsed, *event.id) if client_msgid else None
    first = deduplication.first_of(room.seen_ids, client_msgid, event.at_ms) if client_msgid else None
    if message is not None and first is not None:
        is_same = deduplication.is_same(first, message)
        event.reject(*((Reason.DUPLICATE, first.id) if is_same else (Reason.ID_IN_USE, None)))
        return None
    source = event.source(room)
    reason = room.may_speak(event.sid, source)
    if reason is not None:
        return reason
    if is_tagmsg and not event.client_tags:
        return Reason.NO_CHANGE
    _show_message(room, event, source)
    room.has_messages = True
    if message is not None:
        deduplication.remember(room.seen_ids, client_msgid, message)
    return None


def _show_message(room: State, event: RoomEvent, source: str) -> None:
    tags, verb = event.client_tags, event.parsed.verb
    member = room.members.get(event.sid)
    if member is None and event.fact("bot") == "1":
        tags = f"{tags};bot" if tags else "bot"  # IRCv3 bot-mode; of members the lanes know it
    if verb == "TAGMSG":
        event.show_message(f":{source} TAGMSG {room.name}", tags, is_tagmsg=True)
        return
    if member is not None:
        room.remember_speaker(member)
    text = events.text_of(event.parsed)
    if MORE in event.parsed.tags:
        event.show(MultilineSent(event.index, event.sid, source, verb, room.name, text, tags))
    else:
        event.show_message(events.said(source, verb, room.name, text), tags)


def _redact(room: State, event: RoomEvent) -> Reason | None:
    """The lane of the session has looked up that the message is in this room's log, and who sent it."""
    reason = room.may_redact(event.sid, event.fact("by"), event.is_oper)
    if reason is not None:
        return reason
    msgid = event.params[1]
    ms, n, index, _ = place = history_access.place(msgid)
    if place == history_access.FIRST:
        return Reason.MALFORMED
    message, text = EventId(f"{ms}-{n}", index), event.text(2)
    event.show(Redacted(event.index, event.sid, room.name, event.source(room), message, msgid, text))
    return None


class _Form(NamedTuple):
    """What an event of a verb must look like, and what it does."""

    handler: Callable[[State, RoomEvent], Reason | None]
    fewest_params: int
    room_at: int | None = None
    """The parameter that names the room."""

    def fits(self, params: list[str], folded_room: str) -> bool:
        if len(params) < self.fewest_params:
            return False
        return self.room_at is None or casefold(params[self.room_at]) == folded_room


_NO_MESSAGE = Message("")
_FORMS = {
    "PRIVMSG": _Form(_message, 2, 0),
    "NOTICE": _Form(_message, 2, 0),
    "TAGMSG": _Form(_message, 1, 0),
    "REDACT": _Form(_redact, 2, 0),
    "JOIN": _Form(room_membership.join, 1, 0),
    "PART": _Form(room_membership.part, 1, 0),
    "QUIT": _Form(room_membership.quit, 0),
    "NICK": _Form(room_membership.nick, 1),
    "KICK": _Form(room_membership.kick, 2, 0),
    "MODE": _Form(room_settings.mode, 2, 0),
    "TOPIC": _Form(room_settings.topic, 2, 0),
    "INVITE": _Form(room_settings.invite, 2, 1),
    **{field.verb: _Form(room_settings.profile(field), field.fewest_params) for field in FIELDS},
}
_NETWORK_FORMS = {"GONE": _Form(room_membership.gone, 1), "RULES": _Form(room_settings.rules, 1)}
"""Events that no session made."""
