"""Leases: overdue gateways, reservations of reapers, and a gateway's discovery of its own end."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from gateway.broker.keys import Keys
from gateway.heartbeat.leases import BEATS_A_LEASE, Heartbeat
from tests.heartbeat.conftest import Connect

LEASE_S = 15.0
LEASE_MS = 15_000
LIMIT_S = 30.0

Make = Callable[..., Heartbeat]


def nothing() -> None:
    """A callback that a test does not check."""


@pytest.fixture
def make(connect: Connect, keys: Keys) -> Iterator[Make]:
    with contextlib.ExitStack() as stack:

        def make_heartbeat(gateway: str, **options: Any) -> Heartbeat:
            given: dict[str, Any] = {
                "lease_s": LEASE_S,
                "lanes": 1,
                "on_beat": nothing,
                "on_gone": nothing,
                "connect": connect,
            }
            heartbeat = Heartbeat("", keys, gateway, **(given | options))
            stack.callback(heartbeat._client.close)
            return heartbeat

        yield make_heartbeat


def now_ms(client: Any) -> int:
    seconds, microseconds = client.time()
    return int(seconds * 1000 + microseconds // 1000)


def wipe(client: Any, *keys: str) -> None:
    """A wipe is detected by times in ms, so wait for a later one."""
    client.delete(*keys)
    before = now_ms(client)
    while now_ms(client) == before:
        pass


def let_expire(client: Any, keys: Keys, gateway: str) -> None:
    client.zadd(keys.gateways, {gateway: now_ms(client) - 1})


def expiry_ms(client: Any, keys: Keys, gateway: str) -> float | None:
    found = client.zscore(keys.gateways, gateway)
    return None if found is None else float(found)


def test_a_beat_renews_the_lease_by_redis_clock(make: Make, client: "redis.Redis", keys: Keys) -> None:
    before = now_ms(client)
    beats: list[int] = []
    heartbeat = make("aaaaaa", on_beat=lambda: beats.append(1))
    heartbeat.beat()
    heartbeat.beat()
    assert before + LEASE_MS <= (expiry_ms(client, keys, "aaaaaa") or 0) <= now_ms(client) + LEASE_MS
    assert len(beats) == heartbeat.beats == 2
    assert heartbeat.last_beat_ok_at is not None


def test_a_gateway_tells_its_lanes(make: Make, client: Any, keys: Keys) -> None:
    make("aaaaaa", lanes=3).beat()
    assert client.hget(keys.gateway_info("aaaaaa"), "lanes") == b"3"


def test_an_overdue_gateway_is_reaped_by_one_of_the_others(make: Make, client: Any, keys: Keys) -> None:
    dead, first, second = make("dddddd"), make("aaaaaa"), make("bbbbbb")
    dead.beat()
    let_expire(client, keys, "dddddd")
    first.beat()
    second.beat()
    assert (first.reaped, second.reaped) == (1, 0)
    assert expiry_ms(client, keys, "dddddd") is None
    assert client.hlen(keys.reaping) == 0


def test_a_gateway_within_its_lease_is_left_alone(make: Make, client: Any, keys: Keys) -> None:
    make("dddddd").beat()
    other = make("aaaaaa")
    other.beat()
    assert other.reaped == 0


def test_a_reservation_keeps_others_off_until_it_is_over(make: Make, client: Any, keys: Keys) -> None:
    make("dddddd").beat()
    let_expire(client, keys, "dddddd")
    client.hset(keys.reaping, "dddddd", now_ms(client) + 10_000)  # one reaper has begun, and is slow
    other = make("aaaaaa")
    other.beat()
    assert other.reaped == 0
    client.hset(keys.reaping, "dddddd", now_ms(client) - 1)  # ... and has died meanwhile
    other.beat()
    assert other.reaped == 1


def test_nobody_is_overdue_for_a_lease_after_nobody_could_beat(make: Make, client: Any, keys: Keys) -> None:
    make("dddddd").beat()
    let_expire(client, keys, "dddddd")
    client.hset(keys.beat, "at", now_ms(client) - LEASE_MS // 2 - 1000)
    other = make("aaaaaa")
    other.beat()
    other.beat()
    assert other.reaped == 0
    hold = int(client.hget(keys.beat, "hold"))
    assert now_ms(client) < hold <= now_ms(client) + LEASE_MS
    client.hset(keys.beat, "hold", now_ms(client) - 1)
    other.beat()
    assert other.reaped == 1


@pytest.mark.parametrize("stage", ["reaped", "being reaped"])
def test_a_gateway_learns_of_its_own_end_and_beats_no_more(make: Make, client: Any, keys: Keys, stage: str) -> None:
    told: list[str] = []
    paused, other = make("dddddd", on_gone=lambda: told.append("gone")), make("aaaaaa")
    paused.beat()
    let_expire(client, keys, "dddddd")
    if stage == "reaped":
        other.beat()
    else:
        client.hset(keys.reaping, "dddddd", now_ms(client) + 10_000)
        other.beat()
    paused.beat()
    paused.beat()
    assert told == ["gone"]
    assert paused.beats == 1
    assert (expiry_ms(client, keys, "dddddd") is None) == (stage == "reaped")


def test_it_goes_on_under_a_new_id(make: Make, client: Any, keys: Keys) -> None:
    other = make("aaaaaa")
    paused: Heartbeat = make("dddddd", on_gone=lambda: paused.take("eeeeee"))
    paused.beat()
    let_expire(client, keys, "dddddd")
    other.beat()
    paused.beat()
    paused.beat()
    assert expiry_ms(client, keys, "eeeeee") is not None
    assert expiry_ms(client, keys, "dddddd") is None


def test_not_a_moment_passes_between_the_old_id_and_a_lease_under_the_new_one(make: Make, keys: Keys) -> None:
    """Also if a lane has read of its gateway's end before the beat. The end of another id has no effect."""
    new: list[str] = []
    heartbeat: Heartbeat = make(
        "dddddd", on_gone=lambda: heartbeat.take("eeeeee"), on_new=lambda: new.append(heartbeat.gateway)
    )
    heartbeat.beat()
    heartbeat.disown("cccccc")
    heartbeat.beat()
    assert (new, heartbeat.gateway) == (["dddddd"], "dddddd")
    heartbeat.disown("dddddd")
    heartbeat.beat()
    heartbeat.beat()
    assert new == ["dddddd", "eeeeee"]


