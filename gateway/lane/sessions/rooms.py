"""The rooms of a lane, as command handlers use them (gateway.chat.interfaces.Rooms). Runs on the lane's thread."""

from collections.abc import Mapping
from functools import partial

from gateway.chat.errors import ClientLeft, Unavailable
from gateway.chat.member import Member
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.lane.clients.client import Clients
from gateway.lane.context import LaneContext
from gateway.lane.fanout.detached import DetachedMembers
from gateway.lane.fanout.state_changes import StateChanges
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.loop.tasks import Wait
from gateway.lane.rooms.local_room import RoomReplicas
from gateway.logs.replica import ReplicaState
from gateway.wire.casefold import casefold


class Rooms:
    """The rooms that the lane follows."""

    def __init__(
        self,
        context: LaneContext,
        clients: Clients,
        replicas: RoomReplicas,
        visible_users: VisibleUsers,
        state_changes: StateChanges,
        detached: DetachedMembers,
    ) -> None:
        self._context = context
        self._clients = clients
        self._replicas = replicas
        self._visible_users = visible_users
        self._state_changes = state_changes
        self._detached = detached

    def loaded(self, name: str) -> Room | None:
        """The replica of a room that the lane follows and has loaded."""
        local = self._replicas.rooms.get(casefold(name))
        return local.room if local is not None and local.reloading_state is None else None

    async def open(self, name: str) -> Room:
        local = self._replicas.open(casefold(name))
        if local.replica.state is not ReplicaState.LIVE:
            wait: Wait[None] = Wait()
            live = partial(wait.fulfil, None)
            local.waiting.append(live)
            try:
                await wait
            except (ClientLeft, Unavailable):
                local.waiting.remove(live)
                raise
        return local.room

    def is_new(self, name: str) -> bool:
        return not self._replicas.rooms[casefold(name)].replica.epoch

    def may_create(self, session: Session) -> bool:
        is_counted = self._clients.of(session).connection.is_admitted  # else it is of this machine
        return not is_counted or self._context.process.may_make_room(session.address)

    def position(self, name: str) -> str:
        return self._replicas.rooms[casefold(name)].replica.last

    def client_side_nicks(self, room: Room) -> Mapping[str, str]:
        users = self._visible_users
        if not (users.stale_names or users.quit_shown):
            return {}
        local = self._replicas.rooms.get(room.folded_name)
        return users.shown_nicks() | dict.fromkeys(users.shown_quit_in(local) if local is not None else (), "")

    def detached_members(self, session: Session, room: Room) -> list[Member]:
        local = self._replicas.rooms.get(room.folded_name)
        return self._detached.seen_by(session.sid, local) if local is not None and local.detached else []

    def set_active(self, session: Session, name: str) -> None:
        self._state_changes.set_active_room(self._clients.of(session), casefold(name))
