"""The logs that a lane follows: each subscribed, read page by page, and compared with its head.

Owns which replica follows which log. A log is read once its subscription is confirmed, so that nothing is missed in
between. Runs on the lane's thread.
"""

from collections.abc import Callable
from functools import partial

from gateway.broker.keys import Keys
from gateway.broker.port import LOST, RedisPort, Reply, concerns_one_key
from gateway.logs.replica import PAGE_ENTRIES, Replica, ReplicaState, stream_entry
from gateway.logs.replication import ReplicaAcks
from gateway.logs.scripts import RANGE


class Subscriptions:
    """The :class:`gateway.logs.replica.LogReader` of a lane."""

    def __init__(
        self,
        redis: RedisPort,
        keys: Keys,
        on_fault: Callable[[str, Exception], None],
        replica_acks: ReplicaAcks | None = None,
    ) -> None:
        """``on_fault`` gets the name of a log that could not be read or applied, and the error.

        ``replica_acks``: what is read counts once Redis's replicas have it.
        """
        self._redis = redis
        self._keys = keys
        self._on_fault = on_fault
        self._replica_acks = replica_acks
        self._replicas: dict[str, Replica] = {}  # by log

    def follow(self, replica: Replica) -> None:
        self._replicas[replica.name] = replica
        self._redis.subscribe(self._keys.live(replica.name), replica.receive, replica.repair)

    def unfollow(self, name: str) -> None:
        del self._replicas[name]
        self._redis.unsubscribe(self._keys.live(name))

    def replica(self, name: str) -> Replica | None:
        """The replica of a log; None if the lane does not follow it (any more)."""
        return self._replicas.get(name)

    def link_down(self) -> None:
        for replica in self._replicas.values():
            replica.interrupt()

    def request_page(self, replica: Replica, from_id: str) -> None:
        keys, name, acks = self._keys, replica.name, self._replica_acks
        receive = partial(self._receive_page, replica, from_id, replica.pages_requested)

        def receive_when_replicated(reply: Reply) -> None:
            assert acks is not None
            if reply is not LOST:
                acks.after_replicated(partial(receive, reply))

        done = receive if acks is None else receive_when_replicated
        self._redis.run(RANGE, done, (keys.log(name), keys.head(name), keys.base(name)), from_id, PAGE_ENTRIES)

    def _receive_page(self, replica: Replica, from_id: str, request: int, reply: Reply) -> None:
        name = replica.name
        if self._replicas.get(name) is not replica or replica.pages_requested != request:
            return  # not followed any more, or requested again
        if concerns_one_key(reply) and from_id:
            replica.load()  # the position is no stream id: another program published it
        elif concerns_one_key(reply):
            self._suspend(replica, reply)
        elif isinstance(reply, list):
            try:
                epoch, _last, base, entries, more = reply
                here, text = epoch.decode("utf-8", "replace"), base.decode("utf-8", "replace")
                replica.receive_page(from_id, here, text, [stream_entry(e) for e in entries], has_more=bool(more))
            except Exception as error:
                self._suspend(replica, error)
        elif reply is not LOST:
            self._redis.reconnect(self._keys.log(name), f"a log cannot be read: {reply}")

    def _suspend(self, replica: Replica, error: Exception) -> None:
        """One log cannot be read or applied. The others go on, and :meth:`check_positions` tries it again."""
        replica.suspend()
        self.fault(replica, error)

    def fault(self, replica: Replica, error: Exception) -> None:
        self._on_fault(replica.name, error)

    def check_positions(self) -> None:
        """Compare all heads: if the last entry of a quiet log was lost, no later entry shows it."""
        for replica in list(self._replicas.values()):
            if replica.state is ReplicaState.LOADING:
                replica.load()  # its base could not be read
            elif replica.state is ReplicaState.LIVE:
                self._compare_head(replica)

    def _compare_head(self, replica: Replica) -> None:
        """Read a log's head. The entries published before came before the answer, so a difference is a gap."""

        def answer(reply: Reply) -> None:
            if isinstance(reply, list):
                epoch, last = reply
                if epoch is not None and last is not None:
                    replica.compare_head(epoch.decode("utf-8", "replace"), last.decode("utf-8", "replace"))
                elif replica.epoch:
                    replica.repair()  # the log is gone

        self._redis.call(self._keys.head(replica.name), answer, "HMGET", "epoch", "last")
