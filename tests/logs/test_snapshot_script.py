"""Snapshots: which one is accepted, and which entries are trimmed."""

from typing import Any

import pytest

from gateway.chat.effects import Reason, Rejection
from gateway.chat.events import Entry
from gateway.logs.scripts import SNAPSHOT
from gateway.wire.message import Message
from tests.stage.node import Node, snapshot_of
from tests.stage.worlds import Stage

ROOM = "#room"
FOREVER_MS = 10 * 365 * 24 * 3600 * 1000


def snapshot(
    stage: Stage,
    node: Node,
    at: str,
    kept: int = 10_000,
    age_ms: int = FOREVER_MS,
    epoch: str = "",
    kept_bytes: int = 1 << 30,
    gateway_ms: int = 1 << 53,
) -> int:
    """Offer a snapshot of a position in the present epoch or in another. Return the script's answer."""
    epoch = epoch or stage.head(ROOM)[0]
    keys, replies = stage.keys, list[Any]()
    text = f"1 {epoch} {at}\n{snapshot_of([f'until {at}'])}"
    node.link.run(
        SNAPSHOT,
        replies.append,
        tuple(key(ROOM) for key in (keys.log, keys.head, keys.base, keys.rejected)),
        epoch,
        at,
        text,
        kept,
        kept_bytes,
        age_ms,
        gateway_ms,
    )
    stage.until(lambda: bool(replies))
    taken: int = replies[0]
    return taken


def written(stage: Stage, node: Node, count: int) -> list[str]:
    """Append this number of entries. Return their ids."""
    stage.write(node, ROOM, *(f"{n}" for n in range(count)))
    return ids(stage)


def ids(stage: Stage) -> list[str]:
    return [entry_id for entry_id, _, _ in stage.entries(ROOM)]


def base(stage: Stage) -> str:
    """Return the position of the base."""
    text: bytes = stage.command("GET", stage.keys.base(ROOM))
    version, epoch, at = text.decode().split("\n")[0].split(" ")
    assert (version, epoch) == ("1", stage.head(ROOM)[0])
    return at


def test_only_a_newer_one_is_taken(stage: Stage) -> None:
    node = stage.node()
    entries = written(stage, node, 5)
    assert snapshot(stage, node, entries[2]) == 1
    assert snapshot(stage, node, entries[1]) == 0
    assert snapshot(stage, node, entries[2]) == 0
    assert base(stage) == entries[2]
    assert snapshot(stage, node, entries[4]) == 1
    assert base(stage) == entries[4]


def test_newer_is_by_number_not_by_letter(stage: Stage) -> None:
    node = stage.node()
    written(stage, node, 1)
    assert snapshot(stage, node, "999-9") == 1
    assert snapshot(stage, node, "999-10") == 1
    assert snapshot(stage, node, "1000-1") == 1


def test_none_of_another_epoch_is_taken(stage: Stage) -> None:
    node = stage.node()
    entries = written(stage, node, 2)
    assert snapshot(stage, node, entries[1], epoch="before") == 0
    assert stage.command("EXISTS", stage.keys.base(ROOM)) == 0


def test_the_base_of_an_epoch_that_is_over_gives_way(stage: Stage) -> None:
    node = stage.node()
    entries = written(stage, node, 2)
    stage.command("SET", stage.keys.base(ROOM), "1 before 99999999999999-0\n[]")
    assert snapshot(stage, node, entries[0]) == 1


def test_trimming_keeps_so_many_entries(stage: Stage) -> None:
    node = stage.node()
    entries = written(stage, node, 20)
    assert snapshot(stage, node, entries[-1], kept=7) == 1
    assert ids(stage) == entries[-7:]


def test_trimming_never_passes_the_base(stage: Stage) -> None:
    node = stage.node()
    entries = written(stage, node, 20)
    assert snapshot(stage, node, entries[4], kept=2, age_ms=0) == 1
    assert ids(stage) == entries[4:]


def test_trimming_keeps_what_is_young_enough(stage: Stage) -> None:
    node = stage.node()
    hours_ago = (int(stage.command("TIME")[0]) - 2 * 3600) * 1000
    old = [f"{hours_ago}-{n}" for n in range(3)]
    for entry_id in old:
        stage.command("XADD", stage.keys.log(ROOM), entry_id, "o", "w.0:1", "e", "w.0.1\r\nold\r\n")
    stage.command("HSET", stage.keys.head(ROOM), "epoch", "e", "last", old[-1])
    stage.write(node, ROOM, "young", "younger")
    young = ids(stage)[3:]
    assert snapshot(stage, node, young[0], age_ms=3 * 3600_000) == 1
    assert ids(stage) == [*old, *young]
    assert snapshot(stage, node, young[1], age_ms=3600_000) == 1
    assert ids(stage) == young


