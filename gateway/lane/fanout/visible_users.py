"""The users that a lane's clients can see, with the nick and profile under which they are shown.

A session has one nick, but its NICK and QUIT arrive through the log of every room that it is in. The first log that
brings a change shows it, once, to all clients that share any of these rooms. The others are applied without output.
Runs on the lane's thread.
"""

from collections.abc import Iterable
from dataclasses import replace

from gateway.chat.capabilities import ELSEWHERE
from gateway.chat.effects import (
    Departure,
    Effect,
    Invited,
    Left,
    MessageSent,
    ModesSet,
    MultilineSent,
    ProfileChanged,
    Redacted,
    TopicSet,
)
from gateway.chat.member import UNKNOWN, Member, Sender
from gateway.chat.modes import Change
from gateway.chat.profile_updates import ProfileUpdate
from gateway.lane.clients.client import Client
from gateway.lane.rooms.local_room import LocalRoom
from gateway.net.connection import ClientConnection
from gateway.wire.casefold import casefold


class VisibleUser:
    """A session as this lane's clients know it.

    ``rooms``: the rooms whose replicas have it. ``shown_in``: those of them in which clients see it. After another log
    has brought the session's QUIT, it is shown in no room.
    """

    __slots__ = ("nick", "profile", "revision", "rooms", "shown_in", "sid", "token")

    def __init__(self, member: Member, nick: str) -> None:
        self.sid = member.sid
        self.nick = nick
        self.token = member.token
        self.profile = replace(member)
        """As it was when it was first shown, with the profile changes since."""
        self.revision = member.revision
        """The newest revision of it that was shown."""
        self.rooms: dict[LocalRoom, None] = {}
        self.shown_in: dict[LocalRoom, None] = {}

    def apply_update(self, effect: ProfileChanged) -> bool:
        """Apply a profile change that a replica has; whether it is new to this lane's clients.

        One revision may stand for several changes, of which each replica may have seen others.
        """
        if effect.revision < self.revision:
            return False
        self.revision = effect.revision
        return effect.update.apply(self.profile)

    def audience(self) -> Iterable[tuple[int, dict[ClientConnection, Client]]]:
        """The clients that see the user in a room, each once, by variant."""
        if len(self.shown_in) == 1:
            return next(iter(self.shown_in)).audience.items()
        union: dict[int, dict[ClientConnection, Client]] = {}
        for followed in self.shown_in:
            for variant, audience in followed.audience.items():
                union.setdefault(variant & ~ELSEWHERE, {}).update(audience)
        return union.items()


