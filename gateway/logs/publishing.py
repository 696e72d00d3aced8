"""Publishing after appending: with ``redis_wait_replicas``, an entry is published once Redis's replicas have it.

The log writer appends without a channel, and this publishes later. If the link breaks in between, an entry may be in
its log unpublished: then the lanes that follow the log are made to read it. Runs on the lane's thread.
"""

from collections.abc import Callable
from functools import partial

from gateway.broker.port import RedisPort
from gateway.logs.in_flight import InFlight, LogQueue
from gateway.logs.replication import ReplicaAcks

Sent = list[tuple[LogQueue, InFlight]]


class DelayedPublisher:
    """The entries that a lane has appended and not published yet."""

    def __init__(self, redis: RedisPort, acks: ReplicaAcks, finish: Callable[[LogQueue, str], None]) -> None:
        """``finish`` gets the id of an entry in a log that this lane does not follow."""
        self._redis = redis
        self._acks = acks
        self._finish = finish
        self._sent: Sent = []  # in this turn
        self._unpublished: dict[str, None] = {}  # live channels of logs that may have an unpublished entry

    @property
    def is_lagging(self) -> bool:
        """Whether replicas are missing: then nothing more is appended."""
        return self._acks.is_lagging

    def sending(self, queue: LogQueue, entry: InFlight) -> None:
        """Note an entry that is being sent to Redis."""
        entry.appended = None
        self._sent.append((queue, entry))

    def turn(self) -> None:
        """Ask once for all that was sent in a turn."""
        if self._sent:
            sent, self._sent = self._sent, []
            self._acks.ask(partial(self._publish, sent), partial(self._leave_unpublished, sent))

    def link_up(self) -> None:
        """After a reconnection: announce what got into a log unpublished, once replicas have it."""
        if self._unpublished:
            self._acks.after_replicated(self._announce)

    def _publish(self, sent: Sent) -> None:
        for queue, entry in sent:
            if entry.appended is not None:
                entry_id, before, epoch = entry.appended
                head = b"%s %s %s %s\n" % (entry_id, before, epoch, entry.origin.encode())
                self._redis.publish(queue.live, head + entry.payload)
                if queue.replica is None and queue.in_flight is entry:
                    self._finish(queue, entry_id.decode())

    def _leave_unpublished(self, sent: Sent) -> None:
        self._unpublished |= {queue.live: None for queue, _ in sent}

    def _announce(self) -> None:
        """Make the followers of a log compare it: by an epoch that no log has."""
        unpublished, self._unpublished = self._unpublished, {}
        for live in unpublished:
            self._redis.publish(live, "0-0 - - -\n")
