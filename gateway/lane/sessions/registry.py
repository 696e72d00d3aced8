"""The sessions of a lane: who is here under which nick, what became of what they did, how they leave.

Every event that a session appends passes here, so that "all that it did is in a log or refused" can be told.
Runs on the lane's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from gateway.chat import events
from gateway.chat.capabilities import SETNAME
from gateway.chat.commands.rooms import show_room
from gateway.chat.effects import Effect, Kind, Rejection
from gateway.chat.errors import rejected, unavailable
from gateway.chat.events import Entry, number
from gateway.chat.member import Member
from gateway.chat.ports import ClientLeft
from gateway.chat.profile_updates import NOTIFY_CAPABILITY
from gateway.chat.session import Session
from gateway.lane.clients.client import Client
from gateway.lane.loop.tasks import Task, Wait
from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.sessions.retry_queue import MustDeliver
from gateway.logs.in_flight import PendingEvent
from gateway.net.connection import ClientConnection
from gateway.wire.casefold import casefold
from gateway.wire.message import parse

if TYPE_CHECKING:
    from gateway.lane.assembly import Parts

log = structlog.get_logger()

ROOMS_AT_ONCE = 16
FAREWELL_LIMIT_S = 2.0
CLOSING_LIMIT_S = 10.0
UNLOGGED_LIMIT = 256
"""Events of one client on their way to logs: it is read no further until they are there. While Redis is away it is
read all the same, and what does not fit is refused."""


class Sessions:
    """See the module. It is what delivery tells its marks to."""

    def __init__(self, parts: Parts, clients: dict[str, Client]) -> None:
        self._lane, self._context = parts, parts.context
        self.clients = clients
        self.closing: dict[ClientConnection, None] = {}  # told ERROR, and still there to read it
        self.by_nick: dict[str, str] = {}  # folded nick -> session id, of registered clients

    # -- what they do ---------------------------------------------------------------------------------

    def append(self, sid: str, log_name: str, line: str, label: str = "", wait: Wait[Any] | None = None) -> None:
        """Queues an event of a session for a log; while Redis is away it may be refused at once."""
        client, pending = self.clients.get(sid), PendingEvent(sid, line, label, wait)
        if client is not None:
            client.unlogged += 1
            if self._lane.retry_queue.is_on and not self._lane.retry_queue.admits(
                client, log_name, pending, self._context.now
            ):
                self._end(pending, None)
                return
            if client.unlogged >= UNLOGGED_LIMIT and not client.throttled and not self._lane.retry_queue.is_away:
                self._lane.dispatcher.hold(client)
        self._lane.log_writer.add(log_name, pending)

    def insist(self, sid: str, log_name: str, line: str, wait: Wait[Any] | None = None) -> None:
        """Queues an event that is never refused."""
        client = self.clients.get(sid)
        if client is not None:
            client.unlogged += 1
        self._lane.log_writer.add(log_name, MustDeliver(sid, line, wait=wait))

    def commit(self, sid: str, log_name: str, line: str, *, lasting: bool = False) -> Wait[Any]:
        """Either, to be awaited: what the fold made of it, or None where it was refused."""
        wait: Wait[Any] = Wait()
        (self.insist if lasting else self.append)(sid, log_name, line, wait=wait)
        return wait

    def withdraw(self, log_name: str, wait: Wait[Any]) -> bool:
        """Takes back the event that is awaited so, whose sender was told that it failed; False once it was sent."""
        withdrawn = self._lane.log_writer.withdraw(log_name, lambda pending: pending.wait is wait)
        for pending in withdrawn:
            self.settle(pending, None)
        return bool(withdrawn)

    def refuse(self, pending: PendingEvent) -> None:
        """An event that was queued is never sent: its sender is told."""
        self.settle(pending, None)

    def settle(self, pending: PendingEvent, outcome: Any) -> None:
        """What became of an event: an effect, a place in another's inbox, or None where it was refused."""
        if self._lane.retry_queue.is_on:
            self._lane.retry_queue.ended(pending)
        self._end(pending, outcome)

    def _end(self, pending: PendingEvent, outcome: Any) -> None:
        client = self.clients.get(pending.sid)
        if pending.wait is not None:
            if pending.wait.done and client is not None and not client.is_departing:
                self._late(client.session, outcome)
            if (
                client is not None
                and isinstance(outcome, Effect)
                and outcome.kind in NOTIFY_CAPABILITY
                and outcome.member
            ):
                self.take_back(client.session, outcome.member)
            pending.wait.fulfil(outcome)
        elif client is not None and not client.is_departing and not _was_said(outcome):
            self._answer(client, pending, outcome)
        if client is not None:
            if pending.label:
                client.session.answered(pending.label)
            client.logged()

    def _answer(self, client: Client, pending: PendingEvent, outcome: Any) -> None:
        """The word to the sender of a message: an error, or the echo of a direct one."""
        message, session = parse(pending.line), client.session
        if message is None:
            return
        if isinstance(pending, MustDeliver):  # the lane has said it by itself: no client is to hear what became of it
            if not session.rooms:  # none has shown it
                client.send_nick_loss()
                if message.verb == "SETNAME" and session.caps & SETNAME:
                    session.send(events.realname_set(session.source, session.realname))
            return
        if isinstance(outcome, tuple):
            self._lane.direct_history.sent(session, outcome, message)
            self._lane.fanout.echo(client, outcome, message, pending.label)
        elif outcome is not None and outcome.reason is Rejection.DUPLICATE:
            if outcome.old:  # the client sent it again: it is told of the first one
                self._lane.fanout.echo_again(client, outcome, pending.label)
        elif outcome is None:
            error = unavailable(message.verb, *message.params[:1])
            session.answer_late(pending.label, lambda: session.answer(error))
        else:
            refusal = rejected(message.verb, message.params[0], outcome.reason or Rejection.NO_CHANGE)
            session.answer_late(pending.label, lambda: session.answer(refusal) if refusal is not None else None)

    def _late(self, session: Session, outcome: object) -> None:
        """A command takes effect after it was answered by an error, or again.

        Who has joined a room must know who else is there, and they what the session has told of itself meanwhile.
        """
        if not isinstance(outcome, Effect) or outcome.kind is not Kind.JOINED or outcome.member is None:
            return
        message = parse(outcome.line)
        room = session.rooms.get(casefold(message.params[0])) if message is not None else None
        if room is not None:
            session.answer_late("", lambda: show_room(self._lane.ports, session, room))
            for line in _missing_updates(room.members.get(session.sid, outcome.member), session):
                self.insist(session.sid, room.folded_name, line)

    def take_back(self, session: Session, member: Member) -> None:
        """What failed may have come through in some room, and a session be known otherwise than it is: all are told.

        By all rooms, as it may be out of that one before the log has it.
        """
        lines = list(_missing_profile_updates(member, session))
        for name in session.rooms:
            for line in lines:
                self.insist(session.sid, name, line)

    # -- coming and going -----------------------------------------------------------------------------

    def registered(self, client: Client) -> None:
        session = client.session
        self.by_nick[casefold(session.nick)] = session.sid
        self._lane.ports.publish_profile(session)
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
        logged: Wait[None] = Wait()
        client.when_logged(lambda: logged.fulfil(None))
        await logged
        line = events.quitted(session.source, reason)
        rooms = dict.fromkeys((*session.rooms, *(client.intended or ())))
        for names in in_slices(rooms):
            for wait in [self.commit(session.sid, name, line, lasting=True) for name in names]:
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

    def rejected(self, followed: LocalRoom, entry: Entry, effect: Effect) -> None:
        self._lane.replicas.mark_rejected(followed.name, entry, (effect,))

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

    def came_back(self, effect: Effect) -> None:
        self._late(self.clients[effect.sid].session, effect)

    def orphan(self, followed: LocalRoom, sid: str) -> None:
        member = followed.room.members.get(sid)
        if member is not None:
            self.insist(sid, followed.name, events.quitted(member.source, "Connection closed"))

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
                self._lane.log_writer.add_first(followed.name, self._lane.rejoining.join(followed, client))
            elif member is not None:
                for line in _missing_updates(member, session):
                    client.unlogged += 1
                    self._lane.log_writer.add_first(followed.name, MustDeliver(session.sid, line))

    def room_closed(self, followed: LocalRoom) -> None:
        for sid in followed.room.members:
            self._lane.visible_users.vanished(followed, sid)


