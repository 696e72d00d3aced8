"""Following a log: loading, the repair of a gap, and the causes of a reload."""

import pytest

from gateway.logs.replica import PAGE_ENTRIES, WAITING_LIMIT, ReplicaState
from tests.stage.node import Node, Story, snapshot_of
from tests.stage.worlds import Stage

ROOM = "#room"


def settled(stage: Stage, node: Node) -> Story:
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    return story


def rebuild(stage: Stage, node: Node, *lines: str) -> None:
    """Wipe the log and let another node create it again."""
    stage.command("DEL", stage.keys.log(ROOM), stage.keys.head(ROOM), stage.keys.base(ROOM))
    stage.write(node, ROOM, *lines, epoch="another")


def put_base(stage: Stage, lines: list[str], at: str) -> None:
    epoch, _ = stage.head(ROOM)
    stage.command("SET", stage.keys.base(ROOM), f"1 {epoch} {at}\n{snapshot_of(lines)}")


def numbered(count: int, start: int = 0) -> list[str]:
    return [f"{n:05}" for n in range(start, start + count)]


def test_a_log_that_is_not_there_loads_as_empty(stage: Stage) -> None:
    story = settled(stage, stage.node())
    assert (story.lines, story.position) == ([], ("", "0-0"))
    assert (story.beginnings, story.times_caught_up) == (1, 1)


def test_loading_folds_the_log_from_its_first_entry(stage: Stage) -> None:
    node = stage.node()
    stage.write(node, ROOM, "a", "b", "c")
    story = settled(stage, node)
    assert story.lines == ["a", "b", "c"]
    assert story.position == stage.head(ROOM)


def test_a_page_is_bounded_in_bytes_as_well(stage: Stage) -> None:
    """Replies count for client-output-buffer-limit. A page above it could never be read."""
    node = stage.node()
    lines = [f"{n:02}{'x' * 50_000}" for n in range(12)]
    for line in lines:
        stage.write(node, ROOM, line)
    story = settled(stage, node)
    assert story.lines == lines
    assert story.position == stage.head(ROOM)
    assert story.replica.pages_requested > len(lines) // 3


def test_loading_begins_with_the_base_and_folds_what_is_past_it(stage: Stage) -> None:
    node = stage.node()
    stage.write(node, ROOM, "a", "b", "c")
    put_base(stage, ["A", "B"], stage.entries(ROOM)[1][0])
    assert settled(stage, node).lines == ["A", "B", "c"]


def test_loading_from_a_base_that_nothing_has_followed(stage: Stage) -> None:
    node = stage.node()
    stage.write(node, ROOM, "a")
    put_base(stage, ["A"], stage.head(ROOM)[1])
    story = settled(stage, node)
    assert (story.lines, story.position) == (["A"], stage.head(ROOM))
    stage.write(node, ROOM, "b")
    stage.until(lambda: story.lines == ["A", "b"])
    assert story.beginnings == 1


@pytest.mark.parametrize("count", [PAGE_ENTRIES - 1, PAGE_ENTRIES, PAGE_ENTRIES + 1, 2 * PAGE_ENTRIES + 7])
def test_a_long_log_is_loaded_page_by_page(stage: Stage, count: int) -> None:
    node = stage.node()
    lines = numbered(count)
    stage.write(node, ROOM, *lines)
    story = settled(stage, node)
    assert story.lines == lines
    assert story.beginnings == 1


