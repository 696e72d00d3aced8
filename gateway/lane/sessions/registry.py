"""The sessions of a lane: how they come and how they leave. Runs on the lane's thread."""

from collections.abc import Callable
from functools import partial

import structlog

from gateway.chat import events
from gateway.chat.errors import ClientLeft, Unavailable
from gateway.chat.session import Session
from gateway.lane.clients.client import Client, Clients
from gateway.lane.context import LaneContext
from gateway.lane.hooks import Hooks, call_all
from gateway.lane.loop.tasks import Task, Wait
from gateway.lane.outgoing import Outgoing, in_slices
from gateway.lane.rooms.local_room import RoomReplicas
from gateway.lane.sessions.nicks import Nicks
from gateway.lane.sessions.profile import Profiles
from gateway.logs.barrier import Barrier
from gateway.net.connection import ClientConnection

log = structlog.get_logger()

ERROR_LIMIT_S = 2.0
CLOSING_LIMIT_S = 10.0


class Sessions:
    """The registered sessions of a lane, and those that are on their way in or out."""

    def __init__(
        self,
        context: LaneContext,
        hooks: Hooks,
        clients: Clients,
        outgoing: Outgoing,
        nicks: Nicks,
        profiles: Profiles,
        replicas: RoomReplicas,
        barrier: Barrier,
    ) -> None:
        self._context = context
        self._hooks = hooks
        self._clients = clients
        self._outgoing = outgoing
        self._nicks = nicks
        self._profiles = profiles
        self._replicas = replicas
        self._barrier = barrier
        self._closing: dict[ClientConnection, None] = {}  # have been sent ERROR, and are still open to read it

    def registered(self, session: Session) -> None:
        client = self._clients.of(session)
        self._nicks.registered(session)
        self._profiles.publish(session)
        log.info("registered", session=session.sid, nick=session.nick, dialect=client.dialect.name)

    def quit(self, session: Session, reason: str) -> None:
        self.disconnect(self._clients.of(session), reason)

    def set_caps(self, session: Session, caps: int) -> None:
        client = self._clients.of(session)
        here = [self._replicas.rooms[name] for name in session.rooms]
        for local in here:
            local.leave(client)
        session.caps = caps
        for local in here:
            local.enter(client)

    async def barrier(self, session: Session) -> None:
        client, barrier = self._clients.of(session), self._barrier
        wait: Wait[None] = Wait()

        def done() -> None:
            wait.fulfil(None)

        def idle() -> None:
            barrier.reach([barrier.inbox, *session.rooms, *(client.intended or ())], done)

        self._outgoing.when_idle(client, idle)
        try:
            await wait
        except (ClientLeft, Unavailable):
            self._outgoing.forget(client, idle)
            barrier.cancel(done)
            raise

    def disconnect(self, client: Client, reason: str) -> None:
        """End a client: send its QUIT after all that it did, then release its nick, then send it ERROR.

        In this order, so that a user who has read ERROR can come back under the same nick at once, on any gateway.
        """
        if client.is_leaving:
            return
        client.is_leaving = True
        client.inputs = None
        call_all(self._hooks.client_departs, client)
        label = client.session.label
        client.session.drop_response()
        for name in client.session.rooms:
            self._replicas.rooms[name].leave(client)  # it sees nothing more, not even its own QUIT
        send_error = partial(self._send_error, client, label, reason)
        self._context.later(ERROR_LIMIT_S, send_error)  # while Redis is unavailable
        if client.task is not None:
            client.task.interrupt(ClientLeft())
        Task(self._leave(client, reason, send_error), self._left).step()

    def _send_error(self, client: Client, label: str, reason: str) -> None:
        connection, session = client.connection, client.session
        if connection.is_open and not connection.is_closing:
            session.answer_late(label, lambda: session.reply(f"ERROR :Closing link: {reason}"))
            connection.write(client.dialect.last_words())
            connection.close(lingers=True)
            self._closing[connection] = None
            self._context.later(CLOSING_LIMIT_S, partial(self._end_closing, connection))

    def _end_closing(self, connection: ClientConnection) -> None:
        """The peer has read ERROR by now, or never will."""
        connection.abort("")
        self._closing.pop(connection, None)

    @property
    def is_closing(self) -> bool:
        """Whether a client that has left still has its ERROR to read."""
        return any(connection.is_open for connection in self._closing)

    def abort_closing(self) -> None:
        for connection in self._closing:
            connection.abort("")

    def _left(self, _task: Task, error: Exception | None) -> None:
        if error is not None:
            self._context.fault("leave", error)

    async def _leave(self, client: Client, reason: str, send_error: Callable[[], None]) -> None:
        session = client.session
        await self._outgoing.idle(client)
        line = events.quitted(session.source, reason)
        rooms = dict.fromkeys((*session.rooms, *(client.intended or ())))
        for names in in_slices(rooms):
            for wait in [self._outgoing.commit(session.sid, name, line, must_deliver=True) for name in names]:
                await wait
        await self._nicks.give_up(session)
        send_error()
        del self._clients[session.sid]
        call_all(self._hooks.client_left, client)
        log.info("closed", session=session.sid, nick=session.nick, reason=_without_text(reason))


def _without_text(reason: str) -> str:
    """Return a reason for the gateway's log, without what a user wrote."""
    return next((kind for kind in ("Quit", "Killed") if reason.startswith((f"{kind}: ", f"{kind} ("))), reason)
