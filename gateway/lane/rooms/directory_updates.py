"""A lane's updates of the network's directory: the rooms that its sessions changed, and the counts of its users.

Changes are collected and written once a turn, before the turn's PINGs are handled. So after a PONG, the client's
changes are in LIST and LUSERS on every gateway. Runs on the lane's thread.
"""

from collections.abc import Callable

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort
from gateway.chat.network import GatewayCounts
from gateway.chat.session import Session
from gateway.directory.room_list import RoomList
from gateway.directory.user_counts import UserCounts
from gateway.lane.context import LaneContext
from gateway.lane.rooms.local_room import LocalRoom, RoomReplicas


class DirectoryPublisher:
    """The pending updates of one lane."""

    def __init__(
        self,
        context: LaneContext,
        redis: RedisPort,
        keys: Keys,
        replicas: RoomReplicas,
        room_list: RoomList,
        user_counts: UserCounts,
        connections: Callable[[], int],
    ) -> None:
        """``connections`` returns the number of the lane's connections, registered or not."""
        self._context = context
        self._redis = redis
        self._keys = keys
        self._replicas = replicas
        self._room_list = room_list
        self._user_counts = user_counts
        self._connections = connections
        self._changed: dict[LocalRoom, None] = {}
        self._users: set[str] = set()  # session ids
        self._invisible: set[str] = set()
        self._opers: set[str] = set()
        self._peak = 0
        self._recount = False
        self.is_due = False

    def rekeyed(self) -> None:
        """Every session has a new id."""
        for group in (self._users, self._invisible, self._opers):
            sids = [self._context.current_sid(sid) for sid in group]
            group.clear()
            group.update(sids)
        self.count_changed()

    def room_changed(self, followed: LocalRoom) -> None:
        self._changed[followed] = None
        self.is_due = True

    def count_changed(self) -> None:
        """Note that the number of connections has changed."""
        self._recount = self.is_due = True

    def user_changed(self, session: Session) -> None:
        """Note a new user, or a change of a user's modes."""
        sid = session.sid
        self._users.add(sid)
        for group, belongs in ((self._invisible, session.invisible), (self._opers, bool(session.oper))):
            if belongs:
                group.add(sid)
            else:
                group.discard(sid)
        self._peak = max(self._peak, len(self._users))
        self.count_changed()

    def user_left(self, session: Session) -> None:
        for group in (self._users, self._invisible, self._opers):
            group.discard(session.sid)
        self.count_changed()

    def turn(self) -> None:
        if self.is_due and self._redis.is_up(self._keys.rooms):
            self.write()

    def write(self) -> None:
        """Write the pending updates."""
        self.is_due = False
        if self._recount:
            self._recount = False
            self._user_counts.write(self._count())
        if self._changed:
            changed, self._changed = self._changed, {}
            for followed in changed:
                self._room_list.write(followed.room, self._context.wall_now)

    def renew(self) -> None:
        """Write everything again, and remove stale entries of others. On a slow timer and on a new connection."""
        if not self._redis.is_up(self._keys.rooms):
            return
        self._changed |= {
            f: None for f in self._replicas.rooms.values() if f.reloading_state is None and f.room.members
        }
        self._recount = True
        self.write()
        self._room_list.prune(self._context.wall_now)

    def _count(self) -> GatewayCounts:
        users = len(self._users)
        return GatewayCounts(
            gateway=self._context.gateway,
            name=self._context.server.name,
            users=users,
            invisible=len(self._invisible),
            opers=len(self._opers),
            unknown=max(0, self._connections() - users),
            peak=self._peak,
        )
