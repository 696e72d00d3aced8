"""Snapshots: every field is given back, and nothing else is accepted."""

import json

import pytest
from hypothesis import given

from gateway.chat.room import Room
from gateway.chat.snapshot import dump, load
from tests.chat.log import BATCHES, Batches, Log, folded, full_room, with_members


def test_a_snapshot_gives_back_every_field() -> None:
    room, again = full_room(), load(dump(full_room()))
    for field in (*Room.__mro__[1].__slots__, *Room.__slots__):  # type: ignore[attr-defined]
        if field not in ("_speakers", "listing"):  # learnt on the way, no part of the state
            assert getattr(room, field), "the test must put something into every field"
            assert getattr(again, field) == getattr(room, field)
    assert list(again.members) == list(room.members)


@given(BATCHES, BATCHES)
def test_a_replica_from_a_snapshot_goes_on_like_the_one_from_the_beginning(before: Batches, after: Batches) -> None:
    log = folded(before)
    text = dump(log.room)
    copy = Log(load(text))
    copy.at_ms = log.at_ms
    assert dump(copy.room) == text
    for batch in after:
        assert copy.append(*batch) == log.append(*batch)
    assert dump(copy.room) == dump(log.room)


def _with(**fields: object) -> str:
    return json.dumps(json.loads(dump(with_members("ann").room)) | fields)


_BROKEN = [_with(members=[["gwa.0.1"]]), _with(hidden=[[[1, 0, 0], [2, 0]]]), _with(life_began="0-0")]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "1", '{"format":2}', '{"format":1}', *_BROKEN])
def test_what_is_no_snapshot_is_told_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"snapshot|Expecting|unpack|int"):
        load(text)
