"""The gateway's Lua scripts in Python for the simulated Redis, each under the name of its :class:`Script`.

One test suite runs against both, so that they stay equal.
"""

import json
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from gateway.broker.scripts import Script
from gateway.directory.nicks import CLAIM, PROFILE, RECLAIM, RELEASE
from gateway.heartbeat.leases import BEAT
from gateway.heartbeat.reaper import FREE, REMOVE_LANE
from gateway.logs.scripts import APPEND, EXPIRE, PAGE, RANGE, SEED, SNAPSHOT
from tests.simulation.store import Store, key_of, size_of

Publish = Callable[[bytes, bytes], int]
Run = Callable[[Store, Publish, Sequence[bytes], Sequence[bytes]], Any]

TRIM_ENTRIES, TRIM_BYTES = 2048, 16 * 1024 * 1024
EXPIRY_S = b"%d" % (30 * 24 * 3600)
PAGE_BYTES = 128 * 1024
SEED_WINDOW_US = 60_000_000


def append(store: Store, publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    (log, head), (expected, origin, payload, live, new_epoch) = keys, args
    epoch, last = store.hmget(head, b"epoch", b"last")
    if epoch is None:
        if expected:
            return [b""]
        epoch, last = b"%s:%s:%s:0-0" % (new_epoch, _now(store), _now(store)), b"0-0"
        store.hset(head, b"epoch", epoch)
    elif expected not in (epoch, b"*"):
        return [epoch]
    entry_id = store.xadd(log, b"*", b"o", origin, b"e", payload)
    store.hset(head, b"last", entry_id)
    if last == b"0-0":
        store.expire(log, EXPIRY_S)
        store.expire(head, EXPIRY_S)
    if not live:
        return [entry_id, last, epoch]
    publish(live, b"%s %s %s %s\n%s" % (entry_id, last, epoch, origin, payload))
    return entry_id


def read_range(store: Store, _publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    (log, head, base_key), (start, count) = keys, args
    epoch, last = store.hmget(head, b"epoch", b"last")
    if epoch is None:
        return [b"", b"", b"", [], 0]
    base = b""
    if not start:
        base = store.get(base_key) or b""
        start = base.split(b"\n")[0].split(b" ")[2] if base else b"-"
    entries = store.xrange(log, start, b"+", b"COUNT", count)
    sizes = accumulate(len(entry[1][3]) for entry in entries)
    kept = max(2, sum(size <= PAGE_BYTES for size in sizes))
    return [epoch, last, base, entries[:kept], int(len(entries) > kept or len(entries) >= int(count))]


def page(store: Store, _publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    verb, begin, end, limit = args
    read = store.xrange if verb == b"XRANGE" else store.xrevrange
    entries = read(keys[0], begin, end, b"COUNT", limit)
    sizes = accumulate(len(entry[1][3]) for entry in entries)
    kept = max(1, sum(size <= PAGE_BYTES for size in sizes))
    return [entries[:kept], int(len(entries) > kept or len(entries) >= int(limit))]


def snapshot(store: Store, _publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    (log, head, base, rejected), (epoch, at, text, kept, kept_bytes, age_ms, gateway_ms) = keys, args
    if store.hget(head, b"epoch") != epoch:
        return 0
    old = store.get(base)
    if old is not None:
        _, old_epoch, old_at = old.split(b"\n")[0].split(b" ")
        if old_epoch == epoch and key_of(old_at) >= key_of(at):
            return 0
    store.set(base, text)
    store.expire(base, EXPIRY_S)
    oldest = (min(int(store.time()[0]) * 1000, int(gateway_ms)) - int(age_ms), 0)
    surplus, excess = store.xlen(log) - int(kept), store.memory(b"USAGE", log) - int(kept_bytes)
    limit, trimmed_bytes = key_of(at), 0
    for number, (entry_id, fields) in enumerate(store.xrange(log, b"-", b"+")):
        has_reason = number < surplus or trimmed_bytes < excess or key_of(entry_id) < oldest
        if number >= TRIM_ENTRIES or trimmed_bytes >= TRIM_BYTES or not has_reason:
            limit = min(limit, key_of(entry_id))
            break
        trimmed_bytes += size_of(fields)
    if store.xtrim(log, b"MINID", b"%d-%d" % limit) > 0:
        for mark in store.smembers(rejected):
            if key_of(mark.partition(b".")[0]) < limit:
                store.srem(rejected, mark)
    return 1


def _now(store: Store) -> bytes:
    seconds, us = store.time()
    return seconds + us.rjust(6, b"0")


def _parts(epoch: bytes) -> tuple[int, int, bytes]:
    """Return the creation times of the room and of the epoch, and the epoch's rank."""
    _, _, rest = epoch.partition(b":")
    if rest.count(b":") != 2:
        return 0, 0, b"0-0"
    born, made, rank = rest.split(b":")
    return int(born), int(made), rank


def seed(store: Store, publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    (log, head, base_key), (old_epoch, old_last, text, name, live) = keys, args
    now = int(_now(store))
    born, made, rank = _parts(old_epoch)
    if rank == b"0-0" or now - made >= SEED_WINDOW_US:
        rank = old_last
    epoch, last = store.hmget(head, b"epoch", b"last")
    position = b"0-0"
    if epoch is not None:
        its_born, its_made, its_rank = _parts(epoch)
        is_better = born < its_born or (born == its_born and key_of(rank) > key_of(its_rank))
        if now - its_made >= SEED_WINDOW_US or not is_better:
            return epoch
        assert last is not None  # the two fields are written together
    else:
        position = last = old_last
        if old_last != b"0-0":
            store.xadd(log, old_last, b"o", b"", b"e", b"")
    epoch = b"%s:%d:%d:%s" % (name, born, now, rank)
    store.hset(head, b"epoch", epoch, b"last", last)
    store.set(base_key, b"1 %s %s\n%s" % (epoch, position, text))
    for key in keys:
        store.expire(key, EXPIRY_S)
    publish(live, b"0-0 - %s -\n" % epoch)
    return epoch


def expire(store: Store, _publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    seconds, last = args
    if last and store.hget(keys[1], b"last") != last:
        return 0
    for key in keys:
        store.expire(key, seconds)
    return 1


def claim(store: Store, _publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    holder = store.hget(keys[0], b"sid")
    if holder not in (None, args[0]):
        return [holder]
    token = _now(store)
    store.hset(keys[0], b"sid", args[0], b"token", token, *args[1:])
    return token


def _tell(store: Store, publish: Publish, key: bytes) -> None:
    """Publish the fields and values of a nick claim, or nothing if the nick is free."""
    words = [word.decode() for field in store.hgetall(key).items() for word in field]
    publish(key + b":live", json.dumps(words).encode() if words else b"")


def _free(store: Store, publish: Publish, key: bytes) -> int:
    store.del_(key)
    _tell(store, publish, key)
    return 1


def reclaim(store: Store, publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    sid, was, token = args[:3]
    holder, held = store.hmget(keys[0], b"sid", b"token")
    if holder == sid and held is not None:
        return held
    if holder not in (None, sid, was):
        return [holder]
    token = token or _now(store)
    store.hset(keys[0], b"sid", sid, b"token", token, *args[3:])
    _tell(store, publish, keys[0])
    return token


def release(store: Store, publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    return _free(store, publish, keys[0]) if store.hget(keys[0], b"sid") == args[0] else 0


def profile(store: Store, publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    if store.hget(keys[0], b"sid") != args[0]:
        return 0
    store.hset(keys[0], *args[1:])
    _tell(store, publish, keys[0])
    return 1


def beat(store: Store, _publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    (gateways, reaping, beats), (me, lease, beaten_at, reservation, *peers) = keys, args
    now = store.now_us // 1000
    at, hold, born = (int(value or 0) for value in store.hmget(beats, b"at", b"hold", b"born"))
    born = born or now
    known, wiped = store.zscore(gateways, me) is not None, 0 < int(beaten_at) < born
    if store.hexists(reaping, me) or (not known and int(beaten_at) and not wiped):
        return [b"gone", b"", now, []]
    store.zadd(gateways, b"%d" % (now + int(lease)), me)
    for peer in peers if wiped else ():
        if store.zscore(gateways, peer) is None:
            store.zadd(gateways, b"%d" % (now + int(lease)), peer)
    if at > 0 and now - at > int(lease) / 2:
        hold = now + int(lease)
    store.hset(beats, b"at", b"%d" % now, b"hold", b"%d" % hold, b"born", b"%d" % born)
    found = b""
    for gone in store.zbelow(gateways, now) if now >= hold else ():
        reserved = store.hget(reaping, gone)
        if reserved is None or int(reserved) < now:
            store.hset(reaping, gone, b"%d" % (now + int(reservation)))
            found = gone
            break
    is_renewed = known and int(beaten_at) and not wiped
    return [b"renewed" if is_renewed else b"new", found, now, store.zrange(gateways, b"0", b"-1")]


def free(store: Store, publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    return _free(store, publish, keys[0]) if store.hget(keys[0], b"gateway") == args[0] else 0


def remove_lane(store: Store, _publish: Publish, keys: Sequence[bytes], args: Sequence[bytes]) -> Any:
    return 0 if store.exists(*keys[1:]) else store.srem(keys[0], args[0])


TOLD: dict[Script, Run] = {
    APPEND: append,
    PAGE: page,
    RANGE: read_range,
    SNAPSHOT: snapshot,
    SEED: seed,
    EXPIRE: expire,
    CLAIM: claim,
    RECLAIM: reclaim,
    RELEASE: release,
    PROFILE: profile,
    BEAT: beat,
    FREE: free,
    REMOVE_LANE: remove_lane,
}
