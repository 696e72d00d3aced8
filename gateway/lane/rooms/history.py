"""Reading back logs for handlers (gateway.chat.interfaces.History). Runs on the lane's thread."""

from collections.abc import Sequence
from typing import Any

from gateway.broker.keys import Keys, inbox
from gateway.broker.port import RedisPort
from gateway.broker.scripts import Script
from gateway.chat.errors import Unavailable
from gateway.chat.events import Event
from gateway.chat.history_access import HistoryAccess, HistoryPage, Span
from gateway.lane.context import LaneContext
from gateway.lane.loop.limiter import ConcurrencyLimiter
from gateway.lane.loop.replies import reply_to
from gateway.lane.loop.tasks import Wait
from gateway.logs.history import find, read
from gateway.logs.replication import ReplicaAcks
from gateway.wire.casefold import casefold

PAGES_AT_ONCE = 3
"""Each page takes the lane some milliseconds."""


class History:
    """Reads logs for the handlers of one lane."""

    def __init__(self, context: LaneContext, redis: RedisPort, keys: Keys, replica_acks: ReplicaAcks | None) -> None:
        """``replica_acks``: nothing is shown before Redis's replicas have it; None if that is not asked for."""
        self._context = context
        self._redis = AwaitedRedis(redis)
        self._keys = keys
        self._replica_acks = replica_acks
        self._limiter = ConcurrencyLimiter(context, PAGES_AT_ONCE)

    async def read(self, may_read: HistoryAccess, span: Span) -> HistoryPage:
        async with self._limiter:
            page = await read(self._redis, self._keys, may_read, span)
        if self._replica_acks is not None:
            replicated: Wait[None] = Wait()
            self._replica_acks.after_replicated(lambda: replicated.fulfil(None), lambda: replicated.fail(Unavailable()))
            await replicated
        return page

    async def find(self, where: str, msgid: str) -> Event | None:
        log = casefold(where) if where.startswith("#") else inbox(where.rpartition(".")[0])
        found = await find(self._redis, self._keys, log, msgid)
        return None if found is None else Event(self._context.current_sid(found.sid), found.line)


class AwaitedRedis:
    """The port to Redis with replies that are awaited (gateway.logs.history.AwaitedRedis)."""

    def __init__(self, redis: RedisPort) -> None:
        self._redis = redis

    def call(self, key: str, verb: str, *args: str | bytes | int) -> Wait[Any]:
        wait: Wait[Any] = Wait()
        self._redis.call(key, reply_to(wait), verb, *args)
        return wait

    def run(self, script: Script, keys: Sequence[str], *args: str | bytes | int) -> Wait[Any]:
        wait: Wait[Any] = Wait()
        self._redis.run(script, reply_to(wait), keys, *args)
        return wait
