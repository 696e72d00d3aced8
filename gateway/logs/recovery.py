"""Questions to Redis about an entry in flight whose answer was lost: is it in its log, and which events were rejected.

The :class:`gateway.logs.log_writer.LogWriter` decides on the answers. ``done`` is called only if the entry is still in
flight, and not if the connection is lost meanwhile: the next connection starts the recovery again. Runs on the lane's
thread.
"""

from collections.abc import Callable
from typing import Any

from gateway.broker.port import LOST, RedisPort, Reply, concerns_one_key
from gateway.logs.in_flight import InFlight, LogQueue
from gateway.logs.replica import stream_entry

TAIL_ENTRIES = 1000


class Recovery:
    """The questions of one lane."""

    def __init__(self, redis: RedisPort) -> None:
        self._redis = redis

    def read_tail(self, queue: LogQueue, entry: InFlight, done: Callable[[dict[str, str] | None], None]) -> None:
        """Read the newest entries of a log: origin -> stream id. None if its key has a value of another type."""

        def answer(reply: list[Any] | None) -> None:
            done(None if reply is None else _ids_by_origin(reply))

        self._ask(queue, entry, answer, queue.log, "XREVRANGE", "+", "-", "COUNT", TAIL_ENTRIES)

    def find(self, queue: LogQueue, entry: InFlight, done: Callable[[str | None], None], newest: str = "+") -> None:
        """Search a log backwards for the entry's stream id. None if the log does not have it (any more)."""

        def answer(reply: list[Any] | None) -> None:
            if reply is None:
                return  # its replica cannot read it either, and loads it later
            ids = _ids_by_origin(reply)
            if entry.origin not in ids and len(reply) == TAIL_ENTRIES:
                self.find(queue, entry, done, f"({reply[-1][0].decode()}")
            else:
                done(ids.get(entry.origin))

        self._ask(queue, entry, answer, queue.log, "XREVRANGE", newest, "-", "COUNT", TAIL_ENTRIES)

    def read_rejected(
        self, queue: LogQueue, entry: InFlight, entry_id: str | None, done: Callable[[list[int]], None]
    ) -> None:
        """Read, for each event of the entry, whether a lane has marked it as rejected."""
        marks = [f"{entry_id}.{index}" for index in range(len(entry.events))]

        def answer(reply: list[Any] | None) -> None:
            done([0] * len(marks) if reply is None else reply)

        self._ask(queue, entry, answer, queue.rejected, "SMISMEMBER", *marks)

    def _ask(
        self,
        queue: LogQueue,
        entry: InFlight,
        done: Callable[[list[Any] | None], None],
        key: str,
        verb: str,
        *args: str | int,
    ) -> None:
        entry.is_answered = False

        def answer(reply: Reply) -> None:
            if queue.in_flight is not entry:
                return
            entry.is_answered = True
            if isinstance(reply, list):
                done(reply)
            elif concerns_one_key(reply):
                done(None)
            elif reply is not LOST:
                self._redis.reconnect(key, f"a log cannot be read: {reply}")

        self._redis.call(key, answer, verb, *args)


def _ids_by_origin(reply: list[Any]) -> dict[str, str]:
    return {origin: stream_id for stream_id, origin, _ in map(stream_entry, reply)}
