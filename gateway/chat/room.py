"""The fold: how a room's entries change its state, and what clients see of it.

Every lane that follows a room folds the same entries in the same order, and all must come to the same state
and the same effects: so the fold sees the state and the entry, and nothing else. Its time is the entry's id;
what a rule needs from outside (operator rights, the key tried) is a fact in the event. It is total: an event
that is malformed, or that its author may not do, is void in every replica alike.

Owns the meaning of each event. The rules are in `state`, the form of events in `events`. Pure; a room belongs
to the lane that folds it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from gateway.chat import deduplication, events, history_access, profile_updates
from gateway.chat.effects import Effect, Effects, Kind, Rejection
from gateway.chat.events import FACT, NETWORK, NOBODY, Entry
from gateway.chat.member import OP, Member
from gateway.chat.modes import RANKS, Change, lines, parse, reranked
from gateway.chat.state import NEW_ROOM_FLAGS, State
from gateway.wire import message
from gateway.wire.casefold import casefold
from gateway.wire.framing import LINE_CONTENT_BYTES, cut

_SAID = Kind.SAID  # an enum's attribute costs as much as the comparison of a line


class Room(State):
    """A replica of a room; `fold` brings it forward by one entry."""

    __slots__ = ()

    def apply(self, entry: Entry) -> Effects:
        """Take in the next entry; its effects in order. Never raises, whatever the entry holds."""
        effects = Effects()
        if self.is_again(entry.origin):
            return _again(entry)
        speakers = self._speakers
        for index, (sid, line) in enumerate(zip(entry.sids, entry.lines, strict=False)):
            # Nearly all events are messages by members known to be allowed to speak: they cost a look-up and
            # a comparison, since all that could change the right empties `_speakers`.
            begins = speakers.get(sid)
            if begins is not None and line.startswith(begins):
                effects.append(Effect(_SAID, index, sid, line))
            else:
                self._fold_event(_Act(entry, index, sid, line, message.parse(line) or _NO_MESSAGE, effects))
        return effects

    def passing(self, entry: Entry) -> Effects:
        """What members are shown of events that are in no log; the state stays as it is."""
        effects = Effects()
        for index, (sid, line) in enumerate(zip(entry.sids, entry.lines, strict=False)):
            act = _Act(entry, index, sid, line, message.parse(line) or _NO_MESSAGE, effects)
            fits = act.parsed.verb == "TAGMSG" and _BY_SESSIONS["TAGMSG"].fits(act.params, self.folded_name)
            source = act.source(self)
            if fits and act.client_tags and not self.is_gone(sid) and self.may_speak(sid, source) is None:
                act.show(Kind.SAID, f":{source} TAGMSG {self.name}", tags=act.client_tags)
        return effects

    def _fold_event(self, act: "_Act") -> None:
        forms = _BY_NOBODY if act.sid == NOBODY else _BY_SESSIONS
        form = forms.get(act.parsed.verb)
        void: Rejection | None
        if form is None or not form.fits(act.parsed.params, self.folded_name):
            void = Rejection.MALFORMED
        elif self.is_gone(act.sid):
            void = Rejection.GATEWAY_DEAD
        else:
            void = form.handler(self, act)
        if void is not None:
            act.show(Kind.REJECTED, act.bare_line, void=void)


def _again(entry: Entry) -> Effects:
    """An entry that was sent a second time, its lane not knowing that the first had come through."""
    effects = Effects(
        Effect(Kind.REJECTED, index, sid, line, reason=Rejection.DUPLICATE)
        for index, (sid, line) in enumerate(zip(entry.sids, entry.lines, strict=False))
    )
    effects.plain = False
    return effects


@dataclass(slots=True)
class _Act:
    """An event being folded, taken apart."""

    entry: Entry
    index: int
    sid: str
    raw: str
    parsed: message.Message
    effects: Effects

    @property
    def params(self) -> list[str]:
        return self.parsed.params

    @property
    def bare_line(self) -> str:
        return self.raw.partition(" ")[2] if self.raw.startswith("@") else self.raw

    @property
    def client_tags(self) -> str:
        """The client's own tags, as they stand in the line."""
        if not self.raw.startswith("@"):
            return ""
        tags = self.raw[1:].partition(" ")[0].split(";")
        return ";".join([tag for tag in tags if tag.startswith("+")])

    def shown_tags(self, room: State) -> str:
        """The client's own tags, and that a session which is no member is a bot (IRCv3 bot-mode)."""
        is_bot = self.sid not in room.members and self.fact("bot") == "1"
        return ";".join(filter(None, (self.client_tags, "bot" if is_bot else "")))

    @property
    def at_ms(self) -> int:
        return events.ms(self.entry.id)

    @property
    def client_msgid(self) -> deduplication.ClientMsgid:
        return deduplication.client_msgid(self.parsed, self.entry.id, self.index)

    @property
    def is_oper(self) -> bool:
        return self.fact("oper") == "1"

    @property
    def target_sids(self) -> list[str]:
        """Whom the event's nicks mean, in order."""
        return self.fact("sids").split(",")

    @property
    def token(self) -> int:
        return events.number(self.fact("token"))

    def fact(self, name: str) -> str:
        return self.parsed.tags.get(FACT + name, "")

    def text(self, place: int) -> str:
        """The optional text at this place of the parameters."""
        return self.params[place] if len(self.params) > place else ""

    def source(self, room: State) -> str:
        """Who acted, as the room knows them now; of one who is no member, as the event says."""
        member = room.members.get(self.sid)
        return member.source if member else self.parsed.source or self.sid

    def show(
        self,
        kind: Kind,
        line: str,
        *,
        tags: str = "",
        member: Member | None = None,
        old: str = "",
        void: Rejection | None = None,
    ) -> None:
        """Add an effect; any but a message whose line stands so in the entry ends the entry's plainness."""
        if kind != Kind.SAID or line != self.raw:
            self.effects.plain = False
            if events.MORE not in self.parsed.tags:  # its lines are cut one by one when they are shown
                line = cut(line, LINE_CONTENT_BYTES)  # the names in it may have grown since it was written
        self.effects.append(Effect(kind, self.index, self.sid, line, tags, member, old, void))

    def show_by_network(self, kind: Kind, line: str, member: Member | None = None) -> None:
        """The same of what nobody did: it is not what becomes of the event."""
        self.effects.plain = False
        self.effects.append(Effect(kind, self.index, "", cut(line, LINE_CONTENT_BYTES), "", member))


