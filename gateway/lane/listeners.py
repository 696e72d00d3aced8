"""What receives the reports of the Redis link, and of the fan-out about the fold. Runs on the lane's thread."""

import socket
from collections.abc import Callable

import structlog

from gateway.broker.probe import LinkProbe
from gateway.chat.effects import Joined, Redacted, Rejection
from gateway.chat.events import Entry
from gateway.chat.member import Member
from gateway.lane.clients.client import Client, Clients
from gateway.lane.context import LaneContext
from gateway.lane.hooks import Hooks, call_all
from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.sessions.outcomes import Outcomes
from gateway.lane.sessions.rekey import Rekey
from gateway.logs.in_flight import PendingEvent
from gateway.logs.rejected_events import RejectedEvents

log = structlog.get_logger()


class LinkEvents:
    """Passes on what the Redis link and its probe report, by the hooks of the lane."""

    probe: LinkProbe

    def __init__(self, context: LaneContext, hooks: Hooks) -> None:
        self._context = context
        self._hooks = hooks
        self.later = context.later

    @property
    def id(self) -> str:
        return self._context.id

    @property
    def now(self) -> float:
        return self._context.now

    @property
    def is_stopping(self) -> bool:
        return self._context.is_stopping

    def connect(self, done: Callable[[socket.socket | BaseException], None]) -> None:
        self._context.process.connect(self._context.post, done)

    def link_fault(self, error: Exception) -> None:
        self._context.fault("link", error)

    def link_up(self) -> None:
        call_all(self._hooks.link_up)
        self.probe.link_up()  # after all else that a new connection is sent

    def link_down(self, why: str) -> None:
        call_all(self._hooks.link_down)
        self.probe.link_down(why)

    def link_proven(self) -> None:
        if not self._context.is_ready:
            self._context.is_ready = True
            log.info("lane_ready", lane=self._context.id)

    def redis_unavailable(self) -> None:
        call_all(self._hooks.redis_unavailable)

    def redis_available(self) -> None:
        call_all(self._hooks.redis_available)

    def writes_taken(self) -> None:
        call_all(self._hooks.writes_taken)


class FoldListener:
    """The :class:`StateChangeListener` of a lane. assembly.py sets each callable to a method of the owner."""

    nick_taken: Callable[[Member], None]
    renamed: Callable[[Client, str], None]
    nick_lost: Callable[[Client, str, str], None]
    declared_dead: Callable[[], None]
    stale_join: Callable[[LocalRoom, str], None]
    room_changed: Callable[[LocalRoom], None]
    outcomes: Outcomes
    rekey: Rekey
    rejected_events: RejectedEvents

    def __init__(self, context: LaneContext, clients: Clients) -> None:
        self._clients = clients
        self.current_sid = context.current_sid

    def rejected(self, followed: LocalRoom, entry: Entry, effect: Rejection | Redacted) -> None:
        self.rejected_events.mark(followed.name, entry, (effect,))

    def rejected_after_gone(self, followed: LocalRoom, pending: PendingEvent) -> bool:
        return self.rekey.returned(followed.name, pending)

    def rejoined(self, effect: Joined) -> None:
        self.outcomes.joined_late(self._clients[effect.sid].session, effect)