class VisibleUsers:
    """All members of the rooms that the lane follows, by session id and by nick."""

    __slots__ = ("_by_nick", "_by_sid", "quit_shown", "senders", "stale_names")

    def __init__(self) -> None:
        self._by_sid: dict[str, VisibleUser] = {}
        self._by_nick: dict[str, str] = {}
        self.senders: dict[str, Sender] = {}
        """By session id, those of which a tag shows something. The lines of all others cost nothing more."""
        self.stale_names: set[str] = set()
        """Sessions that some replica has under an older nick than the one shown: their lines get the shown one."""
        self.quit_shown: set[str] = set()
        """Sessions whose QUIT was shown, while some replica still has them."""

    def __len__(self) -> int:
        return len(self._by_sid)

    def sid(self, nick: str) -> str | None:
        return self._by_nick.get(casefold(nick))

    def user(self, sid: str) -> VisibleUser | None:
        return self._by_sid.get(sid)

    def sender(self, sid: str) -> Sender:
        """What the tags of a session's lines show of it."""
        return self.senders.get(sid, UNKNOWN)

    def apply_update(self, user: VisibleUser, effect: ProfileChanged) -> bool:
        """:meth:`VisibleUser.apply_update`, and what the tags of the user's lines show from then on."""
        is_new = user.apply_update(effect)
        if is_new:
            self._note_sender(user)
        return is_new

    def _note_sender(self, user: VisibleUser) -> None:
        sender = user.profile.sender
        if sender != UNKNOWN:
            self.senders[user.sid] = sender
        else:
            self.senders.pop(user.sid, None)

    def newest_profile(self, member: Member) -> Member:
        """A member, or the profile of the same session from another log that is ahead."""
        user = self._by_sid.get(member.sid)
        return user.profile if user is not None and user.revision > member.revision else member

    def is_shown(self, followed: LocalRoom, sid: str) -> bool:
        """Whether a room's clients see this session in it."""
        user = self._by_sid.get(sid)
        return user is not None and followed in user.shown_in

    def add(self, followed: LocalRoom, member: Member, nick: str) -> VisibleUser:
        """A member has joined a replica and is shown there; ``nick``: the one to show, if the user is new."""
        user = self._by_sid.get(member.sid)
        if user is None:
            user = self._by_sid[member.sid] = VisibleUser(member, nick)
            self._by_nick[casefold(nick)] = member.sid
            self._note_sender(user)
        user.rooms[followed] = user.shown_in[followed] = None
        if user.nick != member.nick or member.sid in self.stale_names:
            self._compare(user)
        return user

    def renamed(self, member: Member, nick: str) -> bool:
        """A replica has a new nick of a member, which is shown as ``nick``; whether clients must be sent it."""
        user = self._by_sid[member.sid]
        # A session that has lost a nick has its session id as a nick, with the token of the lost one.
        is_new = user.nick != nick and (member.token, nick == user.sid) >= (user.token, user.nick == user.sid)
        if is_new:
            self._unname(user)
            user.nick, user.token = nick, member.token
            self._by_nick[casefold(nick)] = member.sid
        self._compare(user)
        return is_new

    def show_as(self, user: VisibleUser, nick: str) -> None:
        """Clients are shown another nick of a user, which no log has brought yet."""
        self._unname(user)
        user.nick = nick
        self._by_nick[casefold(nick)] = user.sid
        self._compare(user)

    def _compare(self, user: VisibleUser) -> None:
        sid = user.sid
        if all(f.room.members[sid].nick == user.nick for f in user.rooms if sid in f.room.members):
            self.stale_names.discard(sid)
        else:
            self.stale_names.add(sid)

    def stale_nicks_of(self, user: VisibleUser) -> list[str]:
        """The nicks that the replicas have for a user who is shown under another nick."""
        if user.sid not in self.stale_names:
            return []
        members = (f.room.members.get(user.sid) for f in user.rooms)
        return list(dict.fromkeys(member.nick for member in members if member is not None))

    def shown_nicks(self) -> dict[str, str]:
        """By session id, the nicks under which users with a stale nick are shown."""
        return {sid: self._by_sid[sid].nick for sid in self.stale_names}

    # -- effects of logs that are behind --------------------------------------------------------------

    def current_nick(self, sid: str, nick: str) -> str:
        """The nick under which a session is shown that a replica has under ``nick``."""
        return self._by_sid[sid].nick if sid in self.stale_names else nick

    def with_current_nick(self, run: Iterable[MessageSent | MultilineSent]) -> bool:
        """Put the shown nicks into the messages of sessions with a stale nick; whether there was no such message."""
        is_current = True
        for effect in run:
            if effect.sid in self.stale_names:
                nick = self._by_sid[effect.sid].nick
                if isinstance(effect, MultilineSent):
                    effect.source = _renamed_source(effect.source, nick)
                else:
                    effect.line = f":{_renamed_source(effect.line[1:], nick)}"
                is_current = False
        return is_current

    def change_with_current_nick(self, effect: Effect) -> None:
        """The same for the other effects: the nick of the session that acts, and those that a KICK or MODE names."""
        stale = self.stale_names
        if isinstance(effect, ProfileChanged):
            effect.update = self.update_with_current_nick(effect.member.sid, effect.update)
        elif isinstance(effect, Left | ModesSet | TopicSet | Invited | Redacted):
            actor = effect.sid
            if isinstance(effect, Left):
                effect.nick = self.current_nick(effect.member.sid, effect.nick)
                actor = effect.sid if effect.how is Departure.KICK else effect.member.sid
            elif isinstance(effect, ModesSet):
                for at, change in enumerate(effect.changes):
                    if change.sid in stale:
                        effect.changes[at] = change._replace(param=self._by_sid[change.sid].nick)
            if actor in stale:
                effect.source = _renamed_source(effect.source, self._by_sid[actor].nick)

    def update_with_current_nick(self, sid: str, update: ProfileUpdate) -> ProfileUpdate:
        nick = self.current_nick(sid, update.source.partition("!")[0])
        return update._replace(source=_renamed_source(update.source, nick))

    # -- users that have quit -------------------------------------------------------------------------

    def quit(self, user: VisibleUser) -> None:
        """A user's QUIT was shown: clients see it in no room any more."""
        user.shown_in.clear()
        self.quit_shown.add(user.sid)

    def shown_quit_in(self, followed: LocalRoom) -> list[str]:
        """The session ids that a room's replica still has, and that its clients have seen quit."""
        hidden = [self._by_sid[sid] for sid in self.quit_shown]
        return [user.sid for user in hidden if followed in user.rooms and followed not in user.shown_in]

    def visible_changes(self, followed: LocalRoom, changes: list[Change], viewer: str = "") -> list[Change]:
        """Mode changes without the ranks of members whom the room's clients have seen quit.

        ``viewer``: a session that still sees itself.
        """
        hidden = {sid for sid in self.shown_quit_in(followed) if sid != viewer}
        return [change for change in changes if change.sid not in hidden]

    def remove(self, followed: LocalRoom, sid: str) -> None:
        """A member has left a replica, or the room is no longer followed."""
        user = self._by_sid.get(sid)
        if user is not None:
            user.rooms.pop(followed, None)
            user.shown_in.pop(followed, None)
            if not user.rooms:
                self._unname(user)
                del self._by_sid[sid]
                self.senders.pop(sid, None)
                self.stale_names.discard(sid)
                self.quit_shown.discard(sid)
            elif sid in self.stale_names:
                self._compare(user)

    def _unname(self, user: VisibleUser) -> None:
        folded = casefold(user.nick)
        if self._by_nick.get(folded) == user.sid:
            del self._by_nick[folded]


def _renamed_source(source: str, nick: str) -> str:
    """A source "nick!user@host", or what begins with one, with another nick."""
    _, mark, rest = source.partition("!")
    return f"{nick}!{rest}" if mark else source
