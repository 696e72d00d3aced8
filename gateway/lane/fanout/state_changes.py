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

    def rejected_after_gone(self, followed: LocalRoom, pending: PendingEvent) -> bool:
        """An event of this lane is void, as its own gateway was taken for dead; whether it will be sent again."""

    def nick_taken(self, member: Member) -> None:
        """A session that others see goes by this nick from now on."""

    def renamed(self, client: Client, nick: str) -> None:
        """Clients are shown a session of this lane under another nick."""

    def nick_lost(self, client: Client, nick: str, room: str) -> None:
        """A client's nick is another's, and it goes by its session id, which has been shown; this room's log knows."""

    def declared_dead(self) -> None:
        """The log says that this lane's own gateway is gone."""

    def current_sid(self, sid: str) -> str:
        """The present id of a session of this lane by any that it had; other ids as they are."""

    def rejoined(self, effect: Joined) -> None:
        """A client of this lane is in a room again: its JOIN was put back, or its PART or KICK is lost."""

    def stale_join(self, followed: LocalRoom, sid: str) -> None:
        """A JOIN of a session that this lane has no more."""

    def room_changed(self, followed: LocalRoom) -> None:
        """The room's directory entry is out of date: size, topic or secrecy changed by this lane's doing."""


class StateChanges:
    """See the module."""

    def __init__(
        self,
        lane: str,
        clients: dict[str, Client],
        users: VisibleUsers,
        outboxes: Outboxes,
        listener: StateChangeListener,
    ) -> None:
        """``clients``: the lane's registered ones by session id."""
        self.rekeyed(lane)
        self._clients = clients
        self._users = users
        self._write = outboxes.write
        self._listener = listener
        self._arrivals: dict[Client, None] = {}  # by the entry at hand: NAMES and MODE tell them what they find
        self._is_awaited = False  # whether a handler waits for the event at hand

    def rekeyed(self, lane: str) -> None:
        """The lane has (or takes) this id."""
        self._own = f"{lane}."

    def begin_entry(self) -> None:
        """Another entry is at hand."""
        self._arrivals.clear()

    def has_joined(self, sid: str) -> bool:
        """Whether the entry at hand has brought a client of this lane into the room."""
        return self._clients.get(sid) in self._arrivals

    def room_reloaded(self, followed: LocalRoom, old: Room, has_missed: bool) -> None:
        """A room was read again from its log: what is different now is shown as if it had just happened.

        Sessions of this lane that the log has lost stay where they are: their lane says so to the log.
        ``has_missed``: messages came in between that nobody can show any more in their place.
        """
        self.begin_entry()
        for client in followed.clients.values():
            client.session.rooms[followed.name] = followed.room
        position = Entry(followed.replica.last, "", [], [], b"")
        back: list[Joined] = []
        for effect in difference(old, followed.room):
            if isinstance(effect, Left):
                sid = effect.member.sid
                if sid in followed.clients and not followed.room.is_gone(sid):
                    followed.detached.setdefault(followed.clients[sid], effect.member.modes)
                    continue
            self.handle(followed, position, effect)
            if isinstance(effect, Joined) and self.has_joined(effect.sid):
                back.append(effect)
        for effect in back:  # later all of it: NAMES must not be ahead of the JOINs shown
            self._listener.rejoined(effect)
        if has_missed:
            line = f":{NETWORK} NOTICE {followed.room.name} :Messages may be missing here: see the room's history"
            self._send_line(followed.audience.items(), line, position.id)

    def handle(
        self,
        followed: LocalRoom,
        entry: Entry,
        effect: Effect,
        later: Sequence[Effect] = (),
        *,
        is_awaited: bool = False,
    ) -> None:
        """Shows an effect that is no message.

        ``later``: what follows in the entry, which the room has folded already; ``is_awaited``: a handler waits for
        it, so that what is shown of it belongs to what that answers.
        """
        self._is_awaited = is_awaited
        if self._users.stale_names:
            self._users.change_with_current_nick(followed, effect, later)
        match effect:
            case Joined():
                self._joined(followed, entry, effect)
            case Left():
                self._left(followed, entry, effect)
            case Renamed():
                self._renamed(followed, entry, effect)
            case Rejection():
                self._listener.rejected(followed, entry, effect)
                client = self._clients.get(self._listener.current_sid(effect.sid))
                if client is not None and client in followed.detached:
                    self._leave_as_tried(followed, client, effect)
            case ModesSet() | TopicSet():
                self._changed(followed, entry, effect)
            case ProfileChanged():
                self._profile_changed(entry, effect)
            case Invited():
                groups = those(followed.audience.items(), lambda client: _may_know_of_invites(client, followed.room))
                self._send_effect(groups, effect, entry.id, but=self._clients.get(effect.sid))
            case Redacted():
                self._listener.rejected(followed, entry, effect)
                groups = those(followed.audience.items(), lambda client: client.session.caps & MESSAGE_REDACTION)
                self._send_effect(groups, effect, entry.id)
            case _:
                self._send_effect(followed.audience.items(), effect, entry.id)

    def _send_effect(self, groups: Iterable[Group], effect: Effect, stream_id: str, but: Client | None = None) -> None:
        lines = effect_lines(effect)
        groups = groups if len(lines) == 1 else list(groups)
        for line in lines:
            self._send_line(groups, line, stream_id, actor=effect.sid, but=but)

    def _changed(self, followed: LocalRoom, entry: Entry, effect: ModesSet | TopicSet) -> None:
        """Modes or the topic. Who has quit for all others, and is here all the same, knows of its own ranks."""
        groups: Iterable[Group] = followed.audience.items()
        if isinstance(effect, ModesSet) and self._users.quit_shown:
            changes = self._users.visible_changes(followed, effect.changes)
            unseen = self._users.shown_quit_in(followed) if changes != effect.changes else []
            here = {sid: client for sid in unseen if (client := followed.clients.get(self._listener.current_sid(sid)))}
            for sid, client in here.items():
                own = self._users.visible_changes(followed, effect.changes, viewer=sid)
                self._send_effect(_alone(followed, client), replace(effect, changes=own), entry.id)
            groups = those(groups, lambda client: client not in here.values())
            effect = replace(effect, changes=changes)
        self._send_effect(groups, effect, entry.id, but=self._excluded(followed, effect))
        if effect.sid in self._clients:
            self._listener.room_changed(followed)

    def _profile_changed(self, entry: Entry, effect: ProfileChanged) -> None:
        """What a session tells of itself is shown once to all who share a room with it and ask, as its NICK is."""
        user = self._users.user(effect.member.sid)
        if user is not None and self._users.apply_update(user, effect):
            self._show_profile(entry, user, effect)

    def _profile_from_join(self, entry: Entry, effect: Joined, user: VisibleUser) -> None:
        """The same, where no other log had it yet: a JOIN tells of its session as it is."""
        member = effect.member
        if member.revision > user.revision:
            is_awaited, self._is_awaited = self._is_awaited, False
            for update in diff(user.profile, member):
                update = self._users.update_with_current_nick(member.sid, update)
                self._profile_changed(entry, ProfileChanged(effect.index, member.sid, member, update, member.revision))
            self._is_awaited = is_awaited

    def _show_profile(self, entry: Entry, user: VisibleUser, effect: ProfileChanged) -> None:
        field = effect.update.field
        own = self._clients.get(self._listener.current_sid(user.sid)) if field is AWAY else None
        groups = those(user.audience(), lambda client: client.session.caps & field.capability)
        self._send_effect(groups, effect, entry.id, but=own)

    def _show_join(self, followed: LocalRoom, entry: Entry, effect: Joined, but: Client | None = None) -> None:
        """A JOIN, with more to those who ask; and that who joins is away."""
        member = self._users.newest_profile(effect.member)
        nick = self._users.current_nick(effect.sid, effect.member.nick)
        source = f"{nick}!{effect.member.user}@{effect.member.host}"
        more, rest = split(followed.audience.items(), EXTENDED_JOIN)
        self._send_line(rest, joined(source, effect.room), entry.id, actor=effect.sid, but=but)
        if more:
            line = extended_join(source, effect.room, member.account, member.realname)
            self._send_line(more, line, entry.id, actor=effect.sid, but=but)
        if member.away is not None:
            groups = those(followed.audience.items(), lambda client: client.session.caps & AWAY_NOTIFY)
            own = self._clients.get(self._listener.current_sid(member.sid))
            self._send_line(groups, AWAY.line(source, member.away), entry.id, but=own)

    def _excluded(self, followed: LocalRoom, effect: ModesSet | TopicSet) -> Client | None:
        """Who is not shown what the network sets: its own rank, or all that NAMES and MODE will tell it."""
        if isinstance(effect, ModesSet) and effect.restored is not None:
            return followed.clients.get(effect.restored.sid)
        return next(iter(self._arrivals), None) if not effect.sid else None

    def _joined(self, followed: LocalRoom, entry: Entry, effect: Joined) -> None:
        member = effect.member
        client = self._clients.get(member.sid)
        is_seen = self._users.is_shown(followed, member.sid)
        self._introduce(entry, followed, effect, self._nick_for_join(followed, entry, member, client))
        if effect.lost_nick and client is not None:  # an older claim: it is called by its session id from now on
            self._lose_nick(followed, client, member.nick, entry.id)
        if (
            client is not None and client in followed.detached
        ):  # it was there all the time, and its lane has said so again
            if not is_seen:  # others saw it quit
                self._show_join(followed, entry, effect, but=client)
            self._correct_ranks(followed, entry, client, member, is_seen=is_seen)
            return
        if client is not None and not client.is_departing:
            followed.enter(client)
            followed.put_off_expiry()
            self._arrivals[client] = None
            client.session.rooms[followed.name] = followed.room
            self.set_active_room(client, followed.name)
        elif member.sid.startswith(self._own):
            self._listener.stale_join(followed, member.sid)
        # Under an id that its gateway had before, nobody is shown himself.
        former = self._clients.get(self._listener.current_sid(member.sid)) if client is None else None
        self._show_join(followed, entry, effect, but=former)
        if client is not None:
            self._listener.room_changed(followed)

    def _nick_for_join(self, followed: LocalRoom, entry: Entry, member: Member, client: Client | None) -> str:
        """What clients are to call one who joins."""
        session = client.session if client is not None else None
        if session is not None and (member.token < number(session.token) or session.nick == session.sid):
            return session.nick  # the log has lost a newer name, which its client knows
        return self._resolve_claim(followed, entry, member)

    def _resolve_claim(self, followed: LocalRoom, entry: Entry, member: Member) -> str:
        """A member's nick, where it is its own: of two whom clients see the older claim goes by the session id, and who
        is gone has quit: a slower log has yet to say so, or Redis had forgotten who had it."""
        sid = self._users.sid(member.nick)
        user = self._users.user(sid) if sid is not None and sid != member.sid else None
        if user is None or not user.shown_in:
            self._listener.nick_taken(member)
            return member.nick
        known = next((one for f in user.rooms if (one := f.room.members.get(user.sid))), member)
        source = f"{user.nick}!{known.user}@{known.host}"
        if followed.room.is_gone(user.sid):
            gone = self._clients.get(self._listener.current_sid(user.sid))
            line = quitted(source, f"Gateway {user.sid.partition('.')[0]} is gone")
            self._send_line(user.audience(), line, entry.id, but=gone)
            self._users.quit(user)
        elif (user.token, user.sid) > (member.token, member.sid):
            return member.sid
        else:
            self._show_nick(user, renamed(source, user.sid), entry)
            client = self._clients.get(user.sid)
            if client is not None and client.session.nick == user.nick:
                self._listener.nick_lost(client, user.nick, "")
            self._users.show_as(user, user.sid)
        self._listener.nick_taken(member)
        return member.nick

    def _restore_nick(self, entry: Entry, nick: str) -> None:
        """Nobody is shown under a nick any more: whoever had to go by his id for it is called by it, as his logs do.

        The claim of who has left counted as the newer one: Redis's clock had been set back between the two. Whom a
        replica has no more, which is ahead of what is shown, is about to leave.
        """
        holder = self._users.user(self._users.sid(nick) or "")
        if holder is not None and holder.shown_in:
            return
        for sid in sorted(self._users.stale_names - self._clients.keys()):
            user = self._users.user(sid)
            assert user is not None
            members = [member for f in user.rooms if (member := f.room.members.get(sid)) is not None]
            member = next((member for member in members if casefold(member.nick) == casefold(nick)), None)
            is_whole = len(members) == len(user.rooms) and all(member.nick != sid for member in members)
            if member is not None and user.nick == sid and is_whole:
                line = renamed(f"{sid}!{member.user}@{member.host}", member.nick)
                self._send_line(user.audience(), line, entry.id)
                self._users.show_as(user, member.nick)
                self._listener.nick_taken(member)
                return

    def _correct_ranks(
        self, followed: LocalRoom, entry: Entry, client: Client, member: Member, *, is_seen: bool
    ) -> None:
        """Who is back has other ranks than it is known to have: by itself, or by all who saw it there all the time."""
        user = self._users.user(member.sid)
        nick = user.nick if user is not None else member.nick
        changes = reranked(followed.detached.pop(client), member.modes, nick)
        groups = followed.audience.items() if is_seen else _alone(followed, client)
        self._send_effect(groups, ModesSet(0, "", followed.room.name, NETWORK, changes), entry.id)

    def _leave_as_tried(self, followed: LocalRoom, client: Client, effect: Rejection) -> None:
        """A client whom the log has lost has left by itself."""
        verb, params = effect.event.verb, effect.event.params
        if verb in ("PART", "QUIT"):
            self.remove_detached(
                followed, client, Departure(verb), params[-1] if len(params) > (verb == "PART") else ""
            )

    def remove_detached(self, followed: LocalRoom, client: Client, how: Departure, reason: str) -> None:
        """A client whom the log has lost leaves a room in which it, and perhaps others, still see it."""
        session = client.session
        del followed.detached[client]
        member = Member(session.sid, session.nick, session.user, session.host)
        effect = Left(0, session.sid, followed.room.name, member, how, member.source, member.nick, reason)
        if self._users.is_shown(followed, session.sid):
            position = Entry(followed.replica.last, "", [], [], b"")
            self.handle(followed, position, effect)
        elif not client.is_departing:
            for line in effect_lines(effect):
                client.send(line)
            self._remove_client(followed, client)

    def drop_detached_members(self, followed: LocalRoom) -> None:
        """Whom the log has lost gets a new session id: no GONE can tell of the old one, so others see it quit."""
        for client in followed.detached:
            session = client.session
            user = self._users.user(session.sid)
            if user is not None and followed in user.shown_in:
                source = f"{user.nick}!{session.user}@{session.host}"
                line = quitted(source, f"Gateway {session.sid.partition('.')[0]} is gone")
                self._send_line(user.audience(), line, followed.replica.last, but=client)
                self._users.quit(user)
                self._users.remove(followed, session.sid)

    def detached_members(self, followed: LocalRoom, viewer: str) -> list[Member]:
        """Whom a room's clients still see in it though the log has lost them: all do, or only those themselves."""
        members = []
        for client, ranks in followed.detached.items():
            session = client.session
            user = self._users.user(session.sid)
            if session.sid == viewer or self._users.is_shown(followed, session.sid):
                nick = user.nick if user is not None else session.nick
                says = session.realname, session.account, session.away
                members.append(Member(session.sid, nick, session.user, session.host, *says, ranks))
        return members

    def _introduce(self, entry: Entry, followed: LocalRoom, effect: Joined, nick: str) -> None:
        """Whoever joins under a newer name than clients know, or away, is shown to be so first where he is seen."""
        member = effect.member
        user = self._users.user(member.sid)
        if user is not None:
            old = user.nick
            if old != nick and self._users.renamed(member, nick):
                line = renamed(f"{old}!{member.user}@{member.host}", nick)
                self._show_nick(user, line, entry, member.sid)
            elif old != nick and not user.shown_in:  # it has quit by that name, which may be another's by now
                self._users.show_as(user, nick)
            self._profile_from_join(entry, effect, user)
        self._users.add(followed, member, nick)

    def _lose_nick(self, followed: LocalRoom, client: Client, nick: str, stream_id: str) -> None:
        if client.session.nick != nick:
            client.send(tags(client.variant, stream_id) + renamed(client.session.source, nick))
            self._listener.nick_lost(client, client.session.nick, followed.name)

    def _left(self, followed: LocalRoom, entry: Entry, effect: Left) -> None:
        member = effect.member
        current_sid = self._listener.current_sid(member.sid)
        client = followed.clients.get(current_sid)
        # It is here all the same, and will join again; it sees nothing of either.
        returns = client is not None and (current_sid != member.sid or followed.room.is_gone(member.sid))
        but = client if returns else None
        user = self._users.user(member.sid)
        is_seen = user is not None and followed in user.shown_in
        if user is not None and is_seen:
            has_quit = effect.how is Departure.QUIT
            witnesses = user.audience() if has_quit else followed.audience.items()
            self._send_effect(witnesses, effect, entry.id, but=but)
            if has_quit:
                self._users.quit(user)
                if client is not None and client.session.sid == member.sid:
                    client.send_nick_loss()
        self._users.remove(followed, member.sid)
        if returns:
            assert client is not None
            followed.detached.setdefault(client, member.modes)
            if current_sid == member.sid:
                self._listener.declared_dead()
        elif client is not None:
            if not is_seen:  # another room's log, which is ahead, has shown all others that it quit
                self._send_effect(_alone(followed, client), effect, entry.id)
            self._remove_client(followed, client)
        if user is not None:
            self._restore_nick(entry, user.nick)
            for nick in self._users.stale_nicks_of(user):  # it may have been the log of this room that called it so
                self._restore_nick(entry, nick)
        if client is not None or member.sid.startswith(self._own) or effect.sid == NOBODY:
            self._listener.room_changed(followed)

    def _remove_client(self, followed: LocalRoom, client: Client) -> None:
        followed.leave(client)
        client.session.rooms.pop(followed.name, None)
        if client.active_room == followed.name:
            self.set_active_room(client, next(reversed(client.session.rooms), ""))

    def _renamed(self, followed: LocalRoom, entry: Entry, effect: Renamed) -> None:
        member = effect.member
        user = self._users.user(member.sid)
        assert user is not None
        shown, nick = user.nick, member.nick
        if member.token >= user.token and user.shown_in:
            nick = self._resolve_claim(followed, entry, member)
        client = self._clients.get(self._listener.current_sid(member.sid))
        if client is not None and member.token < number(client.session.token):
            nick = client.session.nick  # a NICK that was put back into a log that had lost it: there is a newer one
        if not self._users.renamed(member, nick):
            return
        if client is not None and client.session.nick != nick:
            if nick != member.nick:
                self._listener.nick_lost(client, member.nick, "")
            elif nick == member.sid:
                self._listener.nick_lost(client, effect.old_nick, followed.name)
            self._listener.renamed(client, nick)
        line = renamed(f"{shown}!{member.user}@{member.host}", nick)
        self._show_nick(user, line, entry, effect.sid)
        self._restore_nick(entry, shown)

    def _show_nick(self, user: VisibleUser, line: str, entry: Entry, actor: str = "") -> None:
        self._send_line(user.audience(), line, entry.id, actor=actor)
        client = self._clients.get(self._listener.current_sid(user.sid))
        if client is not None and user.shown_in:
            client.client_side_nick = ""

    def _send_line(
        self, groups: Iterable[Group], line: str, stream_id: str, actor: str = "", but: Client | None = None
    ) -> None:
        """Writes one line to groups of readers; whoever asked for it gets it as a reply.

        ``but``: who does not see it.
        """
        sender = self._users.sender(actor)
        for variant, audience in groups:
            data = line_piece(line, stream_id, variant, sender)
            if not data:
                continue
            acting = self._clients.get(actor)
            if but is not None and but.connection in audience:
                self._write({c: a for c, a in audience.items() if a is not but}, data)
            elif acting is not None and acting.connection in audience and _is_personal(acting):
                tell = acting.session.reply if self._is_awaited else acting.session.send
                tell(tags(variant, stream_id, sender=sender) + line)
                self._write({c: a for c, a in audience.items() if a is not acting}, data)
            else:
                self._write(audience, data)

    def set_active_room(self, client: Client, room: str) -> None:
        """From now on a reader of plain text talks in this room (folded name; "" for none); nothing to others."""
        if not client.variant & TEXT or client.active_room == room:
            return
        user = self._users.user(client.session.sid)
        here = [f for f in user.rooms if client.session.sid in f.clients] if user is not None else []
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
