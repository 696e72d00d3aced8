"""Races of appends and publications on a broken or lossy connection to Redis."""

from tests.simulation.scenario import happens, line, lines_read, logged, say


def test_an_append_that_ran_and_was_not_answered_is_not_repeated() -> None:
    outcome = happens((2.0, "trap", (0, 0, "after", 0.0)), say(2.01, 0, "#a", "m1"))
    assert logged(outcome, "<m1>") == 1


def test_an_append_that_was_lost_is_sent_again() -> None:
    outcome = happens((2.0, "trap", (0, 0, "before", 0.0)), say(2.01, 0, "#a", "m1"))
    assert logged(outcome, "<m1>") == 1


def test_commands_of_an_abandoned_connection_never_run_after_those_of_the_next() -> None:
    outcome = happens((2.0, "trap", (0, 0, "late", 2.0)), say(2.01, 0, "#a", "m1"))
    assert logged(outcome, "<m1>") == 1
    assert len(lines_read(outcome, 1, "<m1>")) == 1


def test_a_stalled_redis_runs_each_command_once() -> None:
    outcome = happens((2.0, "stall", (20.0,)), say(2.01, 0, "#a", "m1"), say(2.02, 1, "#a", "m2"))
    assert logged(outcome, "<m1>") == logged(outcome, "<m2>") == 1


def test_a_lost_last_message_of_a_quiet_room_is_found() -> None:
    """No successor would show the gap, so lanes compare heads."""
    outcome = happens((2.0, "deafen", (1, 0, 1)), say(2.01, 0, "#a", "m1"))
    assert len(lines_read(outcome, 1, "<m1>")) == 1


def test_a_lost_first_entry_of_a_room_is_found() -> None:
    """A room that was loaded as empty has no position whose successor could be missing."""
    happens((2.0, "deafen", (0, 0, 1)), (2.01, "join", (0, "#new", "")))


def test_a_ping_finds_a_message_that_was_lost_before_it() -> None:
    outcome = happens((2.0, "deafen", (1, 0, 1)), say(2.01, 0, "#a", "m1"), line(2.5, 1, "PING now"))
    read = [one for _, one in outcome.network.clients[1].connections[0].lines]
    assert read.index(next(one for one in read if "<m1>" in one)) < read.index(":irc.test PONG irc.test :now")


def test_a_gap_is_repaired_before_later_entries_are_applied() -> None:
    outcome = happens((2.0, "deafen", (1, 0, 2)), *(say(2.01 + n / 50, 0, "#a", f"m{n}") for n in range(6)))
    assert len(lines_read(outcome, 1, "PRIVMSG #a")) == 6


def test_a_room_is_loaded_while_others_append_and_trim() -> None:
    """The base is written and the log is trimmed while a lane reads the pages."""
    chatter = [say(2.0 + n / 500, n % 2, "#a", f"m{n}") for n in range(40)]
    comes = [(2.02, "connect_to", (2, 2)), (2.021, "join", (2, "#a", ""))]
    happens(*chatter, *comes, clients=2, later=1, gateways=3, snapshot_entries=3)


def test_a_lane_that_is_behind_a_trimmed_log_reloads_from_the_base() -> None:
    chatter = [say(2.01 + n / 200, 0, "#a", f"m{n}") for n in range(30)]
    happens((2.0, "lag", (1, 0, 7.0, False)), *chatter, snapshot_entries=3, waiting_limit=6)
