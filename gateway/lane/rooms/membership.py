"""Clients in a room whose log does not have them any more: each joins again, and sees nothing of it.

Redis may have lost their JOIN, or their gateway was taken for dead: then the JOIN names the session id that they had,
so that the fold gives back their modes. Who is kept out now leaves the room, visibly. Runs on the lane's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.chat.effects import Departure, Effect, Reason, Rejection
from gateway.chat.joining import JOIN_TRIES, join_line
from gateway.lane.clients.client import Client
from gateway.lane.loop.tasks import Task, Wait
from gateway.lane.rooms.local_room import LocalRoom

if TYPE_CHECKING:
    from gateway.lane.assembly import Parts


class Rejoining:
    """The JOINs of a lane's clients that are in a room already."""

    def __init__(self, parts: Parts) -> None:
        self._lane, self._context = parts, parts.context

    def join(self, followed: LocalRoom, client: Client, done: Callable[[], None] = lambda: None) -> None:
        """Let a client join again, before all that waits for the room's log; ``done``: it is in, or out."""
        wait = self._join(followed, client, is_first=True)
        Task(self._joined(followed, client, client.session.sid, wait), partial(self._ended, done)).step()

    def _join(self, followed: LocalRoom, client: Client, *, is_first: bool = False) -> Wait[Any]:
        session, room = client.session, followed.room
        number = session.sid.rpartition(".")[2]
        ids = [f"{prefix}{number}" for prefix in self._context.former_prefixes]
        was = next((sid for sid in ids if sid in room.members or sid in room.lost), ids[0]) if ids else ""
        line = join_line(session, room.name, followed.replica.last, self._context.server.lobby, was=was)
        wait: Wait[Any] = Wait()
        self._lane.outgoing.must_deliver(session.sid, followed.name, line, wait, is_first=is_first)
        return wait

    async def _joined(self, followed: LocalRoom, client: Client, sid: str, wait: Wait[Any]) -> None:
        """Where the log gives nothing back a session joins as anybody does, and may be kept out."""
        effect = await wait
        for _ in range(JOIN_TRIES):
            if not self._is_stale(effect) or client.session.sid != sid or client not in followed.kept:
                break
            effect = await self._join(followed, client)
        is_here = client.session.sid == sid and client in followed.kept and not client.is_departing
        if is_here and isinstance(effect, Rejection):
            text = f"You were away for too long ({effect.reason.name.lower().replace('_', ' ')})"
            self._lane.state_changes.put_out(followed, client, Departure.PART, text)

    @staticmethod
    def _is_stale(effect: Effect | None) -> bool:
        return isinstance(effect, Rejection) and effect.reason is Reason.STALE_JOIN

    def _ended(self, done: Callable[[], None], _task: Task, error: Exception | None) -> None:
        done()
        if error is not None:
            self._context.fault("join again", error)