def test_nothing_is_trimmed_where_no_snapshot_is_taken(stage: Stage) -> None:
    node = stage.node()
    entries = written(stage, node, 5)
    snapshot(stage, node, entries[4])
    assert snapshot(stage, node, entries[3], kept=1, age_ms=0) == 0
    assert ids(stage) == entries


def test_marks_of_rejected_events_are_removed_with_their_entries(stage: Stage) -> None:
    node = stage.node()
    entries = written(stage, node, 4)
    stage.command("SADD", stage.keys.rejected(ROOM), *(f"{entry_id}.{n}" for n, entry_id in enumerate(entries)))
    assert snapshot(stage, node, entries[3], kept=2) == 1
    assert sorted(stage.command("SMEMBERS", stage.keys.rejected(ROOM))) == [
        f"{entries[n]}.{n}".encode() for n in (2, 3)
    ]


def test_a_load_after_trimming_has_the_whole_state(stage: Stage) -> None:
    node, late = stage.node(), stage.node()
    entries = written(stage, node, 6)
    snapshot(stage, node, entries[3], kept=1)
    story = late.follow(ROOM)
    stage.until(lambda: story.is_live)
    assert story.lines == [f"until {entries[3]}", "4", "5"]


def test_trimming_keeps_so_many_bytes(stage: Stage) -> None:
    """Tags count. The measure is Redis's own."""
    node = stage.node()
    stage.write(node, ROOM, *(f"{n:02}{'x' * 4000}" for n in range(20)))
    entries = ids(stage)
    snapshot(stage, node, entries[-1], kept_bytes=40_000)
    kept = ids(stage)
    assert kept == entries[-len(kept) :]
    assert 3 <= len(kept) <= 5  # the origin is as long as the line, and Redis rounds up
    assert stage.command("MEMORY", "USAGE", stage.keys.log(ROOM), "SAMPLES", 0) < 50_000


@pytest.mark.parametrize("is_redis_ahead", [True, False])
def test_a_step_of_one_clock_trims_nothing(stage: Stage, is_redis_ahead: bool) -> None:
    """The clock that is behind counts: Redis's, or the gateway's."""
    node = stage.node()
    entries = written(stage, node, 5)
    now_ms = int(stage.command("TIME")[0]) * 1000
    hour_ms = 3600_000
    if is_redis_ahead:  # by the gateway's clock, the entries are from tomorrow
        snapshot(stage, node, entries[-1], age_ms=-hour_ms, gateway_ms=now_ms - 24 * hour_ms)
    else:
        snapshot(stage, node, entries[-1], age_ms=hour_ms, gateway_ms=now_ms + 24 * hour_ms)
    assert ids(stage) == entries


def test_trimming_at_once_has_a_bound(stage: Stage) -> None:
    """Neither Redis nor its clients wait long. The next snapshot trims the rest."""
    node = stage.node()
    log = stage.keys.log(ROOM)
    for n in range(1, 3001):
        stage.command("XADD", log, f"1-{n}", "o", "w.0:1", "e", "w.0.1\r\nold\r\n")
    stage.command("HSET", stage.keys.head(ROOM), "epoch", "e", "last", "1-3000")
    assert snapshot(stage, node, "1-2999", kept=10, age_ms=1 << 52) == 1
    assert stage.command("XLEN", log) == 3000 - 2048
    assert snapshot(stage, node, "1-3000", kept=10, age_ms=1 << 52) == 1
    assert stage.command("XLEN", log) == 10


def test_no_key_of_a_room_stays_for_ever(stage: Stage) -> None:
    """Although the only gateway that followed the room was killed at the moment when it created them."""
    node = stage.node()
    entries = written(stage, node, 2)
    snapshot(stage, node, entries[1])
    rejection = Rejection(0, "a.0.1", Reason.NO_CHANGE, Message(""))
    node.rejected_events.mark(ROOM, Entry("1-1", "", ["a.0.1"], [""], b""), [rejection])
    stage.round_trip()
    for key in (stage.keys.log, stage.keys.head, stage.keys.base, stage.keys.rejected):
        assert 29 * 24 * 3600 < stage.command("TTL", key(ROOM)) <= 30 * 24 * 3600