def test_live_entries_wait_while_pages_are_awaited_and_are_applied_once(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    lines = numbered(2 * PAGE_ENTRIES)
    stage.write(writer, ROOM, *lines)
    story = node.follow(ROOM)
    stage.until(lambda: bool(story.beginnings))
    assert not story.is_live
    stage.write(writer, ROOM, "x", "y")
    stage.until(lambda: story.is_live)
    stage.write(writer, ROOM, "z")
    stage.until(lambda: story.position == stage.head(ROOM))
    assert story.lines == [*lines, "x", "y", "z"]


def test_a_lost_entry_shows_in_the_next_and_is_fetched(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "a")
    story = settled(stage, node)
    node.link.is_deaf = True
    stage.write(writer, ROOM, "b", "c")
    stage.round_trip()
    assert story.lines == ["a"]
    node.link.is_deaf = False
    stage.write(writer, ROOM, "d", "e")
    stage.until(lambda: story.lines == ["a", "b", "c", "d", "e"])
    assert story.beginnings == 1, "a gap is mended, nothing is read again"


def test_a_gap_of_many_pages_is_repaired_while_more_comes(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "first")
    story = settled(stage, node)
    node.link.is_deaf = True
    missed = numbered(2 * PAGE_ENTRIES + 3)
    stage.write(writer, ROOM, *missed)
    stage.round_trip()
    node.link.is_deaf = False
    live = numbered(20, start=90_000)
    stage.write(writer, ROOM, *live)
    stage.until(lambda: story.lines == ["first", *missed, *live])
    assert story.beginnings == 1


def test_the_first_entry_of_a_log_may_be_the_lost_one(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    story = settled(stage, node)
    node.link.is_deaf = True
    stage.write(writer, ROOM, "a")
    stage.round_trip()
    node.link.is_deaf = False
    stage.write(writer, ROOM, "b")
    stage.until(lambda: story.lines == ["a", "b"])


def test_the_last_entry_of_a_quiet_log_is_found_missing_by_its_head(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "a")
    story = settled(stage, node)
    node.link.is_deaf = True
    stage.write(writer, ROOM, "b")
    stage.round_trip()
    node.link.is_deaf = False
    node.subscriptions.check_positions()
    stage.until(lambda: story.lines == ["a", "b"])


def test_an_entry_that_comes_twice_or_late_is_applied_once(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    story = settled(stage, node)
    node.link.held = []
    stage.write(writer, ROOM, "a", "b", "c")
    stage.round_trip()
    held, node.link.held = node.link.held, None
    for message in [*held[:2], *held, *held]:
        message()
    assert story.lines == ["a", "b", "c"]
    assert story.is_live


def test_entries_in_wrong_order_end_in_the_logs_order(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "first")
    story = settled(stage, node)
    node.link.held = []
    stage.write(writer, ROOM, "a", "b", "c", "d")
    stage.round_trip()
    held, node.link.held = node.link.held, None
    for at in (2, 0, 3, 1):
        held[at]()
    stage.until(lambda: story.is_live)
    assert story.lines == ["first", "a", "b", "c", "d"]


def test_what_waits_is_bounded_and_what_was_dropped_is_fetched(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "first")
    story = settled(stage, node)
    node.link.held = []
    lines = numbered(WAITING_LIMIT + 10)
    for start in range(0, len(lines), 1000):
        stage.write(writer, ROOM, *lines[start : start + 1000])
    stage.until(lambda: len(node.link.held or ()) == len(lines))
    held, node.link.held = node.link.held, None
    for message in held[1:]:  # all at once, before any page can have come
        message()
    assert story.replica.state is ReplicaState.REPAIRING
    stage.until(lambda: story.is_live)
    assert story.lines == ["first", *lines]


def test_another_epoch_makes_it_read_again(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "old")
    story = settled(stage, node)
    rebuild(stage, writer, "new", "newer")
    stage.until(lambda: story.lines == ["new", "newer"])
    assert story.beginnings == 2
    assert story.position == stage.head(ROOM)


def test_entries_of_an_epoch_that_is_over_do_not_keep_it_from_settling(stage: Stage) -> None:
    """They waited for a page, and that page was of the next epoch already."""
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "a")
    story = settled(stage, node)
    node.link.held = []
    stage.write(writer, ROOM, "b", "c", "d")
    stage.round_trip()
    rebuild(stage, writer, "new")
    stage.round_trip()
    held, node.link.held = node.link.held, None
    for message in held[1:]:  # "b" is missing: "c" opens a repair, "d" waits
        message()
    stage.until(lambda: story.lines == ["new"] and story.is_live)
    asked = node.link.commands
    stage.round_trip()
    assert node.link.commands <= asked + len(stage.nodes), "it goes on asking for pages"
    stage.write(writer, ROOM, "newer")
    stage.until(lambda: story.lines == ["new", "newer"])


def test_a_refused_append_loads_and_goes_again_with_the_new_epoch(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "old")
    story = settled(stage, node)
    node.link.is_deaf = True
    rebuild(stage, writer, "new")
    stage.round_trip()
    node.link.is_deaf = False
    node.say(ROOM, "mine")
    stage.until(lambda: story.lines == ["new", "mine"])
    assert len(node.outcomes["mine"]) == 1


def test_a_log_that_was_trimmed_past_the_position_is_read_again(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "a")
    story = settled(stage, node)
    node.link.is_deaf = True
    stage.write(writer, ROOM, "b", "c", "d")
    stage.round_trip()
    ids = [entry_id for entry_id, _, _ in stage.entries(ROOM)]
    put_base(stage, ["A", "B", "C"], ids[2])
    stage.command("XTRIM", stage.keys.log(ROOM), "MINID", ids[2])
    node.link.is_deaf = False
    stage.write(writer, ROOM, "e")
    stage.until(lambda: story.lines == ["A", "B", "C", "d", "e"])
    assert story.beginnings == 2


def test_a_log_that_lost_its_tail_is_read_again(stage: Stage) -> None:
    """A restart from an older file: the replica's position is not in the log any more."""
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "a", "b", "c")
    story = settled(stage, node)
    _, _, (last_id, _, _) = stage.entries(ROOM)
    stage.command("XDEL", stage.keys.log(ROOM), last_id)
    stage.command("HSET", stage.keys.head(ROOM), "last", stage.entries(ROOM)[-1][0])
    node.link.drop("the server was restarted")
    stage.connect(node)
    stage.until(lambda: story.is_live and story.lines == ["a", "b"])
    stage.write(writer, ROOM, "d")
    stage.until(lambda: story.lines == ["a", "b", "d"])


def test_asking_twice_for_a_page_reads_nothing_again(stage: Stage) -> None:
    """The answers to two requests from one position. The second one comes after the replica has moved."""
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "a")
    story = settled(stage, node)
    node.link.is_deaf = True
    missed = numbered(2 * PAGE_ENTRIES + 10)
    stage.write(writer, ROOM, *missed)
    stage.round_trip()
    node.link.is_deaf = False
    story.replica.repair()
    story.replica.repair()
    story.replica.repair()
    stage.until(lambda: story.is_live)
    stage.round_trip()
    assert story.lines == ["a", *missed]
    assert story.beginnings == 1


