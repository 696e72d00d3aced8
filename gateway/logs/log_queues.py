"""The events of a lane that wait for logs or are in flight, log by log. Pure; belongs to one lane."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from gateway.broker.keys import Keys
from gateway.logs.in_flight import LogQueue, PendingEvent
from gateway.logs.replica import Replica


class LogQueues:
    """One queue for each log that the lane follows, or to which it has something under way.

    :class:`gateway.logs.log_writer.LogWriter` sends them.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._queues: dict[str, LogQueue] = {}
        self._due: list[LogQueue] = []
        self.gathered = 0
        """Events that wait for the next send."""

    # -- what is under way ----------------------------------------------------------------------------

    @property
    def queued(self) -> int:
        """Events that are not in a log yet."""
        queues = list(self._queues.values())  # also read by the admin thread
        return sum(len(queue.events) + (len(entry.events) if (entry := queue.in_flight) else 0) for queue in queues)

    @property
    def has_own_in_flight(self) -> bool:
        """Whether an entry of a followed log is in flight, or is going to be restored."""
        followed = (queue for queue in self._queues.values() if queue.replica is not None)
        return any(queue.in_flight is not None or queue.to_restore for queue in followed)

    def is_idle(self, name: str) -> bool:
        queue = self._queues.get(name)
        return queue is None or (queue.in_flight is None and not queue.has_more)

    def under_way(self) -> Iterator[tuple[str, PendingEvent, bool]]:
        """Iterate over all events that are not in a log yet: (log, event, whether it was never sent), in order."""
        for name, queue in self._queues.items():
            for event in queue.in_flight.events if queue.in_flight is not None else ():
                yield name, event, False
            for event in queue.events:
                yield name, event, True

    def in_flight(self) -> Iterator[PendingEvent]:
        for queue in self._queues.values():
            if queue.in_flight is not None:
                yield from queue.in_flight.events

    def waiting(self, name: str) -> deque[PendingEvent]:
        """The events that wait for a log, in order. They were never sent to Redis."""
        queue = self._queues.get(name)
        return deque() if queue is None else queue.events

    def all_waiting(self) -> Iterator[deque[PendingEvent]]:
        for queue in self._queues.values():
            yield queue.events

    # -- into queues ----------------------------------------------------------------------------------

    def follow(self, replica: Replica) -> None:
        self._queues[replica.name] = LogQueue(replica.name, self._keys, replica)

    def unfollow(self, name: str) -> None:
        """Forget a log that is not followed any more. Nothing may be under way to it."""
        queue = self._queues.pop(name)
        assert queue.in_flight is None
        assert not queue.events

    def add(self, name: str, event: PendingEvent) -> None:
        """Queue an event for a log. It leaves with the next send."""
        queue = self._queues.get(name) or self._queue(name)
        if queue.in_flight is None:
            if not queue.events:
                self._due.append(queue)
            self.gathered += 1
        queue.events.append(event)

    def add_first(self, name: str, event: PendingEvent) -> None:
        """Queue an event for a followed log before all events that wait for it."""
        queue = self._queues[name]
        queue.events.appendleft(event)
        self._is_due(queue)

    def add_all_first(self, name: str, events: Sequence[PendingEvent]) -> None:
        """Queue events before all that wait for a log, while sending is paused."""
        self._queue(name).events.extendleft(reversed(events))

    def withdraw(self, name: str, fits: Callable[[PendingEvent], bool]) -> list[PendingEvent]:
        """Remove events that were never sent, for the caller to finish."""
        queue = self._queues.get(name)
        if queue is None:
            return []
        withdrawn = [event for event in queue.events if fits(event)]
        if withdrawn:
            gone = set(withdrawn)
            queue.events = deque(event for event in queue.events if event not in gone)
            self._drop_if_idle(queue)
        return withdrawn

    def after_recovery(self, name: str, call: Callable[[], None]) -> None:
        """Call once a followed log has all entries that were sent to it, and before anything new is sent."""
        queue = self._queues[name]
        if queue.in_flight is None and not queue.to_restore:
            call()
        else:
            queue.after_recovery = call

    def _queue(self, name: str) -> LogQueue:
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = LogQueue(name, self._keys, None)
        return queue

    def _is_due(self, queue: LogQueue) -> None:
        self._due.append(queue)
        self.gathered += len(queue.events) or 1

    def _all_are_due(self) -> None:
        for queue in self._queues.values():
            if queue.in_flight is None and queue.has_more:
                self._is_due(queue)

    def _drop_if_idle(self, queue: LogQueue) -> None:
        """Forget another lane's inbox if nothing is under way to it, and nothing was sent lately."""
        if queue.replica is None and queue.in_flight is None and not queue.has_more and not queue.recent:
            self._queues.pop(queue.name, None)
