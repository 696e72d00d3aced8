"""The events of clients that wait while Redis is unavailable: in order, within bounds, otherwise refused.

They wait in the queues of the logs (:class:`gateway.logs.log_queues.LogQueues`). The retry queue counts their bytes for
each session, and knows their age. Only an event that was never sent to Redis can be refused. Then the session's later
events for the same log are refused too, until nothing of the session is under way. So a conversation has no holes.
Pure; belongs to one lane.
"""

from collections import deque
from collections.abc import Callable

from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_queues import LogQueues

LANE_LIMIT_BYTES = 64 * 1024 * 1024
OVERHEAD_BYTES = 350  # what an event takes besides its text


class MustDeliver(PendingEvent):
    """An event that is never refused, however long it waits: a QUIT, and what a lane appends by itself."""

    __slots__ = ()


class RetryQueue:
    """The counts of what waits. While ``is_on``, an event must be admitted before it is queued, and finished later."""

    def __init__(
        self,
        queues: LogQueues,
        count_of: Callable[[str], int | None],
        refuse: Callable[[PendingEvent], None],
        limits: tuple[int, float],
    ) -> None:
        """``count_of``: how many events a session has under way; None if it is not a session of the lane.

        ``refuse`` ends an event that was withdrawn; ``limits``: bytes for each session, seconds.
        """
        self._queues = queues
        self._count_of = count_of
        self._refuse = refuse
        self.limits = limits
        self.is_on = self.is_away = False
        self._bytes: dict[str, int] = {}  # of each session
        self.bytes = 0  # of all
        self._waiting: deque[tuple[float, str, PendingEvent]] = deque()  # (since when, log, event)
        self._refused: dict[str, set[str]] = {}  # session -> the logs for which its events are refused

    # -- whether Redis is available -------------------------------------------------------------------

    def redis_unavailable(self, now: float) -> None:
        """Count what is under way already."""
        self.is_on = self.is_away = True
        self._bytes.clear()
        self.bytes = 0
        since = {pending: at for at, _, pending in self._waiting}
        self._waiting.clear()
        found = []
        for name, pending, is_queued in self._queues.under_way():
            if self._count_of(pending.sid) is not None and pending.__class__ is PendingEvent:
                self._count(pending)
                if is_queued:
                    found.append((since.get(pending, now), name, pending))
        self._waiting.extend(sorted(found, key=lambda one: one[0]))

    def rekeyed(self, now: float, current_sid: Callable[[str], str]) -> None:
        """Use the sessions' new ids."""
        self._refused = {current_sid(sid): logs for sid, logs in self._refused.items()}
        if self.is_away:
            self.redis_unavailable(now)

    def redis_available(self) -> None:
        """Ages are kept: if Redis becomes unavailable again, what is still queued has waited since the first time."""
        self.is_away = False

    # -- events ---------------------------------------------------------------------------------------

    def admits(self, log_name: str, pending: PendingEvent, now: float) -> bool:
        """Whether an event may be queued. Its session's count of events under way includes it already."""
        sid = pending.sid
        if self._count_of(sid) == 1:
            self._refused.pop(sid, None)
        if log_name in self._refused.get(sid, ()):
            return False
        if not self.is_away:
            return True
        size = _cost(pending)
        if self._bytes.get(sid, 0) + size > self.limits[0] or self.bytes + size > LANE_LIMIT_BYTES:
            self._refused.setdefault(sid, set()).add(log_name)
            return False
        self._count(pending)
        self._waiting.append((now, log_name, pending))
        return True

    def _count(self, pending: PendingEvent) -> None:
        size = _cost(pending)
        self._bytes[pending.sid] = self._bytes.get(pending.sid, 0) + size
        self.bytes += size

    def finished(self, pending: PendingEvent) -> None:
        """Stop counting an event that was admitted: it is in its log, refused or withdrawn."""
        counted = self._bytes.get(pending.sid)
        if counted is None or pending.__class__ is not PendingEvent:
            return
        size = min(counted, _cost(pending))
        self.bytes -= size
        if counted > size:
            self._bytes[pending.sid] = counted - size
        else:
            del self._bytes[pending.sid]

    # -- time -----------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Refuses what has waited too long; called every half second."""
        old: dict[str, set[PendingEvent]] = {}
        while self._waiting and self._waiting[0][0] <= now - self.limits[1]:
            _, name, pending = self._waiting.popleft()
            old.setdefault(name, set()).add(pending)
        if self.is_away:
            for name, pendings in old.items():
                self._expire(name, pendings)
        elif self.is_on:
            self._turn_off_if_empty()

    def _expire(self, name: str, old: set[PendingEvent]) -> None:
        sids = {pending.sid for pending in self._queues.waiting(name) if pending in old}
        for sid in sids:
            self._refused.setdefault(sid, set()).add(name)
        for pending in self._queues.withdraw(name, lambda one: one.sid in sids and one.__class__ is PendingEvent):
            self._refuse(pending)

    def _turn_off_if_empty(self) -> None:
        """Turn off once no session has anything under way that was sent before a refused event."""
        for sid in list(self._refused):
            if not self._count_of(sid):
                del self._refused[sid]
        if not self._refused:
            self.is_on = False
            self._bytes.clear()
            self.bytes = 0
            if not self._queues.queued:
                self._waiting.clear()


def _cost(pending: PendingEvent) -> int:
    return pending.size_bytes + OVERHEAD_BYTES
