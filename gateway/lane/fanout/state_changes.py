"""What becomes of a room, as its clients see it: who comes, goes and is renamed, its modes and its topic.

Folded effects that are no messages, to lines for those who are to know of them. A session is in many rooms and has
one name: what several logs tell of it is shown once. Runs on the lane's thread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from gateway.chat.capabilities import AWAY_NOTIFY, EXTENDED_JOIN, INVITE_NOTIFY, MESSAGE_REDACTION, TEXT
from gateway.chat.effects import (
    Departure,
    Effect,
    Invited,
    Joined,
    Left,
    ModesSet,
    ProfileChanged,
    Redacted,
    Rejection,
    Renamed,
    TopicSet,
)
from gateway.chat.events import NETWORK, NOBODY, Entry, number, quitted
from gateway.chat.member import Member
from gateway.chat.modes import reranked
from gateway.chat.profile_updates import AWAY, diff
from gateway.chat.render import effect_lines, extended_join, joined, line_piece, renamed, tags
from gateway.chat.room import Room
from gateway.chat.state_diff import difference
from gateway.lane.clients.client import Client
from gateway.lane.fanout.audience import Group, split, those
from gateway.lane.fanout.outboxes import Outboxes
from gateway.lane.fanout.visible_users import VisibleUser, VisibleUsers
from gateway.lane.rooms.local_room import LocalRoom
from gateway.logs.in_flight import PendingEvent
from gateway.wire.casefold import casefold


class StateChangeListener(Protocol):
    """What the lane is told besides what clients are shown."""

    def rejected(self, followed: LocalRoom, entry: Entry, effect: Rejection | Redacted) -> None:
        """An event has no effect, or takes it from another."""

    def returned(self, followed: LocalRoom, pending: PendingEvent) -> bool:
        """An event of this lane is void, as its own gateway was taken for dead; whether it will be sent again."""

    def named(self, member: Member) -> None:
        """A session that others see goes by this nick from now on."""

    def renamed(self, client: Client, nick: str) -> None:
        """Clients are shown a session of this lane under another nick."""

    def yields(self, client: Client, nick: str, room: str) -> None:
        """A client's nick is another's, and it goes by its session id, which has been shown; this room's log knows."""

    def declared_dead(self) -> None:
        """The log says that this lane's own gateway is gone."""

    def current_sid(self, sid: str) -> str:
        """The present id of a session of this lane by any that it had; other ids as they are."""

    def came_back(self, effect: Joined) -> None:
        """A client of this lane is in a room again: its JOIN was put back, or its PART or KICK is lost."""

    def orphan(self, followed: LocalRoom, sid: str) -> None:
        """A JOIN of a session that this lane has no more."""

    def changed(self, followed: LocalRoom) -> None:
        """The room's directory entry is out of date: size, topic or secrecy changed by this lane's doing."""