def test_a_new_id_is_new_until_a_beat_has_come_to_its_end(make: Make, client: Any, keys: Keys) -> None:
    """Redis has the lease, and the next command fails: the waiting caller has no id yet."""
    new: list[str] = []
    heartbeat = make("aaaaaa", on_new=lambda: new.append("new"))
    client.set(keys.gateway_info("aaaaaa"), "no hash")
    heartbeat.beat()
    assert (heartbeat.failures, new) == (1, [])
    client.delete(keys.gateway_info("aaaaaa"))
    heartbeat.beat()
    heartbeat.beat()
    assert new == ["new"]


def test_what_was_done_under_an_old_id_without_a_lease_is_cleared_away(make: Make, client: Any, keys: Keys) -> None:
    """A failover has lost the lease of the id, so no reaper finds it."""
    heartbeat: Heartbeat = make("dddddd", on_gone=lambda: heartbeat.take("eeeeee"))
    heartbeat.beat()
    client.zrem(keys.gateways, "dddddd")
    client.sadd(keys.reapable, "dddddd.0", "eeeeee.0")
    client.sadd(keys.lane_nicks("dddddd.0"), "ann")
    client.hset(keys.nick("ann"), mapping={"sid": "dddddd.0.1", "gateway": "dddddd"})
    client.sadd(keys.lane_nicks("eeeeee.0"), "amy")
    client.hset(keys.nick("amy"), mapping={"sid": "eeeeee.0.1", "gateway": "eeeeee"})
    for _ in range(2 * BEATS_A_LEASE):
        heartbeat.beat()
    assert heartbeat.gateway == "eeeeee"
    assert not client.exists(keys.nick("ann"), keys.lane_nicks("dddddd.0"))
    assert client.exists(keys.nick("amy"))


