"""Detached members: clients that a room's log has lost, and that stay in the room until they join again or leave.

A log loses members if Redis lost its end, or if their gateway was declared dead. Runs on the lane's thread.
"""

from gateway.chat.effects import Joined, Left
from gateway.chat.events import NETWORK, Entry, quitted
from gateway.chat.member import Member
from gateway.chat.room import Room
from gateway.chat.state_diff import difference
from gateway.lane.fanout.listener import StateChangeListener
from gateway.lane.fanout.state_changes import StateChanges
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.rooms.local_room import LocalRoom


class DetachedMembers:
    """Finds detached members when a room is reloaded. `LocalRoom.detached` has those of a room."""

    def __init__(self, users: VisibleUsers, changes: StateChanges, listener: StateChangeListener) -> None:
        self._users = users
        self._changes = changes
        self._listener = listener

    def room_reloaded(self, followed: LocalRoom, old: Room, has_missed: bool) -> None:
        """A room was reloaded from its log: show the difference to ``old`` as if it had just happened.

        Clients of this lane that the log has lost stay in the room as detached members; the lane appends their JOIN
        again. ``has_missed``: there were messages in between that cannot be shown in their place any more.
        """
        self._changes.begin_entry()
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
            self._changes.handle(followed, position, effect)
            if isinstance(effect, Joined) and self._changes.has_joined(effect.sid):
                back.append(effect)
        for effect in back:  # after all effects: the NAMES of the reply must not be ahead of the JOINs shown
            self._listener.rejoined(effect)
        if has_missed:
            line = f":{NETWORK} NOTICE {followed.room.name} :Messages may be missing here: see the room's history"
            self._changes.send_line(followed.audience.items(), line, position.id)

    def drop(self, followed: LocalRoom) -> None:
        """Show the QUIT of detached members: they get new session ids, and no log will bring GONE for the old ones."""
        for client in followed.detached:
            session = client.session
            user = self._users.user(session.sid)
            if user is None:
                continue
            if followed in user.shown_in:  # else another log has brought the QUIT
                source = f"{user.nick}!{session.user}@{session.host}"
                line = quitted(source, f"Gateway {session.sid.partition('.')[0]} is gone")
                self._changes.send_line(user.audience(), line, followed.replica.last, but=client)
                self._users.quit(user)
            self._users.remove(followed, session.sid)

    def seen_by(self, viewer: str, followed: LocalRoom) -> list[Member]:
        """The detached members that ``viewer`` still sees in the room: itself, and those whose QUIT was not shown."""
        members = []
        for client, ranks in followed.detached.items():
            session = client.session
            user = self._users.user(session.sid)
            if session.sid == viewer or self._users.is_shown(followed, session.sid):
                nick = user.nick if user is not None else session.nick
                profile = session.realname, session.account, session.away
                members.append(Member(session.sid, nick, session.user, session.host, *profile, ranks))
        return members