def test_subscribing_twice_while_loading_folds_everything_once(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    lines = numbered(PAGE_ENTRIES + 10)
    stage.write(writer, ROOM, *lines)
    story = node.follow(ROOM)
    node.subscriptions.follow(story.replica)
    stage.until(lambda: story.is_live)
    stage.round_trip()
    assert story.lines == lines
    stage.write(writer, ROOM, "x")
    stage.until(lambda: story.lines == [*lines, "x"])


def test_a_lost_connection_is_repaired_by_the_next(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "a")
    story = settled(stage, node)
    node.link.drop("cut")
    assert not story.is_live
    stage.write(writer, ROOM, "b")
    stage.connect(node)
    stage.until(lambda: story.lines == ["a", "b"])
    stage.write(writer, ROOM, "c")
    stage.until(lambda: story.lines == ["a", "b", "c"])
    assert story.beginnings == 1


def test_a_connection_lost_while_loading(stage: Stage) -> None:
    node, writer = stage.node(), stage.node()
    lines = numbered(2 * PAGE_ENTRIES)
    stage.write(writer, ROOM, *lines)
    story = node.follow(ROOM)
    stage.until(lambda: bool(story.beginnings))
    assert not story.is_live
    node.link.drop("cut")
    stage.connect(node)
    stage.until(lambda: story.is_live)
    assert story.lines == lines


def test_what_waited_when_the_connection_was_lost_does_not_count(stage: Stage) -> None:
    """It may have been published and lost with the server's newest entries. Only the log shows this."""
    node, writer = stage.node(), stage.node()
    stage.write(writer, ROOM, "a")
    story = settled(stage, node)
    node.link.held = []
    stage.write(writer, ROOM, "b", "c")
    stage.round_trip()
    late, node.link.held = node.link.held[1], None
    late()  # opens a repair, and waits
    for entry_id, _, _ in stage.entries(ROOM)[1:]:
        stage.command("XDEL", stage.keys.log(ROOM), entry_id)
    stage.command("HSET", stage.keys.head(ROOM), "last", stage.entries(ROOM)[-1][0])
    node.link.drop("the server was restarted")
    stage.connect(node)
    stage.until(lambda: story.is_live)
    stage.round_trip()
    assert story.lines == ["a"]
    assert story.is_live