# Messages


def _say(room: State, act: _Act) -> Rejection | None:
    if _is_known(room, act):
        return None
    source = act.source(room)
    void = room.may_speak(act.sid, source)
    if void is not None:
        return void
    member = room.members.get(act.sid)
    if member is not None:
        room.remember_speaker(member)
    line = events.said(source, act.parsed.verb, room.name, events.text_of(act.parsed))
    act.show(Kind.LINES if events.MORE in act.parsed.tags else Kind.SAID, line, tags=act.shown_tags(room))
    _note_said(room, act)
    return None


def _tag(room: State, act: _Act) -> Rejection | None:
    if _is_known(room, act):
        return None
    source = act.source(room)
    void = room.may_speak(act.sid, source)
    if void is not None:
        return void
    tags = act.client_tags
    if not tags:
        return Rejection.NO_CHANGE
    act.show(Kind.SAID, f":{source} TAGMSG {room.name}", tags=act.shown_tags(room))
    _note_said(room, act)
    return None


def _is_known(room: State, act: _Act) -> bool:
    """A message with an id that was said here lately is void: the same one shows where the first is."""
    given = deduplication.message_id(act.parsed.tags) if act.parsed.tags else ""
    first = deduplication.first_of(room.said, given, act.at_ms) if given else None
    if first is None:
        return False
    line = act.bare_line + act.fact("more")
    if deduplication.is_same(first, act.client_msgid):
        place = f"{first.stream_id}.{first.event_index}"
        act.show(Kind.REJECTED, line, tags=act.client_tags, old=place, void=Rejection.DUPLICATE)
    else:
        act.show(Kind.REJECTED, line, tags=act.client_tags, void=Rejection.ID_IN_USE)
    return True


