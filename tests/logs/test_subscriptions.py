"""Logs that cannot be read or applied, and published messages that are no entries: the other logs go on."""

from functools import partial

import pytest

from gateway.chat import events
from tests.stage.rooms import ROOM, joined, said
from tests.stage.worlds import Stage


@pytest.mark.parametrize("entry_id", ["x", "", "1", "1-", "99999999999999999999-0", "9999999999999-0", "-1-0"])
def test_a_bad_stream_id_that_was_published_harms_no_room(stage: Stage, entry_id: str) -> None:
    """The log decides: that room is read again, on the same connection."""
    node, other = stage.node(), stage.node()
    followed, _ = joined(stage, node, "ann"), joined(stage, other, "bob")
    stage.until(lambda: f"{other.lane}.1" in followed.room.members)
    epoch, last = stage.head(ROOM)
    payload = events.encode([("w.0.1", said(node, "forged"))]).decode()
    stage.command("PUBLISH", stage.keys.live(ROOM), f"{entry_id} {last} {epoch} w.0:1\n{payload}")
    other.say(ROOM, said(other, "goes on"))
    stage.round_trip()
    for each in (node, other):
        each.subscriptions.check_positions()  # every 30 s: an id above the log's newest hides its entries
    stage.until(lambda: node.shown[-1].endswith("goes on") and other.shown[-1].endswith("goes on"))
    assert node.whys == other.whys == []
    assert followed.replica.last == stage.head(ROOM)[1]


def test_a_log_that_cannot_be_read_is_set_aside_and_the_others_go_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key has a value of another type."""
    node = stage.node()
    faults: list[str] = []
    monkeypatch.setattr(node.subscriptions, "_on_fault", lambda name, _error: faults.append(name))
    followed, base = joined(stage, node, "ann"), stage.keys.base(ROOM)
    stage.command("HSET", base, "x", "y")
    followed.replica.load()
    stage.until(lambda: faults == [ROOM])
    node.replicas.open("#other")
    node.say("#other", events.joined("ann!u@h", "#other", "ann", {"token": 1, "seen": "0-0"}))
    stage.until(lambda: any("JOIN #other" in line for line in node.shown))
    node.say(ROOM, said(node, "waits"))
    node.subscriptions.check_positions()
    stage.until(lambda: faults == [ROOM, ROOM])
    stage.command("DEL", base)
    node.subscriptions.check_positions()
    stage.until(lambda: node.shown[-1].endswith("waits"))
    assert node.whys == []


def test_a_log_whose_entry_cannot_be_applied_is_loaded_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    node, other = stage.node(), stage.node()
    faults: list[str] = []
    followed, _ = joined(stage, node, "ann"), joined(stage, other, "bob")
    stage.until(lambda: f"{other.lane}.1" in followed.room.members)
    monkeypatch.setattr(node.subscriptions, "_on_fault", lambda name, _error: faults.append(name))

    def break_down(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(followed, "deliver", break_down)
    other.say(ROOM, said(other, "breaks"))
    stage.until(lambda: faults == [ROOM])
    monkeypatch.setattr(followed, "deliver", partial(node._deliver, followed))
    other.say(ROOM, said(other, "goes on"))
    stage.until(lambda: node.shown[-1].endswith("goes on"))
    assert node.whys == []
