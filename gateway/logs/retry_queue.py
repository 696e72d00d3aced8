"""What clients send while Redis is away: kept in order and within bounds, else refused by name.

Kept is what waits in a lane's queues; this counts it by session, knows since when it waits, and says what does not
fit. Only what was never sent to Redis can be refused; a session's later lines to the same target are refused with it,
until nothing of the session is under way, so that what is delivered has no holes. Runs on the lane's thread.
"""

from collections import deque
from collections.abc import Callable

from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter

LANE_LIMIT_BYTES = 64 * 1024 * 1024
OVERHEAD_BYTES = 350  # what an event takes besides its text


class MustDeliver(PendingEvent):
    """An event that is never refused, however long it waits: a QUIT, what a lane says of its own accord."""

    __slots__ = ()


class RetryQueue:
    """See the module. ``is_on``: an event must be admitted before it is queued, and its end be told."""

    def __init__(
        self,
        log_writer: LogWriter,
        count_of: Callable[[str], int | None],
        refuse: Callable[[PendingEvent], None],
        limits: tuple[int, float],
    ) -> None:
        """``count_of``: how many events a session has under way, None for what is no session of the lane.

        ``refuse`` ends an event that was queued; ``limits``: bytes a session, seconds.
        """
        self._log_writer = log_writer
        self._count_of = count_of
        self._refuse = refuse
        self.limits = limits
        self.is_on = self.is_away = False
        self._bytes: dict[str, int] = {}  # by session
        self.bytes = 0  # of all
        self._waiting: deque[tuple[float, str, PendingEvent]] = deque()  # (since when, log, event)
        self._refused: dict[str, set[str]] = {}  # session -> the logs that it must not write to for now

    # -- away and back --------------------------------------------------------------------------------

    def away(self, now: float) -> None:
        """Redis is away: what is under way already counts first."""
        self.is_on = self.is_away = True
        self._bytes.clear()
        self.bytes = 0
        since = {pending: at for at, _, pending in self._waiting}
        self._waiting.clear()
        found = []
        for name, pending, is_queued in self._log_writer.under_way():
            if self._count_of(pending.sid) is not None and pending.__class__ is PendingEvent:
                self._count(pending)
                if is_queued:
                    found.append((since.get(pending, now), name, pending))
        self._waiting.extend(sorted(found, key=lambda one: one[0]))

    def renamed(self, now: float, current_sid: Callable[[str], str]) -> None:
        """The sessions have other ids."""
        self._refused = {current_sid(sid): logs for sid, logs in self._refused.items()}
        if self.is_away:
            self.away(now)

    def back(self) -> None:
        """Redis is back. Ages go on: what is still queued when it goes away again has waited since the first time."""
        self.is_away = False

    # -- events ---------------------------------------------------------------------------------------

    def admits(self, log_name: str, pending: PendingEvent, now: float) -> bool:
        """Whether an event may be queued; its session's count of events under way has it already."""
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

    def ended(self, pending: PendingEvent) -> None:
        """An event that was admitted is in its log, refused or withdrawn."""
        kept = self._bytes.get(pending.sid)
        if kept is None or pending.__class__ is not PendingEvent:
            return
        size = min(kept, _cost(pending))
        self.bytes -= size
        if kept > size:
            self._bytes[pending.sid] = kept - size
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
            self._settle()

    def _expire(self, name: str, old: set[PendingEvent]) -> None:
        sids = {pending.sid for pending in self._log_writer.waiting(name) if pending in old}
        for sid in sids:
            self._refused.setdefault(sid, set()).add(name)
        for pending in self._log_writer.withdraw(name, lambda one: one.sid in sids and one.__class__ is PendingEvent):
            self._refuse(pending)

    def _settle(self) -> None:
        """Is off again once Redis is back, and no session has anything under way behind which it was refused."""
        for sid in list(self._refused):
            if not self._count_of(sid):
                del self._refused[sid]
        if not self._refused:
            self.is_on = False
            self._bytes.clear()
            self.bytes = 0
            if not self._log_writer.queued:
                self._waiting.clear()


def _cost(pending: PendingEvent) -> int:
    return pending.size_bytes + OVERHEAD_BYTES