class StateChanges:
    """See the module."""

    def __init__(
        self,
        lane: str,
        clients: dict[str, Client],
        people: VisibleUsers,
        outboxes: Outboxes,
        marks: StateChangeListener,
    ) -> None:
        """``clients``: the lane's registered ones by session id."""
        self.rekeyed(lane)
        self._clients = clients
        self._people = people
        self._write = outboxes.write
        self._marks = marks
        self._entered: dict[Client, None] = {}  # by the entry at hand: NAMES and MODE tell them what they find
        self._asks = False  # whether a handler waits for the event at hand

    def rekeyed(self, lane: str) -> None:
        """The lane has (or takes) this id."""
        self._own = f"{lane}."

    def begin(self) -> None:
        """Another entry is at hand."""
        self._entered.clear()

    def has_entered(self, sid: str) -> bool:
        """Whether the entry at hand has brought a client of this lane into the room."""
        return self._clients.get(sid) in self._entered

    def reread(self, followed: LocalRoom, old: Room, misses: bool) -> None:
        """A room was read again from its log: what is different now is shown as if it had just happened.

        Sessions of this lane that the log has lost stay where they are: their lane says so to the log.
        ``misses``: messages came in between that nobody can show any more in their place.
        """
        self.begin()
        for client in followed.clients.values():
            client.session.rooms[followed.name] = followed.room
        position = Entry(followed.replica.last, "", [], [], b"")
        back: list[Joined] = []
        for effect in difference(old, followed.room):
            if isinstance(effect, Left):
                sid = effect.member.sid
                if sid in followed.clients and not followed.room.is_gone(sid):
                    followed.kept.setdefault(followed.clients[sid], effect.member.modes)
                    continue
            self.change(followed, position, effect)
            if isinstance(effect, Joined) and self.has_entered(effect.sid):
                back.append(effect)
        for effect in back:  # behind all of it: NAMES must not be ahead of the JOINs shown
            self._marks.came_back(effect)
        if misses:
            line = f":{NETWORK} NOTICE {followed.room.name} :Messages may be missing here: see the room's history"
            self.show(followed.audience.items(), line, position.id)

    def change(
        self,
        followed: LocalRoom,
        entry: Entry,
        effect: Effect,
        behind: Sequence[Effect] = (),
        *,
        is_awaited: bool = False,
    ) -> None:
        """Shows an effect that is no message.

        ``behind``: what follows in the entry, which the room has folded already; ``is_awaited``: a handler waits for
        it, so that what is shown of it belongs to what that answers.
        """
        self._asks = is_awaited
        if self._people.stale_names:
            self._people.change_with_current_nick(followed, effect, behind)
        match effect:
            case Joined():
                self._joined(followed, entry, effect)
            case Left():
                self._left(followed, entry, effect)
            case Renamed():
                self._renamed(followed, entry, effect)
            case Rejection():
                self._marks.rejected(followed, entry, effect)
                client = self._clients.get(self._marks.current_sid(effect.sid))
                if client is not None and client in followed.kept:
                    self._put_out_as_tried(followed, client, effect)
            case ModesSet() | TopicSet():
                self._changed(followed, entry, effect)
            case ProfileChanged():
                self._told(entry, effect)
            case Invited():
                groups = those(followed.audience.items(), lambda client: _may_know_of_invites(client, followed.room))
                self._show_effect(groups, effect, entry.id, but=self._clients.get(effect.sid))
            case Redacted():
                self._marks.rejected(followed, entry, effect)
                groups = those(followed.audience.items(), lambda client: client.session.caps & MESSAGE_REDACTION)
                self._show_effect(groups, effect, entry.id)
            case _:
                self._show_effect(followed.audience.items(), effect, entry.id)

    def _show_effect(self, groups: Iterable[Group], effect: Effect, stream_id: str, but: Client | None = None) -> None:
        lines = effect_lines(effect)
        groups = groups if len(lines) == 1 else list(groups)
        for line in lines:
            self.show(groups, line, stream_id, actor=effect.sid, but=but)

    def _changed(self, followed: LocalRoom, entry: Entry, effect: ModesSet | TopicSet) -> None:
        """Modes or the topic. Who has quit for all others, and is here all the same, knows of its own ranks."""
        groups: Iterable[Group] = followed.audience.items()
        if isinstance(effect, ModesSet) and self._people.hidden:
            changes = self._people.seen_changes(followed, effect.changes)
            unseen = self._people.unseen(followed) if changes != effect.changes else []
            here = {sid: client for sid in unseen if (client := followed.clients.get(self._marks.current_sid(sid)))}
            for sid, client in here.items():
                own = self._people.seen_changes(followed, effect.changes, viewer=sid)
                self._show_effect(_alone(followed, client), replace(effect, changes=own), entry.id)
            groups = those(groups, lambda client: client not in here.values())
            effect = replace(effect, changes=changes)
        self._show_effect(groups, effect, entry.id, but=self._knows(followed, effect))
        if effect.sid in self._clients:
            self._marks.changed(followed)

    def _told(self, entry: Entry, effect: ProfileChanged) -> None:
        """What a session tells of itself is shown once to all who share a room with it and ask, as its NICK is."""
        person = self._people.person(effect.member.sid)
        if person is not None and self._people.learns(person, effect):
            self._show_told(entry, person, effect)

    def _told_by_join(self, entry: Entry, effect: Joined, person: VisibleUser) -> None:
        """The same, where no other log had it yet: a JOIN tells of its session as it is."""
        member = effect.member
        if member.revision > person.revision:
            asks, self._asks = self._asks, False
            for update in diff(person.known, member):
                update = self._people.update_with_current_nick(member.sid, update)
                self._told(entry, ProfileChanged(effect.index, member.sid, member, update, member.revision))
            self._asks = asks

    def _show_told(self, entry: Entry, person: VisibleUser, effect: ProfileChanged) -> None:
        field = effect.update.field
        own = self._clients.get(self._marks.current_sid(person.sid)) if field is AWAY else None
        groups = those(person.witnesses(), lambda client: client.session.caps & field.capability)
        self._show_effect(groups, effect, entry.id, but=own)

    def _show_join(self, followed: LocalRoom, entry: Entry, effect: Joined, but: Client | None = None) -> None:
        """A JOIN, with more to those who ask; and that who joins is away."""
        member = self._people.newest(effect.member)
        nick = self._people.current_nick(effect.sid, effect.member.nick)
        source = f"{nick}!{effect.member.user}@{effect.member.host}"
        more, rest = split(followed.audience.items(), EXTENDED_JOIN)
        self.show(rest, joined(source, effect.room), entry.id, actor=effect.sid, but=but)
        if more:
            line = extended_join(source, effect.room, member.account, member.realname)
            self.show(more, line, entry.id, actor=effect.sid, but=but)
        if member.away is not None:
            groups = those(followed.audience.items(), lambda client: client.session.caps & AWAY_NOTIFY)
            own = self._clients.get(self._marks.current_sid(member.sid))
            self.show(groups, AWAY.line(source, member.away), entry.id, but=own)

    def _knows(self, followed: LocalRoom, effect: ModesSet | TopicSet) -> Client | None:
        """Who is not shown what the network sets: its own rank, or all that NAMES and MODE will tell it."""
        if isinstance(effect, ModesSet) and effect.restored is not None:
            return followed.clients.get(effect.restored.sid)
        return next(iter(self._entered), None) if not effect.sid else None

    def _joined(self, followed: LocalRoom, entry: Entry, effect: Joined) -> None:
        member = effect.member
        client = self._clients.get(member.sid)
        is_seen = self._people.sees(followed, member.sid)
        self._known_by(entry, followed, effect, self._nick_of(followed, entry, member, client))
        if effect.lost_nick and client is not None:  # an older claim: it is called by its session id from now on
            self._lost_name(followed, client, member.nick, entry.id)
        if client is not None and client in followed.kept:  # it was there all the time, and its lane has said so again
            if not is_seen:  # others saw it quit
                self._show_join(followed, entry, effect, but=client)
            self._rank_again(followed, entry, client, member, is_seen=is_seen)
            return
        if client is not None and not client.is_departing:
            followed.enter(client)
            followed.put_off_expiry()
            self._entered[client] = None
            client.session.rooms[followed.name] = followed.room
            self.look(client, followed.name)
        elif member.sid.startswith(self._own):
            self._marks.orphan(followed, member.sid)
        # Under an id that its gateway had before, nobody is shown himself.
        former = self._clients.get(self._marks.current_sid(member.sid)) if client is None else None
        self._show_join(followed, entry, effect, but=former)
        if client is not None:
            self._marks.changed(followed)

    def _nick_of(self, followed: LocalRoom, entry: Entry, member: Member, client: Client | None) -> str:
        """What clients are to call one who joins."""
        session = client.session if client is not None else None
        if session is not None and (member.token < number(session.token) or session.nick == session.sid):
            return session.nick  # the log has lost a newer name, which its client knows
        return self._claimed(followed, entry, member)

    def _claimed(self, followed: LocalRoom, entry: Entry, member: Member) -> str:
        """A member's nick, where it is its own: of two whom clients see the older claim goes by the session id, and who
        is gone has quit: a slower log has yet to say so, or Redis had forgotten who had it."""
        sid = self._people.sid(member.nick)
        person = self._people.person(sid) if sid is not None and sid != member.sid else None
        if person is None or not person.seen:
            self._marks.named(member)
            return member.nick
        known = next((one for f in person.followed if (one := f.room.members.get(person.sid))), member)
        source = f"{person.nick}!{known.user}@{known.host}"
        if followed.room.is_gone(person.sid):
            gone = self._clients.get(self._marks.current_sid(person.sid))
            line = quitted(source, f"Gateway {person.sid.partition('.')[0]} is gone")
            self.show(person.witnesses(), line, entry.id, but=gone)
            self._people.quit(person)
        elif (person.token, person.sid) > (member.token, member.sid):
            return member.sid
        else:
            self._show_nick(person, renamed(source, person.sid), entry)
            client = self._clients.get(person.sid)
            if client is not None and client.session.nick == person.nick:
                self._marks.yields(client, person.nick, "")
            self._people.call(person, person.sid)
        self._marks.named(member)
        return member.nick

    def _restore_nick(self, entry: Entry, nick: str) -> None:
        """Nobody is shown under a nick any more: whoever had to go by his id for it is called by it, as his logs do.

        The claim of who has left counted as the newer one: Redis's clock had been set back between the two. Whom a
        replica has no more, which is ahead of what is shown, is about to leave.
        """
        holder = self._people.person(self._people.sid(nick) or "")
        if holder is not None and holder.seen:
            return
        for sid in sorted(self._people.stale_names - self._clients.keys()):
            person = self._people.person(sid)
            assert person is not None
            members = [member for f in person.followed if (member := f.room.members.get(sid)) is not None]
            member = next((member for member in members if casefold(member.nick) == casefold(nick)), None)
            is_whole = len(members) == len(person.followed) and all(member.nick != sid for member in members)
            if member is not None and person.nick == sid and is_whole:
                line = renamed(f"{sid}!{member.user}@{member.host}", member.nick)
                self.show(person.witnesses(), line, entry.id)
                self._people.call(person, member.nick)
                self._marks.named(member)
                return

    def _rank_again(self, followed: LocalRoom, entry: Entry, client: Client, member: Member, *, is_seen: bool) -> None:
        """Who is back has other ranks than it is known to have: by itself, or by all who saw it there all the time."""
        person = self._people.person(member.sid)
        nick = person.nick if person is not None else member.nick
        changes = reranked(followed.kept.pop(client), member.modes, nick)
        groups = followed.audience.items() if is_seen else _alone(followed, client)
        self._show_effect(groups, ModesSet(0, "", followed.room.name, NETWORK, changes), entry.id)

    def _put_out_as_tried(self, followed: LocalRoom, client: Client, effect: Rejection) -> None:
        """A client whom the log has lost has left by itself."""
        verb, params = effect.event.verb, effect.event.params
        if verb in ("PART", "QUIT"):
            self.put_out(followed, client, Departure(verb), params[-1] if len(params) > (verb == "PART") else "")

    def put_out(self, followed: LocalRoom, client: Client, how: Departure, reason: str) -> None:
        """A client whom the log has lost leaves a room in which it, and perhaps others, still see it."""
        session = client.session
        del followed.kept[client]
        member = Member(session.sid, session.nick, session.user, session.host)
        effect = Left(0, session.sid, followed.room.name, member, how, member.source, member.nick, reason)
        if self._people.sees(followed, session.sid):
            position = Entry(followed.replica.last, "", [], [], b"")
            self.change(followed, position, effect)
        elif not client.is_departing:
            for line in effect_lines(effect):
                client.send(line)
            self._take_out(followed, client)

    def drop_detached_members(self, followed: LocalRoom) -> None:
        """Whom the log has lost gets a new session id: no GONE can tell of the old one, so others see it quit."""
        for client in followed.kept:
            session = client.session
            person = self._people.person(session.sid)
            if person is not None and followed in person.seen:
                source = f"{person.nick}!{session.user}@{session.host}"
                line = quitted(source, f"Gateway {session.sid.partition('.')[0]} is gone")
                self.show(person.witnesses(), line, followed.replica.last, but=client)
                self._people.quit(person)
                self._people.vanished(followed, session.sid)

    def kept(self, followed: LocalRoom, viewer: str) -> list[Member]:
        """Whom a room's clients still see in it though the log has lost them: all do, or only those themselves."""
        members = []
        for client, ranks in followed.kept.items():
            session = client.session
            person = self._people.person(session.sid)
            if session.sid == viewer or self._people.sees(followed, session.sid):
                nick = person.nick if person is not None else session.nick
                says = session.realname, session.account, session.away
                members.append(Member(session.sid, nick, session.user, session.host, *says, ranks))
        return members

    def _known_by(self, entry: Entry, followed: LocalRoom, effect: Joined, nick: str) -> None:
        """Whoever joins under a newer name than clients know, or away, is shown to be so first where he is seen."""
        member = effect.member
        person = self._people.person(member.sid)
        if person is not None:
            old = person.nick
            if old != nick and self._people.renamed(member, nick):
                line = renamed(f"{old}!{member.user}@{member.host}", nick)
                self._show_nick(person, line, entry, member.sid)
            elif old != nick and not person.seen:  # it has quit by that name, which may be another's by now
                self._people.call(person, nick)
            self._told_by_join(entry, effect, person)
        self._people.appeared(followed, member, nick)

    def _lost_name(self, followed: LocalRoom, client: Client, nick: str, stream_id: str) -> None:
        if client.session.nick != nick:
            client.send(tags(client.variant, stream_id) + renamed(client.session.source, nick))
            self._marks.yields(client, client.session.nick, followed.name)

    def _left(self, followed: LocalRoom, entry: Entry, effect: Left) -> None:
        member = effect.member
        current_sid = self._marks.current_sid(member.sid)
        client = followed.clients.get(current_sid)
        # It is here all the same, and will join again; it sees nothing of either.
        returns = client is not None and (current_sid != member.sid or followed.room.is_gone(member.sid))
        but = client if returns else None
        person = self._people.person(member.sid)
        is_seen = person is not None and followed in person.seen
        if person is not None and is_seen:
            has_quit = effect.how is Departure.QUIT
            witnesses = person.witnesses() if has_quit else followed.audience.items()
            self._show_effect(witnesses, effect, entry.id, but=but)
            if has_quit:
                self._people.quit(person)
                if client is not None and client.session.sid == member.sid:
                    client.send_nick_loss()
        self._people.vanished(followed, member.sid)
        if returns:
            assert client is not None
            followed.kept.setdefault(client, member.modes)
            if current_sid == member.sid:
                self._marks.declared_dead()
        elif client is not None:
            if not is_seen:  # another room's log, which is ahead, has shown all others that it quit
                self._show_effect(_alone(followed, client), effect, entry.id)
            self._take_out(followed, client)
        if person is not None:
            self._restore_nick(entry, person.nick)
            for nick in self._people.other_names(person):  # it may have been the log of this room that called it so
                self._restore_nick(entry, nick)
        if client is not None or member.sid.startswith(self._own) or effect.sid == NOBODY:
            self._marks.changed(followed)

    def _take_out(self, followed: LocalRoom, client: Client) -> None:
        followed.leave(client)
        client.session.rooms.pop(followed.name, None)
        if client.active_room == followed.name:
            self.look(client, next(reversed(client.session.rooms), ""))

    def _renamed(self, followed: LocalRoom, entry: Entry, effect: Renamed) -> None:
        member = effect.member
        person = self._people.person(member.sid)
        assert person is not None
        shown, nick = person.nick, member.nick
        if member.token >= person.token and person.seen:
            nick = self._claimed(followed, entry, member)
        client = self._clients.get(self._marks.current_sid(member.sid))
        if client is not None and member.token < number(client.session.token):
            nick = client.session.nick  # a NICK that was put back into a log that had lost it: there is a newer one
        if not self._people.renamed(member, nick):
            return
        if client is not None and client.session.nick != nick:
            if nick != member.nick:
                self._marks.yields(client, member.nick, "")
            elif nick == member.sid:
                self._marks.yields(client, effect.old_nick, followed.name)
            self._marks.renamed(client, nick)
        line = renamed(f"{shown}!{member.user}@{member.host}", nick)
        self._show_nick(person, line, entry, effect.sid)
        self._restore_nick(entry, shown)

    def _show_nick(self, person: VisibleUser, line: str, entry: Entry, actor: str = "") -> None:
        self.show(person.witnesses(), line, entry.id, actor=actor)
        client = self._clients.get(self._marks.current_sid(person.sid))
        if client is not None and person.seen:
            client.client_side_nick = ""

    def show(
        self, groups: Iterable[Group], line: str, stream_id: str, actor: str = "", but: Client | None = None
    ) -> None:
        """Writes one line to groups of readers; whoever asked for it gets it as a reply.

        ``but``: who does not see it.
        """
        sender = self._people.sender(actor)
        for variant, audience in groups:
            data = line_piece(line, stream_id, variant, sender)
            if not data:
                continue
            acting = self._clients.get(actor)
            if but is not None and but.connection in audience:
                self._write({c: a for c, a in audience.items() if a is not but}, data)
            elif acting is not None and acting.connection in audience and _is_personal(acting):
                tell = acting.session.reply if self._asks else acting.session.send
                tell(tags(variant, stream_id, sender=sender) + line)
                self._write({c: a for c, a in audience.items() if a is not acting}, data)
            else:
                self._write(audience, data)

    def look(self, client: Client, room: str) -> None:
        """From now on a reader of plain text talks in this room (folded name; "" for none); nothing to others."""
        if not client.variant & TEXT or client.active_room == room:
            return
        person = self._people.person(client.session.sid)
        here = [f for f in person.followed if client.session.sid in f.clients] if person is not None else []
        for followed in here:
            followed.leave(client)
        client.active_room = room
        for followed in here:
            followed.enter(client)


def _alone(followed: LocalRoom, client: Client) -> list[Group]:
    return [(client.variant_in(followed.name), {client.connection: client})]


def _is_personal(client: Client) -> bool:
    """Whether a client sees what it did itself in a way of its own: in a labeled response, as "you joined"."""
    return client.session.response is not None or bool(client.variant & TEXT)


def _may_know_of_invites(client: Client, room: Room) -> bool:
    """IRCv3 invite-notify, "Notes": only those are told who might invite as well."""
    return bool(client.session.caps & INVITE_NOTIFY) and room.may_invite(client.session.sid, "") is None
