"""The data of the simulated Redis: each method is the command of that name, on keys and words as bytes.

Only the commands that the gateway uses, with replies as in RESP3. It knows nothing of connections. The time is set
by the caller (`now_us`), so that a run depends on nothing but its seed.
"""

import marshal
from bisect import bisect_left, bisect_right
from typing import Any

StreamId = tuple[int, int]
Stream = list[tuple[StreamId, list[bytes]]]

FIRST: StreamId = (0, 0)
LAST: StreamId = (2**63, 2**63)
WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"


class Failure(Exception):
    """An error reply; its text begins with Redis's code."""


class Store:
    """All keys of one server."""

    def __init__(self) -> None:
        self.now_us = 1_700_000_000_000_000
        self._data: dict[bytes, Any] = {}
        self._newest: dict[bytes, StreamId] = {}  # of streams, trimmed or not
        self._expiry_us: dict[bytes, int] = {}

    def save(self) -> Any:
        """Return a copy of all data, as on a server's disk."""
        return marshal.dumps((self._data, self._newest, self._expiry_us))

    def restore(self, saved: Any) -> None:
        self._data, self._newest, self._expiry_us = marshal.loads(saved)

    def wipe(self) -> None:
        self._data, self._newest, self._expiry_us = {}, {}, {}

    def names(self) -> list[bytes]:
        return list(self._data)

    def advance(self, us: int) -> None:
        """Advance the clock, and delete keys that have expired."""
        self.now_us += us
        for key in [key for key, at in self._expiry_us.items() if at <= self.now_us]:
            self.del_(key)

    # -- keys -----------------------------------------------------------------------------------------

    def time(self) -> list[bytes]:
        return [b"%d" % (self.now_us // 1_000_000), b"%d" % (self.now_us % 1_000_000)]

    def del_(self, *keys: bytes) -> int:
        found = [key for key in keys if self._data.pop(key, None) is not None]
        for key in found:
            self._newest.pop(key, None)
            self._expiry_us.pop(key, None)
        return len(found)

    def hexists(self, key: bytes, field: bytes) -> int:
        return int(field in self._data.get(key, {}))

    def exists(self, *keys: bytes) -> int:
        return sum(key in self._data for key in keys)

    def expire(self, key: bytes, seconds: bytes, *condition: bytes) -> int:
        """Set a key's expiry. ``condition``: NX (only if it has none), or nothing."""
        if key not in self._data or (condition and key in self._expiry_us):
            return 0
        self._expiry_us[key] = self.now_us + int(seconds) * 1_000_000
        return 1

    def ttl(self, key: bytes) -> int:
        left_s = self.ttl_s(key)
        return -2 if key not in self._data else -1 if left_s is None else round(left_s)

    def ttl_s(self, key: bytes) -> float | None:
        """Return the seconds until a key expires; None if it does not."""
        until = self._expiry_us.get(key)
        return None if until is None else (until - self.now_us) / 1_000_000

    def get(self, key: bytes) -> bytes | None:
        value: bytes | None = self._data.get(key)
        if not isinstance(value, bytes | None):
            raise Failure(WRONG_TYPE)
        return value

    def set(self, key: bytes, value: bytes) -> str:
        self._data[key] = value
        self._expiry_us.pop(key, None)
        return "OK"

    # -- hashes ---------------------------------------------------------------------------------------

    def hset(self, key: bytes, *pairs: bytes) -> int:
        fields = self._data.setdefault(key, {})
        known = len(fields)
        fields.update(zip(pairs[::2], pairs[1::2], strict=True))
        return len(fields) - known

    def hsetnx(self, key: bytes, field: bytes, value: bytes) -> int:
        return 0 if field in self._data.get(key, {}) else self.hset(key, field, value)

    def hget(self, key: bytes, field: bytes) -> bytes | None:
        return self.hmget(key, field)[0]

    def hmget(self, key: bytes, *fields: bytes) -> list[bytes | None]:
        values = self._data.get(key, {})
        return [values.get(field) for field in fields]

    def hgetall(self, key: bytes) -> dict[bytes, bytes]:
        return dict(self._data.get(key, {}))

    def hlen(self, key: bytes) -> int:
        return len(self._data.get(key, {}))

    def hkeys(self, key: bytes) -> list[bytes]:
        return list(self.hgetall(key))

    def hdel(self, key: bytes, *fields: bytes) -> int:
        values = self._data.get(key, {})
        gone = sum(values.pop(field, None) is not None for field in fields)
        self._forget_empty(key)
        return gone

    def hscan(self, key: bytes, _cursor: bytes, *_options: bytes) -> list[Any]:
        return [b"0", [word for pair in self._data.get(key, {}).items() for word in pair]]

    # -- sets -----------------------------------------------------------------------------------------

    def sadd(self, key: bytes, *members: bytes) -> int:
        return self._add(key, dict.fromkeys(members, 0))

    def srem(self, key: bytes, *members: bytes) -> int:
        return self.hdel(key, *members)  # 0 is a score that is not None

    def smembers(self, key: bytes) -> list[bytes]:
        return list(self._data.get(key, ()))

    def srandmember(self, key: bytes, count: bytes) -> list[bytes]:
        return self.smembers(key)[: int(count)]

    def smismember(self, key: bytes, *members: bytes) -> list[int]:
        return [int(member in self._data.get(key, ())) for member in members]

    def zadd(self, key: bytes, score: bytes, member: bytes) -> int:
        return self._add(key, {member: float(score)})

    def zrange(self, key: bytes, start: bytes, stop: bytes) -> list[bytes]:
        ranked = sorted(self._data.get(key, {}).items(), key=lambda item: (item[1], item[0]))
        return [member for member, _ in _cut(ranked, start, stop)]

    def zrem(self, key: bytes, *members: bytes) -> int:
        return self.hdel(key, *members)

    def zscore(self, key: bytes, member: bytes) -> float | None:
        score: float | None = self._data.get(key, {}).get(member)
        return score

    def zmscore(self, key: bytes, *members: bytes) -> list[float | None]:
        return [self.zscore(key, member) for member in members]

    def zbelow(self, key: bytes, limit: float) -> list[bytes]:
        """Run ZRANGEBYSCORE from -inf to the limit, exclusive."""
        return [m for m in self.zrange(key, b"0", b"-1") if self._data[key][m] < limit]

    def _add(self, key: bytes, scores: dict[bytes, Any]) -> int:
        members = self._data.setdefault(key, {})  # ordered, so that a run can be repeated
        known = len(members)
        members.update(scores)
        return len(members) - known

    def _forget_empty(self, key: bytes) -> None:
        if not self._data.get(key, True):
            self.del_(key)

    # -- lists ----------------------------------------------------------------------------------------

    def lpush(self, key: bytes, *values: bytes) -> int:
        items = self._data.setdefault(key, [])
        items[:0] = reversed(values)
        return len(items)

    def ltrim(self, key: bytes, start: bytes, stop: bytes) -> str:
        self._data[key] = self.lrange(key, start, stop)
        self._forget_empty(key)
        return "OK"

    def lrange(self, key: bytes, start: bytes, stop: bytes) -> list[bytes]:
        return _cut(self._data.get(key, []), start, stop)

    # -- streams --------------------------------------------------------------------------------------

    def xadd(self, key: bytes, entry_id: bytes, *fields: bytes) -> bytes:
        stream = self._stream(key)
        self._data[key] = stream
        ms, n = self._newest.get(key, FIRST)
        now_ms = self.now_us // 1000
        newest = key_of(entry_id) if entry_id != b"*" else (now_ms, 0) if now_ms > ms else (ms, n + 1)
        self._newest[key] = newest
        stream.append((newest, list(fields)))
        return stream_id(newest)

    def xlen(self, key: bytes) -> int:
        return len(self._data.get(key, ()))

    def memory(self, _usage: bytes, key: bytes, *_samples: bytes) -> int:
        return sum(size_of(fields) for _, fields in self._stream(key))

    def xrange(self, key: bytes, low: bytes, high: bytes, *count: bytes) -> list[Any]:
        return _listed(self._between(key, low, high), count)

    def xrevrange(self, key: bytes, high: bytes, low: bytes, *count: bytes) -> list[Any]:
        return _listed(self._between(key, low, high)[::-1], count)

    def xtrim(self, key: bytes, strategy: bytes, *threshold: bytes) -> int:
        """Trim exactly. Redis's approximate trim may leave more, depending on its memory layout."""
        stream: Stream = self._data.get(key, [])
        if strategy.upper() == b"MAXLEN":
            surplus = max(0, len(stream) - int(threshold[-1]))
        else:
            surplus = bisect_left(stream, (key_of(threshold[-1]),))
        del stream[:surplus]
        return surplus

    def xdel(self, key: bytes, *entry_ids: bytes) -> int:
        stream: Stream = self._data.get(key, [])
        known, gone = len(stream), set(map(key_of, entry_ids))
        stream[:] = [entry for entry in stream if entry[0] not in gone]
        return known - len(stream)

    def _stream(self, key: bytes) -> Stream:
        stream: Stream = self._data.get(key, [])
        if not isinstance(stream, list):
            raise Failure(WRONG_TYPE)
        return stream

    def _between(self, key: bytes, low: bytes, high: bytes) -> Stream:
        stream = self._stream(key)
        try:
            first = FIRST if low == b"-" else key_of(low.removeprefix(b"("))
            last = LAST if high == b"+" else key_of(high.removeprefix(b"("))
        except ValueError:
            raise Failure("ERR Invalid stream ID specified as stream command argument") from None
        start = (bisect_right if low.startswith(b"(") else bisect_left)(stream, first, key=_id_of)
        stop = (bisect_left if high.startswith(b"(") else bisect_right)(stream, last, key=_id_of)
        return stream[start:stop]


def size_of(fields: list[bytes]) -> int:
    """Estimate the bytes that an entry takes in a stream."""
    return sum(map(len, fields[1::2])) + 32


def stream_id(key: StreamId) -> bytes:
    return b"%d-%d" % key


def _id_of(entry: tuple[StreamId, list[bytes]]) -> StreamId:
    return entry[0]


def key_of(text: bytes) -> StreamId:
    ms, _, n = text.partition(b"-")
    return int(ms), int(n or 0)


def _listed(entries: Stream, count: tuple[bytes, ...]) -> list[Any]:
    """Return entries as XRANGE does. ``count``: the words ``COUNT n`` or none."""
    return [[stream_id(key), fields] for key, fields in (entries[: int(count[1])] if count else entries)]


def _cut(items: list[Any], start: bytes, stop: bytes) -> list[Any]:
    """Slice from start to stop, inclusive. Negative indexes count from the end."""
    last = int(stop)
    return items[int(start) :] if last == -1 else items[int(start) : last + 1]
