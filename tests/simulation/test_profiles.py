"""Races of profile changes and of MONITOR."""

from tests.simulation.scenario import PROFILE_CAPS, happens, line, lines_read, logged, say


def test_a_change_that_is_late_in_one_log_is_shown_once_by_the_other() -> None:
    away = line(2.01, 0, "AWAY :out")
    outcome = happens((2.0, "deafen", (1, 0, 1)), away, say(3.0, 2, "#a", "m1"), rooms=("#a", "#b"), caps=PROFILE_CAPS)
    assert len(lines_read(outcome, 1, "AWAY :out")) == 1


def test_a_late_join_is_shown_with_the_current_profile() -> None:
    """The log of the joined room is behind the log that has the change."""
    joins = [(2.0, "deafen", (1, 0, 1)), (2.01, "join", (0, "#b", ""))]
    here = (1.5, "join", (1, "#b", ""))
    outcome = happens(here, *joins, line(3.0, 0, "SETNAME :New"), line(3.1, 0, "AWAY :out"), caps=PROFILE_CAPS)
    assert len(lines_read(outcome, 1, "nick0!u0@host0.cloak SETNAME :New")) == 1
    assert len(lines_read(outcome, 1, "nick0!u0@host0.cloak JOIN #b")) == 1


def test_a_change_by_a_member_whose_join_is_lost_is_shown_to_those_who_saw_it_all_the_time() -> None:
    """The JOIN is too old to be restored, and is appended again with the current profile: the AWAY is no news."""
    change = line(75.5, 1, "AWAY :out"), line(75.5, 1, "SETNAME :New")
    faults = (0.55, "replicate", ()), (75.0, "failover", (3.0,))
    outcome = happens(*faults, *change, clients=2, gateways=1, caps=PROFILE_CAPS)
    assert len(lines_read(outcome, 0, "AWAY :out")) == 1
    assert len(lines_read(outcome, 0, "SETNAME :New")) == 1


def test_a_change_that_was_reported_as_failed_and_takes_effect_is_reverted() -> None:
    """Redis stalled with the command, and runs it later."""
    away, later = line(2.0, 0, "AWAY :gone"), line(15.0, 1, "PING end")
    outcome = happens(away, (2.0005, "stall", (9.0,)), later, rooms=("#a", "#b"), caps=PROFILE_CAPS)
    assert [one.rpartition("cloak ")[2] for one in lines_read(outcome, 1, "cloak AWAY")] == ["AWAY :gone", "AWAY"]
    assert logged(outcome, " AWAY") == 4


def _has_tag(lines: list[str]) -> list[bool]:
    return ["bot" in line.partition(" ")[0][1:].split(";") for line in lines]


def test_a_bot_mode_that_was_reported_as_failed_and_took_effect_is_reverted() -> None:
    """IRCv3 bot-mode. Redis stalled with the command: others see what the client was told."""
    became, later = line(2.0, 0, "MODE nick0 +B"), say(15.0, 0, "#a", "m1")
    caps = ("message-tags",)
    outcome = happens(became, (2.0005, "stall", (9.0,)), later, rooms=("#a", "#b"), caps=caps)
    assert [one.split(" ")[1] for one in lines_read(outcome, 0, "MODE nick0")] == ["NOTICE"], "it failed"
    assert logged(outcome, " BOT 1") == logged(outcome, " BOT 0") == 2
    assert _has_tag(lines_read(outcome, 1, "<m1>")) == [False]


def test_a_bot_is_marked_in_a_log_that_had_lost_it() -> None:
    """IRCv3 bot-mode. The JOIN is too old to be restored, and is appended again with the current profile."""
    faults = (0.55, "replicate", ()), (75.0, "failover", (3.0,))
    change = line(60.0, 1, "MODE nick1 +B"), say(82.0, 1, "#a", "m1")
    outcome = happens(*faults, *change, clients=2, gateways=2, caps=("message-tags",))
    assert _has_tag(lines_read(outcome, 0, "<m1>")) == [True]


def test_a_reverted_change_of_a_kicked_member_is_shown_by_another_room() -> None:
    """The room in which the change took effect has removed the member when it is reverted."""
    change, kicked = line(2.02, 1, "SETNAME :New"), line(8.0, 0, "KICK #b {} :out", 1)
    joins = (1.5, "join", (0, "#b", "")), (1.6, "join", (1, "#b", ""))
    # Of each room one entry is under way; what was sent before Redis stalled takes effect.
    held = say(2.01, 0, "#a", "m1")
    outcome = happens(
        *joins,
        (2.0005, "stall", (9.0,)),
        held,
        change,
        kicked,
        line(15.0, 0, "PING x"),
        gateways=1,
        clients=2,
        caps=PROFILE_CAPS,
    )
    assert [one.rpartition(" :")[2] for one in lines_read(outcome, 1, "nick1!u1@host1.cloak SETNAME")] == [
        "New",
        "real 1",
    ]


def test_a_change_that_took_effect_in_one_room_before_it_failed_in_another_is_reverted() -> None:
    """Redis is available just before the AWAY's time limit. It waits behind a message whose publication is lost."""
    joins = [(1.0 + client / 10, "join", (client, "#b", "")) for client in (0, 1)]
    outcome = happens(
        (2.0, "stall", (4.9,)),
        say(2.01, 1, "#b", "m1"),
        line(1.95, 0, "PING x"),
        line(2.02, 0, "AWAY :gone"),
        (2.03, "deafen", (0, 0, 1)),
        *joins,
        line(12.0, 0, "PING x"),
        gateways=1,
        clients=2,
        caps=PROFILE_CAPS,
    )
    assert [one.rpartition(" AWAY")[2] for one in lines_read(outcome, 1, ":nick0!u0@host0.cloak AWAY")] == [
        " :gone",
        "",
    ]


