"""The profile of a session as others see it: in the nick's claim in Redis, in the counts of users, and in its rooms.

Runs on the lane's thread.
"""

from collections.abc import Iterator

from gateway.chat import events
from gateway.chat.events import number
from gateway.chat.member import Member
from gateway.chat.session import Session
from gateway.directory.nicks import NickDirectory
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.outgoing import Outgoing
from gateway.lane.rooms.directory_updates import DirectoryPublisher


class Profiles:
    """Publishes the profiles of the lane's sessions."""

    def __init__(
        self,
        directory: NickDirectory,
        directory_publisher: DirectoryPublisher,
        outgoing: Outgoing,
        visible_users: VisibleUsers,
    ) -> None:
        self._directory = directory
        self._directory_publisher = directory_publisher
        self._outgoing = outgoing
        self._visible_users = visible_users

    def publish(self, session: Session) -> None:
        """Write a session's profile into its nick claim, and count it."""
        self._directory.publish(session)
        self._directory_publisher.user_changed(session)

    def correct_shown(self, session: Session) -> None:
        """Do that if clients of this lane see another profile, after a change that failed in some room."""
        user = self._visible_users.user(session.sid)
        if user is not None:
            self.correct(session, user.profile)

    def correct(self, session: Session, member: Member) -> None:
        """Send the present profile to all rooms of a session that some room knows as this member.

        A change that failed may have reached one room. All rooms are sent the profile, as the session may have left
        that room by the time at which the log has it.
        """
        lines = list(missing_profile_updates(member, session))
        for name in session.rooms:
            for line in lines:
                self._outgoing.must_deliver(session.sid, name, line)


def missing_updates(member: Member, session: Session) -> Iterator[str]:
    """Return the events for the nick and the profile of a session that a room's log has lost or never had."""
    yield from missing_profile_updates(member, session)
    if member.nick != session.nick and (member.token < number(session.token) or session.nick == session.sid):
        yield events.renamed(session.source, session.nick, session.token)


def missing_profile_updates(member: Member, session: Session) -> Iterator[str]:
    if member.away != session.away:
        yield events.away(session.source, session.away, session.revision)
    if member.realname != session.realname:
        yield events.realname_set(session.source, session.realname, session.revision)
    if member.is_bot != session.is_bot:
        yield events.bot_set(session.source, session.is_bot, session.revision)