def _note_said(room: State, act: _Act) -> None:
    room.has_messages = True
    given = deduplication.message_id(act.parsed.tags) if act.parsed.tags else ""
    if given:
        deduplication.remember(room.said, given, act.client_msgid)


def _redact(room: State, act: _Act) -> Rejection | None:
    """That the message is in this room's log, and by whom, its lane has looked up."""
    void = room.may_redact(act.sid, act.fact("by"), act.is_oper)
    if void is not None:
        return void
    at = history_access.place(act.params[1])
    if at == history_access.FIRST:
        return Rejection.MALFORMED
    line = events.redacted(act.source(room), room.name, act.params[1], act.text(2))
    act.show(Kind.REDACTED, line, old=f"{at[0]}-{at[1]}.{at[2]}")
    return None


# Coming and going


def _join(room: State, act: _Act) -> Rejection | None:
    source = act.parsed.source or ""
    nick, user, host = message.split_source(source)
    if not (user and host and _is_sid(act.sid) and _is_nick(nick, act.sid)):
        return Rejection.MALFORMED
    if act.sid in room.members:
        return Rejection.ALREADY_MEMBER
    made: list[Change] = []
    modes = had = _returning(room, act)
    if modes is None:
        modes = 0
        if not room.members:
            _cease(room, act, act.index)
        void = room.may_join(source, act.sid, act.fact("key"), act.is_oper)
        if void is not None:
            is_stale = events.id_key(act.fact("seen")) < events.id_key(room.changed)
            return Rejection.STALE_JOIN if is_stale else void
        if not room.members:
            room.name = act.params[0]
            room.flags = set(NEW_ROOM_FLAGS)
            modes = had = 0 if act.fact("lobby") == "1" else OP
            made = [Change(True, flag, None) for flag in NEW_ROOM_FLAGS]
    room.created_ms = room.created_ms or act.at_ms
    called = _settle(room, act, nick)
    away = act.fact("away") or None
    says = act.text(1), act.fact("account"), away
    member = Member(act.sid, called, user, host, *says, modes, act.token, events.number(act.fact("revision")))
    member.is_bot = act.fact("bot") == "1"
    room.add(member)
    line = f":{member.source} JOIN {room.name}"
    as_it_came = replace(member)  # what follows in the entry may change it before this is shown
    act.show(Kind.JOINED, line, member=as_it_came, old="" if called == nick else nick)
    _show_modes(room, act, made)
    _show_modes(room, act, reranked(0, had or 0, called), member)
    return None


def _show_modes(room: State, act: _Act, changes: list[Change], member: Member | None = None) -> None:
    """Shows modes that change by themselves: nobody may be left to see it, but those whom Redis has lost."""
    for line in lines(f":{NETWORK} MODE {room.name}", changes):
        act.show_by_network(Kind.CHANGED, line, member)


def _leave(room: State, act: _Act, sid: str, line: str) -> None:
    act.show(Kind.LEFT, line, member=room.remove(sid))
    if not room.members and not room.lost:  # those who may return find it as it was
        _cease(room, act, act.index + 1)


def _cease(room: State, act: _Act, index: int) -> None:
    """End the room's life before the event of this index in the entry: what a room without members does not keep."""
    changes, topic = room.clearing(), room.topic
    room.end_life((*events.id_key(act.entry.id), index))
    _show_modes(room, act, changes)
    if topic:
        act.show_by_network(Kind.TOPIC, events.topic_set(NETWORK, room.name, ""))


