"""Memberships of the lane's clients that a room's log does not have any more, or has wrong.

If the log has lost the JOIN of a client, or its gateway was declared dead, the client joins again, and sees nothing of
it. After a rekey the JOIN names the session id that it had, so that the fold gives back its modes. A client that is not
let in now leaves the room, visibly. Runs on the lane's thread.
"""

from collections.abc import Callable
from functools import partial

from gateway.chat import events
from gateway.chat.effects import Departure, Outcome, Reason, Rejection
from gateway.chat.joining import JOIN_TRIES, join_line
from gateway.lane.clients.client import Client
from gateway.lane.context import LaneContext
from gateway.lane.fanout.state_changes import StateChanges
from gateway.lane.loop.tasks import Task, Wait
from gateway.lane.outgoing import Outgoing
from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.sessions.profile import missing_updates
from gateway.logs.log_writer import LogWriter


class Memberships:
    """Brings a room's log up to date with the lane's clients in it."""

    def __init__(
        self,
        context: LaneContext,
        outgoing: Outgoing,
        log_writer: LogWriter,
        state_changes: StateChanges,
        declared_dead: Callable[[], None],
    ) -> None:
        """``declared_dead`` is called if the log says that the lane's own gateway is gone."""
        self._context = context
        self._outgoing = outgoing
        self._log_writer = log_writer
        self._state_changes = state_changes
        self._declared_dead = declared_dead

    def caught_up(self, followed: LocalRoom) -> None:
        """A room is live, for the first time or again: compare its members, before anything new is appended."""
        self._log_writer.after_recovery(followed.name, partial(self._compare, followed))

    def _compare(self, followed: LocalRoom) -> None:
        for client in followed.clients.values():
            session, member = client.session, followed.room.members.get(client.session.sid)
            if followed.room.is_gone(session.sid):
                self._declared_dead()
            elif member is None and not self._context.is_rekeying:
                self.join_again(followed, client)
            elif member is not None:
                for line in missing_updates(member, session):
                    self._outgoing.must_deliver(session.sid, followed.name, line, is_first=True)

    def remove_unknown(self, followed: LocalRoom, sid: str) -> None:
        """A room's log has a session of this lane that is not here: append its QUIT."""
        member = followed.room.members.get(sid)
        if member is not None:
            self._outgoing.must_deliver(sid, followed.name, events.quitted(member.source, "Connection closed"))

    def join_again(self, followed: LocalRoom, client: Client, done: Callable[[], None] = lambda: None) -> None:
        """Append the JOIN of a client before all that waits for the room's log; ``done``: it is in, or out."""
        wait = self._join(followed, client, is_first=True)
        Task(self._joined(followed, client, client.session.sid, wait), partial(self._ended, done)).step()

    def _join(self, followed: LocalRoom, client: Client, *, is_first: bool = False) -> Wait[Outcome]:
        session, room = client.session, followed.room
        number = session.sid.rpartition(".")[2]
        ids = [f"{prefix}{number}" for prefix in self._context.former_prefixes]
        was = next((sid for sid in ids if sid in room.members or sid in room.lost), ids[0]) if ids else ""
        line = join_line(session, room.name, followed.replica.last, self._context.server.lobby, was=was)
        wait: Wait[Outcome] = Wait()
        self._outgoing.must_deliver(session.sid, followed.name, line, wait, is_first=is_first)
        return wait

    async def _joined(self, followed: LocalRoom, client: Client, sid: str, wait: Wait[Outcome]) -> None:
        """If the log has nothing to give back, the session joins as any other does, and may be refused."""
        effect = await wait
        for _ in range(JOIN_TRIES):
            if not self._is_stale(effect) or client.session.sid != sid or client not in followed.detached:
                break
            effect = await self._join(followed, client)
        is_here = client.session.sid == sid and client in followed.detached and not client.is_leaving
        if is_here and isinstance(effect, Rejection):
            text = f"You were away for too long ({effect.reason.name.lower().replace('_', ' ')})"
            self._state_changes.remove_detached(followed, client, Departure.PART, text)

    @staticmethod
    def _is_stale(effect: Outcome) -> bool:
        return isinstance(effect, Rejection) and effect.reason is Reason.STALE_JOIN

    def _ended(self, done: Callable[[], None], _task: Task, error: Exception | None) -> None:
        done()
        if error is not None:
            self._context.fault("join again", error)
