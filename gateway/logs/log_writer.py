"""Append a lane's events to logs, each exactly once, with at most one entry in flight to a log.

All events that gather for a log while an entry is in flight go as the next entry. If the lane follows the log, an
entry is acknowledged when it comes back and is applied. Another lane's inbox is not followed: there the reply
acknowledges it.

If a connection is lost while an append is unanswered, its outcome is unknown. The replica repairs itself first, which
applies the entry if it is in the log. Only an entry that is not there is sent again, with the same bytes. Redis may
also lose entries (a restart, a failover to a replica that lags). So entries are remembered for a minute, and those that
a log lacks after it was loaded again are restored. Runs on the lane's thread.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import hiredis

from gateway.broker.keys import Keys
from gateway.broker.port import LOST, SERVER_ERRORS, RedisPort, Reply
from gateway.chat.effects import Accepted, Outcome, Reason, Rejection
from gateway.chat.events import Entry, EventId, encode, origin_of
from gateway.logs.in_flight import ENTRY_LIMIT_BYTES, InFlight, LogQueue, PendingEvent
from gateway.logs.log_queues import LogQueues
from gateway.logs.publishing import DelayedPublisher
from gateway.logs.recent_appends import RecentAppends
from gateway.logs.recovery import Recovery
from gateway.logs.replica import ReplicaState
from gateway.logs.replication import ReplicaAcks
from gateway.logs.scripts import APPEND
from gateway.wire.message import Message, parse

Finish = Callable[[PendingEvent, Outcome], None]
"""Called once for each event that :meth:`LogWriter.acknowledge` did not return."""


class LogWriter(LogQueues):
    """The queues of a lane, and what sends them to Redis."""

    def __init__(
        self,
        redis: RedisPort,
        keys: Keys,
        lane: str,
        new_epoch: Callable[[], str],
        finish: Finish,
        on_refused: Callable[[str], None] = lambda _error: None,
        replica_acks: ReplicaAcks | None = None,
    ) -> None:
        """``on_refused``: Redis takes no writes, and nothing is sent until :meth:`writes_taken`.

        ``replica_acks``: entries are published once Redis's replicas have them.
        """
        super().__init__(keys)
        self._redis = redis
        self._lane = lane
        self._new_epoch = new_epoch
        self._finish = finish
        self._on_refused = on_refused
        self._is_refused = False
        self._recovery = Recovery(redis)
        self._publisher = DelayedPublisher(redis, replica_acks, self._finish_all) if replica_acks is not None else None
        self.recent = RecentAppends(self._drop_if_idle)
        self.is_paused = False
        """Nothing new is sent. Entries in flight are finished."""
        self.appended = 0
        """Entries so far. An entry that was sent again counts once."""
        self._sent = 0

    # -- to Redis -------------------------------------------------------------------------------------

    def send(self) -> None:
        """Send what has gathered, for every log that has nothing in flight and can be written."""
        due, self._due = self._due, []
        self.gathered = 0
        for queue in due:
            if queue.in_flight is not None or not self._is_writable(queue):
                continue
            if queue.to_restore:
                self._append(queue, queue.to_restore.popleft())
                continue
            if queue.after_recovery is not None:
                call, queue.after_recovery = queue.after_recovery, None
                call()
            if queue.events and not self.is_paused:
                self._append(queue, self._next_entry(queue.events))
        if self._publisher is not None:
            self._publisher.turn()

    def take_sent(self) -> int:
        """Return how many entries were sent since the last call."""
        count, self._sent = self._sent, 0
        return count

    def _is_writable(self, queue: LogQueue) -> bool:
        if self._is_refused or (self._publisher is not None and self._publisher.is_lagging):
            return False
        return self._redis.is_up(queue.log) and (queue.replica is None or queue.replica.state is ReplicaState.LIVE)

    def _next_entry(self, waiting: deque[PendingEvent]) -> InFlight:
        """Take as many events as an entry may hold, at least one."""
        events = [waiting.popleft()]
        if waiting:
            room_bytes = ENTRY_LIMIT_BYTES - events[0].size_bytes
            while waiting and (room_bytes := room_bytes - waiting[0].size_bytes) >= 0:
                events.append(waiting.popleft())
        self.appended += 1
        return InFlight(f"{self._lane}:{self.appended}", encode([(event.sid, event.line) for event in events]), events)

    def _append(self, queue: LogQueue, entry: InFlight) -> None:
        replica = queue.replica
        self._sent += 1
        queue.in_flight = entry
        entry.is_answered = False
        if self._publisher is not None:
            self._publisher.sending(queue, entry)
        self._redis.run(
            APPEND,
            partial(self._answered, queue, entry),
            queue.keys,
            "*" if replica is None else replica.epoch,
            entry.origin,
            entry.payload,
            queue.live if self._publisher is None else "",
            "" if replica is None or replica.epoch else self._new_epoch(),
        )

    def _answered(self, queue: LogQueue, entry: InFlight, reply: Reply) -> None:
        if isinstance(reply, list) and len(reply) == 3:
            entry.appended = reply
            entry.is_answered = True
            return  # it is published when the replicas have it
        if queue.in_flight is not entry:
            return  # acknowledged already
        entry.is_answered = True
        if reply is LOST:
            return  # link_up() or the replica's repair decides
        if isinstance(reply, hiredis.ReplyError):
            if str(reply).startswith(SERVER_ERRORS):
                self._requeue(queue, entry, str(reply))
            else:
                self._finish_all(queue, None)
        elif queue.replica is None:
            self._finish_all(queue, None if isinstance(reply, list) else reply.decode())
        elif isinstance(reply, list):
            queue.replica.repair()  # another epoch: caught_up() sends it again

    def _requeue(self, queue: LogQueue, entry: InFlight, error: str) -> None:
        """Redis takes no writes, so the entry is not in the log: its events wait again."""
        queue.in_flight = None
        if entry.events:
            queue.events.extendleft(reversed(entry.events))
        else:
            queue.to_restore.appendleft(entry)
        self._is_refused = True
        self._on_refused(error)

    def writes_taken(self) -> None:
        """Redis takes writes again."""
        self._is_refused = False
        self._all_are_due()

    # -- from logs ------------------------------------------------------------------------------------

    def acknowledge(self, name: str, origin: str) -> Sequence[PendingEvent] | None:
        """An entry of this lane is being applied: return its events, for the caller to finish one by one."""
        queue = self._queues.get(name)
        if queue is None or (entry := queue.in_flight) is None or entry.origin != origin:
            return None
        events = entry.events
        if events:
            self.recent.add(queue, entry)
        self._next(queue)
        return events or None

    def forget_rejected(self, name: str, entry: Entry, rejected: set[int]) -> None:
        """Events of the entry that was acknowledged last were rejected: it is never restored with them."""
        self.recent.forget_rejected(self._queues[name], entry, rejected)

    def caught_up(self, name: str, origins: Mapping[str, int]) -> None:
        """A followed log is live again: send the own entries again that it does not have.

        ``origins``: the count of each lane's newest entry that was applied, from the log or with its base.
        """
        known, queue = origins.get(self._lane, 0), self._queues[name]
        entry = queue.in_flight
        if queue.replica is not None and queue.replica.was_reloaded:
            self._restore(queue, known)
        if entry is not None:
            if not entry.is_answered or not self._redis.is_up(queue.log):
                return
            if entry.events and entry.count <= known:
                self._find_in_log(queue, entry)
                return
            queue.in_flight = None
            if entry.count > known and entry not in queue.to_restore:
                (queue.to_restore.append if entry.events else queue.to_restore.appendleft)(entry)
        if queue.events or queue.to_restore:
            self._is_due(queue)

    def repair_unacknowledged(self) -> None:
        """Repair the replicas of logs that have an entry which did not come back: the published message was lost."""
        for queue in self._queues.values():
            entry, replica = queue.in_flight, queue.replica
            if entry is not None and entry.is_answered and replica is not None and replica.state is ReplicaState.LIVE:
                replica.repair()

    def _finish_all(self, queue: LogQueue, entry_id: str | None) -> None:
        """Finish the entry in flight: it has this id in the log, or None if it was refused."""
        entry = queue.in_flight
        assert entry is not None
        events = entry.events
        if events and entry_id is not None:
            self.recent.add(queue, entry)
        self._next(queue)
        for index, event in enumerate(events):
            self._finish(event, None if entry_id is None else EventId(entry_id, index))

    def _next(self, queue: LogQueue) -> None:
        """Nothing is in flight to a log any more: what has gathered is due."""
        queue.in_flight = None
        if queue.has_more:
            self._is_due(queue)
        else:
            self._drop_if_idle(queue)

    # -- recovery -------------------------------------------------------------------------------------

    def link_up(self) -> None:
        """After a reconnection: send the entries again that other lanes' inboxes do not have."""
        if self._publisher is not None:
            self._publisher.link_up()
        for queue in list(self._queues.values()):
            if queue.replica is not None:
                continue
            if queue.in_flight is not None or queue.recent:
                self._recover_inbox(queue)
            elif queue.events:
                self._is_due(queue)

    def _restore(self, queue: LogQueue, known: int) -> None:
        """Queue what goes before anything new: recent entries above this count, then entries without an outcome."""
        unfinished = [entry for entry in queue.to_restore if entry.events]
        queue.to_restore = deque(entry for entry in queue.recent if entry.count > known)
        queue.to_restore.extend(unfinished)

    def _recover_inbox(self, queue: LogQueue) -> None:
        """Compare another lane's inbox with what was sent to it. Nothing new is sent there before."""
        entry = queue.in_flight = queue.in_flight or InFlight("", b"")

        def compare(ids: dict[str, str] | None) -> None:
            if ids is None:  # its key has a value of another type, and nobody reads it
                self.recent.forget(queue)
                self._finish_all(queue, None)
                return
            counts = [count for lane, count in map(origin_of, ids) if lane == self._lane]
            self._restore(queue, max(counts, default=0))
            if entry.events and entry.origin in ids:
                self._finish_all(queue, ids[entry.origin])
                return
            if entry.events:
                queue.to_restore.append(entry)
            self._next(queue)

        self._recovery.read_tail(queue, entry, compare)

    def _find_in_log(self, queue: LogQueue, entry: InFlight) -> None:
        """The replica has passed the entry without applying it, by a base: find its id in the log."""
        self._recovery.find(queue, entry, partial(self._recover_outcome, queue, entry))

    def _recover_outcome(self, queue: LogQueue, entry: InFlight, entry_id: str | None) -> None:
        """Finish the events of an entry that was not applied here. Other lanes have marked those that were rejected."""

        def finish(rejected: list[int]) -> None:
            events = entry.events
            self.recent.add(queue, entry)
            self._next(queue)
            for index, (event, is_rejected) in enumerate(zip(events, rejected, strict=True)):
                if is_rejected:
                    message = parse(event.line) or Message("")
                    self._finish(event, Rejection(index, event.sid, Reason.TRIMMED, message))
                elif entry_id is None or event.wait is not None:  # the difference of the states shows it
                    self._finish(event, Accepted(index, event.sid))
                else:
                    self._finish(event, EventId(entry_id, index))

        self._recovery.read_rejected(queue, entry, entry_id, finish)

    # -- a new id -------------------------------------------------------------------------------------

    def rekeyed(self, lane: str) -> None:
        """The lane has a new id, which is the origin of what is sent from now on.

        Entries of the old id are not restored: they would be rejected.
        """
        self._lane = lane
        self.recent.clear()

    def resume(self) -> None:
        """Send again what waits, after a pause."""
        self.is_paused = False
        self._all_are_due()