def in_slices(rooms: Iterable[str]) -> Iterator[list[str]]:
    """A few rooms at a time, for what a session tells to all of its rooms: so no turn has an event for each of them."""
    names = list(rooms)
    return (names[at : at + ROOMS_AT_ONCE] for at in range(0, len(names), ROOMS_AT_ONCE))


def _missing_updates(member: Member, session: Session) -> Iterator[str]:
    """What a log has lost, or never had, of how a member is called and what it told of itself."""
    yield from _missing_profile_updates(member, session)
    if member.nick != session.nick and (member.token < number(session.token) or session.nick == session.sid):
        yield events.renamed(session.source, session.nick, session.token)


def _missing_profile_updates(member: Member, session: Session) -> Iterator[str]:
    if member.away != session.away:
        yield events.away(session.source, session.away, session.revision)
    if member.realname != session.realname:
        yield events.realname_set(session.source, session.realname, session.revision)
    if member.is_bot != session.is_bot:
        yield events.bot_set(session.source, session.is_bot, session.revision)


def _was_said(outcome: object) -> bool:
    return outcome.__class__ is Effect and outcome.kind in (Kind.SAID, Kind.LINES)


def _without_text(reason: str) -> str:
    """What the log is told of a reason: never what a user wrote."""
    return next((kind for kind in ("Quit", "Killed") if reason.startswith((f"{kind}: ", f"{kind} ("))), reason)
