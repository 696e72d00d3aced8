"""Effects that are no messages: joins, departures, nicks, profiles, modes, topics, and which clients see them.

A session is in many rooms and has one nick and one profile. So a change of these arrives through several logs, and is
shown once, to all clients that share a room with the session. Runs on the lane's thread.
"""

from collections.abc import Iterable
from dataclasses import replace

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
from gateway.lane.clients.client import Client
from gateway.lane.fanout.audience import Group, split, those
from gateway.lane.fanout.listener import StateChangeListener
from gateway.lane.fanout.outboxes import Outboxes
from gateway.lane.fanout.visible_users import VisibleUser, VisibleUsers
from gateway.lane.rooms.local_room import LocalRoom
from gateway.wire.casefold import casefold


class StateChanges:
    """Updates the lane's view of users and rooms, and sends the lines that show the changes."""

    def __init__(
        self,
        lane: str,
        clients: dict[str, Client],
        users: VisibleUsers,
        outboxes: Outboxes,
        listener: StateChangeListener,
    ) -> None:
        """``clients``: the lane's registered clients, by session id."""
        self.rekeyed(lane)
        self._clients = clients
        self._users = users
        self._write = outboxes.write
        self._listener = listener
        self._arrivals: dict[Client, None] = {}  # clients that joined by the current entry
        self._is_awaited = False  # whether a handler waits for the current event

    def rekeyed(self, lane: str) -> None:
        """Take the lane's id, at first and after a rekey."""
        self._own = f"{lane}."

    def begin_entry(self) -> None:
        """The following effects are those of another entry."""
        self._arrivals.clear()

    def has_joined(self, sid: str) -> bool:
        """Whether a client of this lane has joined the room by the current entry."""
        return self._clients.get(sid) in self._arrivals

    def handle(
        self,
        followed: LocalRoom,
        entry: Entry,
        effect: Effect,
        *,
        is_awaited: bool = False,
    ) -> None:
        """Show an effect that is no message.

        ``is_awaited``: a handler waits for the effect, so its lines are part of the handler's response.
        """
        self._is_awaited = is_awaited
        if self._users.stale_names:
            self._users.change_with_current_nick(effect)
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
                groups = those(followed.audience.items(), lambda client: _may_see_invites(client, followed.room))
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
            self.send_line(groups, line, stream_id, actor=effect.sid, but=but)

    def _changed(self, followed: LocalRoom, entry: Entry, effect: ModesSet | TopicSet) -> None:
        """Show modes or the topic.

        A client in the room whose QUIT was shown to all others is sent the changes of its own ranks.
        """
        groups: Iterable[Group] = followed.audience.items()
        if isinstance(effect, ModesSet) and self._users.quit_shown:
            changes = self._users.visible_changes(followed, effect.changes)
            hidden = self._users.shown_quit_in(followed) if changes != effect.changes else []
            here = {sid: client for sid in hidden if (client := followed.clients.get(self._listener.current_sid(sid)))}
            for sid, client in here.items():
                own = self._users.visible_changes(followed, effect.changes, viewer=sid)
                self._send_effect(_alone(followed, client), replace(effect, changes=own), entry.id)
            groups = those(groups, lambda client: client not in here.values())
            effect = replace(effect, changes=changes)
        self._send_effect(groups, effect, entry.id, but=self._excluded(followed, effect))
        if effect.sid in self._clients:
            self._listener.room_changed(followed)

    def _profile_changed(self, entry: Entry, effect: ProfileChanged) -> None:
        """Show a profile change once, to all clients that share a room with the session and have the capability."""
        user = self._users.user(effect.member.sid)
        if user is not None and self._users.apply_update(user, effect):
            self._show_profile(entry, user, effect)

    def _profile_from_join(self, entry: Entry, effect: Joined, user: VisibleUser) -> None:
        """Show the profile changes that a JOIN contains and that no other log has brought yet."""
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
        """Show a JOIN, in the form of extended-join to clients that have it, and an AWAY to those with away-notify."""
        member = self._users.newest_profile(effect.member)
        nick = self._users.current_nick(effect.sid, effect.member.nick)
        source = f"{nick}!{effect.member.user}@{effect.member.host}"
        more, rest = split(followed.audience.items(), EXTENDED_JOIN)
        self.send_line(rest, joined(source, effect.room), entry.id, actor=effect.sid, but=but)
        if more:
            line = extended_join(source, effect.room, member.account, member.realname)
            self.send_line(more, line, entry.id, actor=effect.sid, but=but)
        if member.away is not None:
            groups = those(followed.audience.items(), lambda client: client.session.caps & AWAY_NOTIFY)
            own = self._clients.get(self._listener.current_sid(member.sid))
            self.send_line(groups, AWAY.line(source, member.away), entry.id, but=own)

    def _excluded(self, followed: LocalRoom, effect: ModesSet | TopicSet) -> Client | None:
        """The client that is not shown the network's modes: it knows its ranks, or NAMES and MODE will show them."""
        if isinstance(effect, ModesSet) and effect.restored is not None:
            return followed.clients.get(effect.restored.sid)
        return next(iter(self._arrivals), None) if not effect.sid else None

    def _joined(self, followed: LocalRoom, entry: Entry, effect: Joined) -> None:
        member = effect.member
        client = self._clients.get(member.sid)
        is_seen = self._users.is_shown(followed, member.sid)
        self._introduce(entry, followed, effect, self._nick_for_join(followed, entry, member, client))
        if effect.lost_nick and client is not None:  # its claim is the older one
            self._lose_nick(followed, client, member.nick, entry.id)
        if client is not None and client in followed.detached:  # for itself it has never left
            if not is_seen:  # others saw it quit
                self._show_join(followed, entry, effect, but=client)
            self._correct_ranks(followed, entry, client, member, is_seen=is_seen)
            return
        if client is not None and not client.is_leaving:
            followed.enter(client)
            followed.put_off_expiry()
            self._arrivals[client] = None
            client.session.rooms[followed.name] = followed.room
            self.set_active_room(client, followed.name)
        elif member.sid.startswith(self._own):
            self._listener.stale_join(followed, member.sid)
        # A client is not shown its own JOIN under a former session id.
        former = self._clients.get(self._listener.current_sid(member.sid)) if client is None else None
        self._show_join(followed, entry, effect, but=former)
        if client is not None:
            self._listener.room_changed(followed)

    def _nick_for_join(self, followed: LocalRoom, entry: Entry, member: Member, client: Client | None) -> str:
        """The nick under which clients are shown a session that joins."""
        session = client.session if client is not None else None
        if session is not None and (member.token < number(session.token) or session.nick == session.sid):
            return session.nick  # the log has lost a newer nick, which the client knows
        return self._resolve_claim(followed, entry, member)

    def _resolve_claim(self, followed: LocalRoom, entry: Entry, member: Member) -> str:
        """The nick under which a member is shown, if another visible session has it already.

        If that session's gateway is gone, its QUIT is shown first: a slower log has not brought it yet. Else Redis had
        lost a claim, and the session with the older claim is shown under its session id.
        """
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
            self.send_line(user.audience(), line, entry.id, but=gone)
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
        """A nick is free: show a session that had to give it up under it again, if all its logs have it so.

        The claim of the session that has left counted as the newer one, because Redis's clock was set back between the
        two. A session that some replica no longer has is about to leave, and keeps its session id.
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
                self.send_line(user.audience(), line, entry.id)
                self._users.show_as(user, member.nick)
                self._listener.nick_taken(member)
                return

    def _correct_ranks(
        self, followed: LocalRoom, entry: Entry, client: Client, member: Member, *, is_seen: bool
    ) -> None:
        """Show the difference to the ranks that a client had before it was detached.

        It is sent to all clients if they saw it in the room all the time, else to the client itself.
        """
        user = self._users.user(member.sid)
        nick = user.nick if user is not None else member.nick
        changes = reranked(followed.detached.pop(client), member.modes, nick, member.sid)
        groups = followed.audience.items() if is_seen else _alone(followed, client)
        self._send_effect(groups, ModesSet(0, "", followed.room.name, NETWORK, changes), entry.id)

    def _leave_as_tried(self, followed: LocalRoom, client: Client, effect: Rejection) -> None:
        """A detached member has sent PART or QUIT. It was rejected, as the log does not have the member."""
        verb, params = effect.event.verb, effect.event.params
        if verb in ("PART", "QUIT"):
            text = params[-1] if len(params) > (verb == "PART") else ""
            self.remove_detached(followed, client, Departure(verb), text)

    def remove_detached(self, followed: LocalRoom, client: Client, how: Departure, reason: str) -> None:
        """Remove a detached member from the room, for itself and for the other clients that still see it there."""
        session = client.session
        del followed.detached[client]
        member = Member(session.sid, session.nick, session.user, session.host)
        effect = Left(0, session.sid, followed.room.name, member, how, member.source, member.nick, reason)
        if self._users.is_shown(followed, session.sid):
            position = Entry(followed.replica.last, "", [], [], b"")
            self.handle(followed, position, effect)
        elif not client.is_leaving:
            for line in effect_lines(effect):
                client.send(line)
            self._remove_client(followed, client)

    def _introduce(self, entry: Entry, followed: LocalRoom, effect: Joined, nick: str) -> None:
        """Before a JOIN, show any NICK, AWAY or other profile change that clients who see this user have missed."""
        member = effect.member
        user = self._users.user(member.sid)
        if user is not None:
            old = user.nick
            if old != nick and self._users.renamed(member, nick):
                line = renamed(f"{old}!{member.user}@{member.host}", nick)
                self._show_nick(user, line, entry, member.sid)
            elif old != nick and not user.shown_in:  # its QUIT was shown; another session may have the old nick by now
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
        # The client stays and will join again. It sees neither.
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
            if not is_seen:  # another log, which is ahead, has brought the QUIT
                self._send_effect(_alone(followed, client), effect, entry.id)
            self._remove_client(followed, client)
        if user is not None:
            self._restore_nick(entry, user.nick)
            for nick in self._users.stale_nicks_of(user):  # perhaps only this room's log had it so
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
            nick = client.session.nick  # a restored NICK: there is a newer one
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
        self.send_line(user.audience(), line, entry.id, actor=actor)
        client = self._clients.get(self._listener.current_sid(user.sid))
        if client is not None and user.shown_in:
            client.client_side_nick = ""

    def send_line(
        self, groups: Iterable[Group], line: str, stream_id: str, actor: str = "", but: Client | None = None
    ) -> None:
        """Write one line to groups of readers; the session that caused it may get it as a reply.

        ``but``: the client that does not see it.
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
                write = acting.session.reply if self._is_awaited else acting.session.send
                write(tags(variant, stream_id, sender=sender) + line)
                self._write({c: a for c, a in audience.items() if a is not acting}, data)
            else:
                self._write(audience, data)

    def set_active_room(self, client: Client, room: str) -> None:
        """Set the room to which a plain-text client talks (casefolded name; "" for none)."""
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
    """Whether a client is sent its own actions in a form of its own: in a labeled response, or as "you joined"."""
    return client.session.response is not None or bool(client.variant & TEXT)


def _may_see_invites(client: Client, room: Room) -> bool:
    """IRCv3 invite-notify, "Notes": only clients that may invite, too."""
    return bool(client.session.caps & INVITE_NOTIFY) and room.may_invite(client.session.sid, "") is None
