"""The network's list of rooms, for LIST: one hash of room -> size, topic, secrecy and time of writing.

Best effort. The lane whose session changed a room writes its entry, and lanes that follow the room renew it. An entry
that is not renewed belongs to a room that no lane follows, and does not count. Runs on the lane's thread.
"""

from collections.abc import Callable, Sequence
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort, ignore
from gateway.chat.network import RoomListing
from gateway.chat.state import State

RENEWAL_S = 60.0
STALE_S = 3 * RENEWAL_S
PAGE_ROOMS = 1000
_PRUNED_AT_ONCE = 100


class RoomList:
    """The list, as used by one lane. Values in replies are for `listed`."""

    def __init__(self, redis: RedisPort, keys: Keys) -> None:
        self._redis = redis
        self._key = keys.rooms
        self._prune_from = b"0"

    def write(self, room: State, now: float) -> None:
        """Write a room's entry, or remove it if the room is empty; ``now`` in seconds since 1970."""
        if room.members:
            self._redis.call(self._key, ignore, "HSET", room.folded_name, written(room, now))
        else:
            self._redis.call(self._key, ignore, "HDEL", room.folded_name)

    def page(self, cursor: bytes, done: Callable[[Any], None]) -> None:
        """Read a page from a cursor (b"0" to begin); the reply is [next cursor, names and values in turn]."""
        self._redis.call(self._key, done, "HSCAN", cursor, "COUNT", PAGE_ROOMS)

    def some(self, names: Sequence[str], done: Callable[[Any], None]) -> None:
        """Read the values of these casefolded names (at least one); None for a missing one."""
        self._redis.call(self._key, done, "HMGET", *names)

    def count(self, done: Callable[[Any], None]) -> None:
        self._redis.call(self._key, done, "HLEN")

    def prune(self, now: float) -> None:
        """Remove stale entries, a part of the list at each call. Followers write their rooms again."""

        def answer(reply: Any) -> None:
            if isinstance(reply, list):
                self._prune_from, fields = reply
                for name, value in zip(fields[::2], fields[1::2], strict=True):
                    if listed(value, now) is None:
                        self._redis.call(self._key, ignore, "HDEL", name)

        self._redis.call(self._key, answer, "HSCAN", self._prune_from, "COUNT", _PRUNED_AT_ONCE)


def written(room: State, now: float) -> str:
    """Format an entry: "<written at> <members> <s or -> <name> <topic>", readable in redis-cli."""
    return f"{now:.0f} {len(room.members)} {'s' if 's' in room.flags else '-'} {room.name} {room.topic}"


def listed(value: bytes | None, now: float) -> RoomListing | None:
    """Parse an entry; None if it is stale or malformed."""
    parts = (value or b"").decode("utf-8", "replace").split(" ", 4)
    if len(parts) != 5 or not parts[0].isdigit() or not parts[1].isdigit() or now - int(parts[0]) > STALE_S:
        return None
    return RoomListing(name=parts[3], members=int(parts[1]), topic=parts[4], is_secret=parts[2] == "s")