def _returning(room: State, act: _Act) -> int | None:
    """Of a session whose gateway was taken for dead and came back under a new id: the modes that it had here.

    If the end of the old id has not been told here yet, that is made up for.
    """
    was = act.fact("was")
    gateway, _, rest = was.partition(".")
    if rest != act.sid.partition(".")[2] or was == act.sid:
        return None
    if was in room.members:
        lost = room.lose(was, act.at_ms)
        act.show(Kind.LEFT, events.quitted(lost.source, f"Gateway {gateway} is gone"), member=lost)
    return room.give_back(was, act.at_ms)


def _part(room: State, act: _Act) -> Rejection | None:
    if act.sid not in room.members:
        return Rejection.NOT_MEMBER
    _leave(room, act, act.sid, events.parted(act.source(room), room.name, act.text(1)))
    return None


def _quit(room: State, act: _Act) -> Rejection | None:
    room.invited.pop(act.sid, None)
    if act.sid not in room.members:
        return Rejection.NOT_MEMBER
    _leave(room, act, act.sid, events.quitted(act.source(room), act.text(0)))
    return None


def _kick(room: State, act: _Act) -> Rejection | None:
    void = room.may_operate(act.sid, act.is_oper)
    if void is not None:
        return void
    target = room.members.get(act.target_sids[0])
    if target is None:
        return Rejection.NO_SUCH_MEMBER
    line = f":{act.source(room)} KICK {room.name} {target.nick} :{act.text(2)}"
    _leave(room, act, target.sid, line)
    return None


def _gone(room: State, act: _Act) -> Rejection | None:
    gateway = act.params[0]
    lost = room.end_gateway(gateway, act.at_ms)
    for member in lost:
        act.show(Kind.LEFT, events.quitted(member.source, f"Gateway {gateway} is gone"), member=member)
    return None if lost else Rejection.NO_CHANGE


# Names


def _nick(room: State, act: _Act) -> Rejection | None:
    """A banned member's NICK is not void: a session has one name, and in its other rooms this one holds."""
    if not _is_nick(act.params[0], act.sid):
        return Rejection.MALFORMED
    member = room.members.get(act.sid)
    if member is None:
        return Rejection.NOT_MEMBER
    nick = _settle(room, act, act.params[0])
    member.token = act.token
    if nick == member.nick:
        return Rejection.NO_CHANGE
    _rename(room, act, member, nick)
    return None


def _settle(room: State, act: _Act, nick: str) -> str:
    """What the actor is called: of two who claim a nick the older claim yields, and is called by its sid."""
    holder = room.member_named(nick)
    if holder is None or holder.sid == act.sid:
        return nick
    if (act.token, act.sid) < (holder.token, holder.sid):
        return act.sid
    _rename(room, act, holder, holder.sid)
    return nick


def _rename(room: State, act: _Act, member: Member, nick: str) -> None:
    old, line = member.nick, f":{member.source} NICK {nick}"
    room.rename(member, nick)
    act.show(Kind.RENAMED, line, member=member, old=old)


def _is_nick(nick: str, sid: str) -> bool:
    """With a dot only one's own sid: nobody can take the name to which another may have to yield."""
    return bool(nick) and (nick == sid or "." not in nick) and events.NOT_IN_NAMES.isdisjoint(nick)


def _is_sid(sid: str) -> bool:
    return "." in sid and casefold(sid) == sid and events.NOT_IN_NAMES.isdisjoint(sid)


# What a session tells of itself