def test_a_user_shown_as_away_by_a_join_alone_is_shown_as_back_by_that_room() -> None:
    """The log of the common room is slow: it has shown neither the AWAY nor its end."""
    away, back = line(2.01, 0, "AWAY :gone"), line(2.2, 0, "AWAY")
    joined = (1.0, "join", (1, "#b", "")), (2.1, "join", (0, "#b", ""))
    outcome = happens(
        (2.0, "deafen", (1, 0, 1)), away, *joined, (2.19, "deafen", (1, 0, 1)), back, clients=2, caps=PROFILE_CAPS
    )
    assert [one.partition(" ")[2] for one in lines_read(outcome, 1, " AWAY")][-1] == "AWAY"


def test_a_reverted_change_is_shown_after_a_later_change_of_the_same_user() -> None:
    """It took effect in the lobby alone. The AWAY after it was shown through the other room first."""
    change, away = line(2.02, 0, "SETNAME :New"), line(2.03, 0, "AWAY :gone")
    outcome = happens(
        (1.0, "join", (0, "#lobby", "")),
        *[(1.1 + client / 10, "join", (client, "#b", "")) for client in (0, 1)],
        (2.0, "stall", (6.0,)),
        say(2.01, 1, "#b", "m1"),
        change,
        away,
        line(12.0, 0, "PING x"),
        gateways=1,
        clients=2,
        rooms=(),
        caps=PROFILE_CAPS,
    )
    assert [one.rpartition(" :")[2] for one in lines_read(outcome, 1, "nick0!u0@host0.cloak SETNAME")] == [
        "New",
        "real 0",
    ]


def test_a_change_between_a_join_and_its_late_effect_is_appended_to_that_room() -> None:
    """Without a room the change is done at once. The JOIN, which was reported as failed, has the old real name."""
    back, renamed = (2.1, "join", (1, "#a", "")), line(3.0, 1, "SETNAME :New")
    faults = (1.0, "part", (1, "#a")), (2.0, "stall", (6.0,))
    outcome = happens(*faults, back, renamed, line(12.0, 0, "PING x"), clients=2, caps=PROFILE_CAPS)
    assert [one.partition("!")[2] for one in lines_read(outcome, 0, ":nick1!")][-2:] == [
        "u1@host1.cloak JOIN #a * :real 1",
        "u1@host1.cloak SETNAME :New",
    ]


def test_a_monitored_user_whose_quit_was_missed_is_found_offline() -> None:
    watch = line(2.0, 1, "MONITOR + {}", 0)
    for fault in ((3.0, "deafen", (1, 0, 1)), (3.0, "cut", (1, 0, True))):
        outcome = happens(watch, fault, (3.01, "leave", (0, "quit")), rooms=())
        assert len(lines_read(outcome, 1, " 731 nick1 :nick0")) == 1


def test_monitor_gives_the_same_answer_again_while_redis_has_lost_the_claim() -> None:
    watch, again = line(2.0, 1, "MONITOR + {}", 0), line(4.0, 1, "MONITOR + {}", 0)
    outcome = happens(watch, (2.5, "wipe", (False,)), (2.502, "lag", (0, 0, 7.0, True)), again, rooms=())
    assert len(lines_read(outcome, 1, " 730 nick1 :nick0!")) == 2
    assert lines_read(outcome, 1, " 731 ") == []


def test_a_monitored_user_that_stays_during_a_wipe_is_not_shown_as_offline() -> None:
    outcome = happens(line(2.0, 1, "MONITOR + {}", 0), (3.0, "wipe", (False,)), rooms=())
    assert len(lines_read(outcome, 1, " 730 nick1 :nick0!")) == 1
    assert lines_read(outcome, 1, " 731 ") == []


def test_a_session_that_loses_a_nick_and_leaves_a_room_goes_by_its_id_for_all() -> None:
    """One room's log has not shown the loss of the nick when the session leaves it; the other log shows it to all. The
    session gets no 442, as it sent no command for it."""
    wiped = (2.0, "nick", (1, "name1")), (6.0, "wipe", (True,))
    outcomes = [
        happens(*wiped, (at, "nick", (0, "name1")), (at + 0.005, "part", (0, "#b")), again, rooms=("#a", "#b"))
        for at in [6.0 + hundredth / 100 for hundredth in range(12)]
        for again in [(at + 0.015, "wipe", (True,)), (at + 0.3, "wipe", (True,))]
    ]
    assert any(lines_read(outcome, 2, "!u0@host0.cloak NICK gate0.0.0") for outcome in outcomes)
    assert [lines_read(outcome, 0, " 442 ") for outcome in outcomes] == [[]] * len(outcomes)


def test_a_deleted_message_stays_deleted_when_a_failover_loses_the_mark() -> None:
    """The replica has the REDACT, and not yet the mark that removes the message from the history."""
    for caught in [3.0 + tenth / 10_000 for tenth in range(10, 60)]:
        failover = (caught, "replicate", ()), (caught + 0.002, "failover", (0.01,))
        happens(say(2.0, 0, "#a", "m1"), (3.0, "redact", (0, "#a")), *failover, gateways=1)


def test_an_inbox_that_a_late_message_creates_is_deleted_with_its_gateway() -> None:
    said = (3.0, "say", (0, "PRIVMSG", 0, "m1", "", ""))
    happens(said, (3.001, "wipe", (False,)), (3.007, "kill", (0,)), rooms=())
