"""The sessions of a lane: how they come and how they leave. Runs on the lane's thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import structlog

from gateway.chat import events
from gateway.chat.effects import Joined, Redacted, Rejection
from gateway.chat.events import Entry
from gateway.chat.member import Member
from gateway.chat.ports import ClientLeft
from gateway.lane.clients.client import Client
from gateway.lane.loop.tasks import Task, Wait
from gateway.lane.outgoing import in_slices
from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.sessions.profile import missing_updates
from gateway.logs.in_flight import PendingEvent
from gateway.net.connection import ClientConnection
from gateway.wire.casefold import casefold

if TYPE_CHECKING:
    from gateway.lane.assembly import Parts

log = structlog.get_logger()

FAREWELL_LIMIT_S = 2.0
CLOSING_LIMIT_S = 10.0


class Sessions:
    """See the module. It is what delivery tells its marks to."""

    def __init__(self, parts: Parts, clients: dict[str, Client]) -> None:
        self._lane, self._context = parts, parts.context
        self.clients = clients
        self.closing: dict[ClientConnection, None] = {}  # told ERROR, and still there to read it
        self.by_nick: dict[str, str] = {}  # folded nick -> session id, of registered clients

    # -- coming and going -----------------------------------------------------------------------------

    def registered(self, client: Client) -> None:
        session = client.session
        self.by_nick[casefold(session.nick)] = session.sid
        self._lane.profiles.publish(session)
        log.info("registered", session=session.sid, nick=session.nick, dialect=client.dialect.name)

    def renamed(self, client: Client, old: str, nick: str) -> None:
        self._unname(client.session.sid, old)
        client.session.nick = nick
        self.by_nick[casefold(nick)] = client.session.sid

    def _unname(self, sid: str, nick: str) -> None:
        if self.by_nick.get(casefold(nick)) == sid:
            del self.by_nick[casefold(nick)]

    def depart(self, client: Client, reason: str) -> None:
        """Ends a client: behind all it did its QUIT goes to everyone who sees it, its nick is freed, and it is told.

        In this order, so that who has read ERROR may come back under the same nick at once, through any gateway.
        """
        if client.is_departing:
            return
        client.is_departing = True
        client.inputs = None
        self._lane.monitor.forget(client)
        label = client.session.label
        client.session.drop_response()
        for name in client.session.rooms:
            self._lane.replicas.rooms[name].leave(client)  # it sees nothing more, its own QUIT least of all
        farewell = partial(self._farewell, client, label, reason)
        self._context.later(FAREWELL_LIMIT_S, farewell)  # while Redis is away
        if client.task is not None:
            client.task.interrupt(ClientLeft())
        Task(self._leave(client, reason, farewell), self._left).step()

    def _farewell(self, client: Client, label: str, reason: str) -> None:
        connection, session = client.connection, client.session
        if connection.is_open and not connection.is_closing:
            session.answer_late(label, lambda: session.reply(f"ERROR :Closing link: {reason}"))
            connection.write(client.dialect.last_words())
            connection.close(lingers=True)
            self.closing[connection] = None
            self._context.later(CLOSING_LIMIT_S, partial(connection.abort, ""))  # where the peer does not read

    def _left(self, _task: Task, error: Exception | None) -> None:
        if error is not None:
            self._context.fault("leave", error)

    async def _leave(self, client: Client, reason: str, farewell: Callable[[], None]) -> None:
        lane, session = self._lane, client.session
        await lane.outgoing.idle(client)
        line = events.quitted(session.source, reason)
        rooms = dict.fromkeys((*session.rooms, *(client.intended or ())))
        for names in in_slices(rooms):
            for wait in [lane.outgoing.commit(session.sid, name, line, must_deliver=True) for name in names]:
                await wait
        if session.nick:
            if session.is_registered:
                lane.directory.remember(session, session.nick, self._context.wall_now)
            self._unname(session.sid, session.nick)
            released: Wait[None] = Wait()
            lane.directory.release(session.sid, session.nick, lambda: released.fulfil(None))
            await released
        farewell()
        del self.clients[session.sid]
        lane.connections.discount(client.connection)
        lane.direct_history.forget(session)
        lane.directory_publisher.user_left(session)
        lane.drain.check()
        log.info("closed", session=session.sid, nick=session.nick, reason=_without_text(reason))

    # -- Marks ----------------------------------------------------------------------------------------

    def rejected(self, followed: LocalRoom, entry: Entry, effect: Rejection | Redacted) -> None:
        self._lane.rejected_events.mark(followed.name, entry, (effect,))

    def returned(self, followed: LocalRoom, pending: PendingEvent) -> bool:
        return self._lane.rekey.returned(followed.name, pending)

    def named(self, member: Member) -> None:
        if self._lane.rekey.is_under_way:
            self._lane.rekey.named(member)

    def yields(self, client: Client, nick: str, room: str) -> None:
        session, old = client.session, client.session.nick
        self._lane.nick_claims.lose(client, nick, is_shown=True, but=room)
        self._lane.directory.release(session.sid, old)
        self._lane.nick_claims.renew(client)

    def declared_dead(self) -> None:
        self._lane.rekey.notice()

    def current_sid(self, sid: str) -> str:
        return self._lane.rekey.current_sid(sid)

    def came_back(self, effect: Joined) -> None:
        self._lane.outcomes.joined_late(self.clients[effect.sid].session, effect)

    def orphan(self, followed: LocalRoom, sid: str) -> None:
        member = followed.room.members.get(sid)
        if member is not None:
            self._lane.outgoing.must_deliver(sid, followed.name, events.quitted(member.source, "Connection closed"))

    def changed(self, followed: LocalRoom) -> None:
        self._lane.directory_publisher.room_changed(followed)

    # -- rooms that were read again -------------------------------------------------------------------

    def room_settled(self, followed: LocalRoom) -> None:
        """A room is live, perhaps read again: whom of ours its log has lost for good join again, by their new names."""
        self._lane.log_writer.after_recovery(followed.name, partial(self._rejoin_all, followed))

    def _rejoin_all(self, followed: LocalRoom) -> None:
        """Before anything that they have said since."""
        for client in followed.clients.values():
            session, member = client.session, followed.room.members.get(client.session.sid)
            if followed.room.is_gone(session.sid):
                self._lane.rekey.notice()
            elif member is None and not self._lane.rekey.is_under_way:
                self._lane.rejoining.join(followed, client)
            elif member is not None:
                for line in missing_updates(member, session):
                    self._lane.outgoing.must_deliver(session.sid, followed.name, line, is_first=True)

    def room_closed(self, followed: LocalRoom) -> None:
        for sid in followed.room.members:
            self._lane.visible_users.vanished(followed, sid)


def _without_text(reason: str) -> str:
    """What the log is told of a reason: never what a user wrote."""
    return next((kind for kind in ("Quit", "Killed") if reason.startswith((f"{kind}: ", f"{kind} ("))), reason)