def _tell(kind: Kind, change: profile_updates.Change) -> Callable[[State, _Act], Rejection | None]:
    """The handler of a verb by which a session tells something of itself.

    An older event than one that is here already, of a log that had lost it, is void. A newer one that tells what is so
    already is shown: in another room it may have been otherwise meanwhile.
    """

    def handler(room: State, act: _Act) -> Rejection | None:
        member = room.members.get(act.sid)
        if member is None:
            return Rejection.NOT_MEMBER
        revision = events.number(act.fact("revision"))
        if revision < member.revision:
            return Rejection.NO_CHANGE
        before = profile_updates.as_tuple(member)
        line = change(member, act.params)
        if isinstance(line, Rejection):
            return line
        if revision == member.revision and profile_updates.as_tuple(member) == before:
            return Rejection.NO_CHANGE
        member.revision = revision
        if kind is Kind.CHGHOST:
            room.forget_source(member)
        act.show(kind, line, member=member, old=str(revision))
        return None

    return handler


# Settings


def _mode(room: State, act: _Act) -> Rejection | None:
    void = room.may_operate(act.sid, act.is_oper)
    if void is not None:
        return void
    source = act.source(room)
    target_sids = iter(act.target_sids)
    asked = parse(act.params[1], act.params[2:])
    changes = [
        room.change(change, next(target_sids, "") if change.letter in RANKS else "", source, act.at_ms)
        for change in asked
    ]
    applied = [change for change in changes if change is not None]
    if not applied:
        return Rejection.NO_CHANGE
    if any(change.letter not in RANKS for change in applied):
        room.note_change(act.entry.id)
    for line in lines(f":{source} MODE {room.name}", applied):
        act.show(Kind.CHANGED, line)
    return None


def _topic(room: State, act: _Act) -> Rejection | None:
    void = room.may_set_topic(act.sid, act.is_oper)
    if void is not None:
        return void
    text = act.params[1]
    if text == room.topic:
        return Rejection.NO_CHANGE
    source = act.source(room)
    room.topic = text
    room.topic_by, room.topic_at_ms = (source, act.at_ms) if text else ("", 0)
    act.show(Kind.TOPIC, events.topic_set(source, room.name, text))
    return None


def _invite(room: State, act: _Act) -> Rejection | None:
    target_sid = act.target_sids[0]
    void = room.may_invite(act.sid, target_sid, act.is_oper)
    if void is not None:
        return void
    if not target_sid:
        return Rejection.NO_SUCH_MEMBER
    room.invite(target_sid)
    act.show(Kind.INVITED, f":{act.source(room)} INVITE {act.params[0]} {room.name}")
    return None


def _rules(room: State, act: _Act) -> Rejection | None:
    room.rules = max(room.rules, events.number(act.params[0]))
    return Rejection.NO_CHANGE


class _Form(NamedTuple):
    """What an event of a verb must look like, and what it does."""

    handler: Callable[[State, _Act], Rejection | None]
    fewest_params: int
    room_at: int | None = None
    """The parameter that names the room."""

    def fits(self, params: list[str], folded_room: str) -> bool:
        if len(params) < self.fewest_params:
            return False
        return self.room_at is None or casefold(params[self.room_at]) == folded_room


_NO_MESSAGE = message.Message("")
_BY_SESSIONS = {
    "PRIVMSG": _Form(_say, 2, 0),
    "NOTICE": _Form(_say, 2, 0),
    "TAGMSG": _Form(_tag, 1, 0),
    "REDACT": _Form(_redact, 2, 0),
    "JOIN": _Form(_join, 1, 0),
    "PART": _Form(_part, 1, 0),
    "QUIT": _Form(_quit, 0),
    "NICK": _Form(_nick, 1),
    "KICK": _Form(_kick, 2, 0),
    "MODE": _Form(_mode, 2, 0),
    "TOPIC": _Form(_topic, 2, 0),
    "INVITE": _Form(_invite, 2, 1),
    **{kind.name: _Form(_tell(kind, change), fewest) for kind, (change, fewest) in profile_updates.CHANGES.items()},
}
_BY_NOBODY = {"GONE": _Form(_gone, 1), "RULES": _Form(_rules, 1)}
