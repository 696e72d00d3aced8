"""The rejected-event sets: which events of a room's log its history does not show. Runs on the lane's thread."""

from collections import deque
from collections.abc import Container, Iterable

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort, ignore
from gateway.chat.effects import Effect, Redacted, Rejection
from gateway.chat.events import NOBODY, Entry
from gateway.logs.snapshots import ROOM_EXPIRY_S

REMEMBERED = 4096


class RejectedEvents:
    """The marks that one lane has added. The newest are remembered: Redis may lose them in a failover."""

    def __init__(self, redis: RedisPort, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._newest: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)  # (room, mark)

    def mark(self, name: str, entry: Entry, effects: Iterable[Effect]) -> None:
        """Add the events of an entry that were rejected, and the messages that it deletes.

        Events of no session are not marked: no history shows them.
        """
        for effect in effects:
            if isinstance(effect, Rejection) and effect.sid != NOBODY:
                self._remember(name, f"{entry.id}.{effect.index}")
            elif isinstance(effect, Redacted):
                self._remember(name, str(effect.message))

    def renew(self, rooms: Container[str]) -> None:
        """Add the remembered marks again, of those rooms. The key of a room that nobody follows would never expire."""
        marks: dict[str, list[str]] = {}
        for name, mark in self._newest:
            if name in rooms:
                marks.setdefault(name, []).append(mark)
        for name, these in marks.items():
            self._add(name, *these)

    def _remember(self, name: str, mark: str) -> None:
        self._newest.append((name, mark))
        self._add(name, mark)

    def _add(self, name: str, *marks: str) -> None:
        key = self._keys.rejected(name)
        self._redis.call(key, ignore, "SADD", *marks)
        self._redis.call(key, ignore, "EXPIRE", ROOM_EXPIRY_S, "NX")  # a key that is made now
