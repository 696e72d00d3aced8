"""Reaping: rooms get GONE, nicks are released, nothing of the gateway is left. Each step can be repeated."""

from typing import Any
from unittest.mock import patch

import pytest

from gateway.broker.keys import Keys, inbox
from gateway.chat import events
from gateway.heartbeat.reaper import INBOX_EXPIRY_S, Reaper

DEAD, OTHER = "dddddd", "aaaaaa"


@pytest.fixture
def reaper(client: Any, keys: Keys) -> Reaper:
    return Reaper(client, keys, OTHER)


def make_room(client: Any, keys: Keys, room: str) -> None:
    client.hset(keys.head(room), mapping={"epoch": "epoch1", "last": "0-0"})
    client.sadd(keys.reapable, f"{DEAD}.0")
    client.sadd(keys.lane_rooms(f"{DEAD}.0"), room)


def entries(client: Any, keys: Keys, room: str) -> list[events.Entry]:
    return [
        events.decode(id.decode(), fields[b"o"].decode(), fields[b"e"]) for id, fields in client.xrange(keys.log(room))
    ]


def test_every_room_is_told_once(client: Any, keys: Keys, reaper: Reaper) -> None:
    rooms = [f"#room{number}" for number in range(250)]
    for room in rooms:
        make_room(client, keys, room)
    reaper.reap(DEAD)
    told = [entry for room in rooms for entry in entries(client, keys, room)]
    assert [(entry.sids, entry.lines) for entry in told] == [(["-"], [f"GONE {DEAD}"])] * 250
    assert len({entry.origin for entry in told}) == 250
    assert all(entry.origin.startswith(f"{OTHER}.h:") for entry in told)
    assert client.hget(keys.head("#room7"), "last").decode() == entries(client, keys, "#room7")[0].id


def test_a_room_that_is_no_more_is_not_made_again(client: Any, keys: Keys, reaper: Reaper) -> None:
    client.sadd(keys.reapable, f"{DEAD}.0")
    client.sadd(keys.lane_rooms(f"{DEAD}.0"), "#expired")
    reaper.reap(DEAD)
    assert client.exists(keys.log("#expired"), keys.head("#expired")) == 0


def test_only_its_own_nicks_are_freed(client: Any, keys: Keys, reaper: Reaper) -> None:
    client.sadd(keys.reapable, f"{DEAD}.0")
    client.sadd(keys.lane_nicks(f"{DEAD}.0"), "alice", "bob")
    client.hset(keys.nick("alice"), mapping={"sid": f"{DEAD}.0.1", "gateway": DEAD})
    client.hset(keys.nick("bob"), mapping={"sid": f"{OTHER}.0.1", "gateway": OTHER})
    reaper.reap(DEAD)
    assert client.exists(keys.nick("alice")) == 0
    assert client.hget(keys.nick("bob"), "gateway") == OTHER.encode()


def test_nothing_of_the_gateway_is_left(client: Any, keys: Keys, reaper: Reaper) -> None:
    make_room(client, keys, "#lobby")
    client.sadd(keys.lane_nicks(f"{DEAD}.0"), "alice")
    client.hset(keys.gateway_info(DEAD), "lanes", 2)
    client.hset(keys.stats, mapping={f"{DEAD}.0": "{}", f"{DEAD}.1": "{}", f"{OTHER}.0": "{}"})
    client.zadd(keys.gateways, {DEAD: 1, OTHER: 2})
    for lane in range(2):
        client.xadd(keys.log(inbox(f"{DEAD}.{lane}")), {"o": "x", "e": "y"})
        client.hset(keys.head(inbox(f"{DEAD}.{lane}")), "epoch", "e")
    reaper.reap(DEAD)
    left = sorted(key for key in client.scan_iter(f"{keys.prefix}*") if DEAD.encode() in key)
    assert left == [keys.log(inbox(f"{DEAD}.{lane}")).encode() for lane in range(2)], "what came before, for a while"
    assert all(0 < client.ttl(key) <= INBOX_EXPIRY_S for key in left)
    assert client.hkeys(keys.stats) == [f"{OTHER}.0".encode()]
    assert client.zrange(keys.gateways, 0, -1) == [OTHER.encode()]


def test_a_second_reaper_goes_on_where_one_stopped(client: Any, keys: Keys, reaper: Reaper) -> None:
    make_room(client, keys, "#told")
    reaper._append_gone(DEAD)
    make_room(client, keys, "#untold")
    Reaper(client, keys, "bbbbbb").reap(DEAD)
    assert [len(entries(client, keys, room)) for room in ("#told", "#untold")] == [1, 1]


def test_what_a_gateway_does_after_its_end_is_cleared_away(client: Any, keys: Keys, reaper: Reaper) -> None:
    """A stalled gateway claims its nicks again when it continues, and is killed before it learns of its end."""
    make_room(client, keys, "#lobby")
    reaper.reap(DEAD)
    client.sadd(keys.reapable, f"{DEAD}.0", f"{DEAD}.1")
    client.sadd(keys.lane_nicks(f"{DEAD}.0"), "alice")
    client.hset(keys.nick("alice"), mapping={"sid": f"{DEAD}.0.1", "gateway": DEAD})
    client.hset(keys.head(inbox(f"{DEAD}.1")), "epoch", "e")
    reaper.reap_unleased()
    assert client.exists(keys.nick("alice")), "one look is not enough: it may be about to beat"
    reaper.reap_unleased()
    assert not client.exists(keys.nick("alice"), keys.lane_nicks(f"{DEAD}.0"), keys.head(inbox(f"{DEAD}.1")))
    assert client.exists(keys.reapable) == 0


def test_who_has_a_lease_again_is_left_alone(client: Any, keys: Keys, reaper: Reaper) -> None:
    """Redis was wiped, and this gateway beats after others have checked."""
    client.sadd(keys.reapable, f"{DEAD}.0")
    client.sadd(keys.lane_nicks(f"{DEAD}.0"), "alice")
    reaper.reap_unleased()
    client.zadd(keys.gateways, {DEAD: 1})
    reaper.reap_unleased()
    client.zrem(keys.gateways, DEAD)
    reaper.reap_unleased()
    assert client.smembers(keys.lane_nicks(f"{DEAD}.0")) == {b"alice"}


def test_what_comes_while_a_gateway_is_reaped_stays_recorded(client: Any, keys: Keys, reaper: Reaper) -> None:
    """A stalled gateway continues at this moment."""
    client.sadd(keys.reapable, f"{DEAD}.0")
    reaper._release_nicks(DEAD)
    client.sadd(keys.lane_nicks(f"{DEAD}.0"), "alice")
    client.hset(keys.nick("alice"), mapping={"sid": f"{DEAD}.0.1", "gateway": DEAD})
    with patch.object(reaper, "_release_nicks"):
        reaper.reap(DEAD)
    assert client.smembers(keys.reapable) == {f"{DEAD}.0".encode()}
    reaper.reap_unleased()
    reaper.reap_unleased()
    assert client.exists(keys.nick("alice"), keys.reapable) == 0