def test_a_wiped_redis_is_no_reason_to_be_gone(make: Make, client: Any, keys: Keys) -> None:
    told: list[str] = []
    new: list[str] = []
    heartbeat = make("aaaaaa", on_gone=lambda: told.append("gone"), on_new=lambda: new.append("new"))
    heartbeat.beat()
    wipe(client, keys.gateways, keys.beat, keys.gateway_info("aaaaaa"))
    heartbeat.beat()
    assert told == []
    assert new == ["new", "new"], "what else was lost, others will put back"
    assert expiry_ms(client, keys, "aaaaaa") is not None
    assert client.hget(keys.gateway_info("aaaaaa"), "lanes") == b"1"


def test_the_thread_beats_until_stopped_and_leaves_nothing(make: Make, client: Any, keys: Keys) -> None:
    beaten = threading.Semaphore(0)
    heartbeat = make("aaaaaa", lease_s=1.0, on_beat=beaten.release)
    heartbeat.start()
    try:
        for _ in range(3):
            assert beaten.acquire(timeout=LIMIT_S)
        client.sadd(keys.lane_rooms("aaaaaa.0"), "#lobby")
    finally:
        heartbeat.stop(leave=True)
    assert expiry_ms(client, keys, "aaaaaa") is None
    assert client.exists(keys.lane_rooms("aaaaaa.0"), keys.gateway_info("aaaaaa")) == 0


def test_stopping_without_leaving_keeps_the_lease_for_the_reaper(make: Make, client: Any, keys: Keys) -> None:
    beaten = threading.Event()
    heartbeat = make("aaaaaa", on_beat=beaten.set)
    heartbeat.start()
    try:
        assert beaten.wait(LIMIT_S)
    finally:
        heartbeat.stop(leave=False)
    assert expiry_ms(client, keys, "aaaaaa") is not None


def test_an_unreachable_redis_is_brought_back(keys: Keys, tmp_path: Any) -> None:
    called: list[int] = []
    heartbeat = Heartbeat(
        f"unix://{tmp_path}/nobody.sock",
        keys,
        "aaaaaa",
        lease_s=LEASE_S,
        lanes=1,
        on_beat=nothing,
        on_gone=nothing,
        restart_redis=lambda: called.append(1),
    )
    with heartbeat._client:
        heartbeat.beat()
    assert called == [1]
    assert (heartbeat.beats, heartbeat.failures, heartbeat.last_beat_ok_at) == (0, 1, None)


def test_after_a_wipe_nobody_is_gone_whoever_beats_first(make: Make, client: Any, keys: Keys) -> None:
    one, other = make("aaaaaa"), make("bbbbbb")
    one.beat()
    other.beat()
    wipe(client, keys.gateways, keys.beat, keys.reaping)
    one.beat()
    other.beat()
    assert {id.decode() for id in client.zrange(keys.gateways, 0, -1)} == {"aaaaaa", "bbbbbb"}


def test_whoever_does_not_come_back_after_a_wipe_is_reaped(make: Make, client: Any, keys: Keys) -> None:
    """It had a lease at another gateway's last beat. The number of its lanes is lost, but not their list."""
    one, other = make("aaaaaa"), make("bbbbbb")
    other.beat()
    one.beat()
    wipe(client, keys.gateways, keys.beat, keys.gateway_info("bbbbbb"))
    rooms, nicks, claim = keys.lane_rooms("bbbbbb.1"), keys.lane_nicks("bbbbbb.0"), keys.nick("bob")
    client.sadd(keys.reapable, "bbbbbb.0", "bbbbbb.1")
    client.sadd(rooms, "#room")
    client.sadd(nicks, "bob")
    client.hset(claim, "gateway", "bbbbbb")
    one.beat()
    assert expiry_ms(client, keys, "bbbbbb") is not None
    let_expire(client, keys, "bbbbbb")
    one.beat()
    assert not client.exists(rooms, nicks, claim)
    assert client.zrange(keys.gateways, 0, -1) == [b"aaaaaa"]


def test_whoever_finds_its_lease_made_again_by_another_knows_of_the_wipe(make: Make, client: Any, keys: Keys) -> None:
    new: list[str] = []
    one, other = make("aaaaaa"), make("bbbbbb", on_new=lambda: new.append("new"))
    other.beat()
    one.beat()
    wipe(client, keys.gateways, keys.beat, keys.reaping)
    one.beat()
    other.beat()
    assert new == ["new", "new"]
