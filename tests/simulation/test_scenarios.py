"""The races that the design answers, one by one and in the same world as the random runs, checked by the same checker.

Each plan is a few steps at given moments. Clients 0, 1, 2 ... are called nick0, nick1, nick2; gateways have one lane.
"""

from typing import Any

import pytest

from tests.simulation.plan import FAULTS, LOSSES, Plan, Step, plan
from tests.simulation.running import Outcome, run

CAPS = ("echo-message", "message-tags", "batch", "labeled-response", "draft/chathistory", "draft/message-redaction")
REST_S = 100.0

Told = tuple[float, str, tuple[Any, ...]]


def happens(
    *told: Told,
    clients: int = 3,
    later: int = 0,
    gateways: int = 2,
    rooms: tuple[str, ...] = ("#a",),
    snapshot_entries: int = 512,
    waiting_limit: int = 4096,
    caps: tuple[str, ...] = CAPS,
) -> Outcome:
    """Client n comes in at 0.5 s + n/10 by gateway n modulo their number and joins all rooms; then what is told.

    ``later``: so many more clients, who come when they are told to.
    """
    steps = []
    for client in range(clients):
        steps.append(Step(0.5 + client / 10, "connect_to", (client, client % gateways)))
        steps += [Step(0.501 + client / 10, "join", (client, room, "")) for room in rooms]
    steps += [Step(*one) for one in told]
    planned = Plan(
        seed=1,
        gateways=(1,) * gateways,
        clients=((caps, False),) * (clients + later),
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        length_s=max(step.at for step in steps) + 3.0,
        rest_s=REST_S,
        snapshot_entries=snapshot_entries,
        waiting_limit=waiting_limit,
    )
    outcome = run(planned)
    assert not outcome.violations, outcome.violations
    return outcome


def say(at: float, client: int, room: str, token: str) -> Told:
    return at, "say", (client, "PRIVMSG", room, token, "", "")


def line(at: float, client: int, text: str, *others: int) -> Told:
    return at, "line", (client, text, *others)


def logged(outcome: Outcome, text: str) -> int:
    """How many entries that are still there hold this text."""
    records = outcome.network.redis.store.records
    return sum(text.encode() in record.payload for record in records if record.lost_in is None)


def heard(outcome: Outcome, client: int, text: str) -> list[str]:
    """The lines that a client read with this text in them, on all its connections; not what it asked history for."""
    connections = outcome.network.clients[client].connections
    limit = outcome.network.asked_at
    return [told for connection in connections for at, told in connection.lines if text in told and at < limit]


# -- what is executed late, or not ----------------------------------------------------------------------


def test_an_append_that_was_executed_and_not_answered_is_not_sent_again() -> None:
    outcome = happens((2.0, "trap", (0, 0, "after", 0.0)), say(2.01, 0, "#a", "m1"))
    assert logged(outcome, "<m1>") == 1


def test_an_append_that_was_lost_on_its_way_is_sent_again() -> None:
    outcome = happens((2.0, "trap", (0, 0, "before", 0.0)), say(2.01, 0, "#a", "m1"))
    assert logged(outcome, "<m1>") == 1


def test_what_a_connection_sent_is_never_executed_once_another_has_taken_its_place() -> None:
    outcome = happens((2.0, "trap", (0, 0, "late", 2.0)), say(2.01, 0, "#a", "m1"))
    assert logged(outcome, "<m1>") == 1
    assert len(heard(outcome, 1, "<m1>")) == 1


def test_a_stalled_redis_does_what_it_was_sent_once() -> None:
    outcome = happens((2.0, "stall", (20.0,)), say(2.01, 0, "#a", "m1"), say(2.02, 1, "#a", "m2"))
    assert logged(outcome, "<m1>") == logged(outcome, "<m2>") == 1


# -- what does not arrive -------------------------------------------------------------------------------


def test_the_last_message_of_a_quiet_room_is_missed_and_found() -> None:
    """It has no successor whose predecessor would show the gap: heads are compared."""
    outcome = happens((2.0, "deafen", (1, 0, 1)), say(2.01, 0, "#a", "m1"))
    assert len(heard(outcome, 1, "<m1>")) == 1


def test_the_first_entry_of_a_room_is_missed_and_found() -> None:
    """A room that was loaded as empty has no position yet whose successor could be missed."""
    happens((2.0, "deafen", (0, 0, 1)), (2.01, "join", (0, "#new", "")))


def test_a_ping_finds_what_was_lost_before_it() -> None:
    outcome = happens((2.0, "deafen", (1, 0, 1)), say(2.01, 0, "#a", "m1"), line(2.5, 1, "PING now"))
    read = [told for _, told in outcome.network.clients[1].connections[0].lines]
    assert read.index(next(told for told in read if "<m1>" in told)) < read.index(":irc.test PONG irc.test :now")


def test_a_gap_in_the_middle_is_mended_before_what_follows() -> None:
    outcome = happens((2.0, "deafen", (1, 0, 2)), *(say(2.01 + n / 50, 0, "#a", f"m{n}") for n in range(6)))
    assert len(heard(outcome, 1, "PRIVMSG #a")) == 6


def test_a_room_is_loaded_while_others_append_and_trim() -> None:
    """The base is written and the log trimmed behind it while a lane is reading its pages."""
    chatter = [say(2.0 + n / 500, n % 2, "#a", f"m{n}") for n in range(40)]
    comes = [(2.02, "connect_to", (2, 2)), (2.021, "join", (2, "#a", ""))]
    happens(*chatter, *comes, clients=2, later=1, gateways=3, snapshot_entries=3)


def test_a_lane_that_lags_behind_a_trimmed_log_reads_it_from_the_base() -> None:
    chatter = [say(2.01 + n / 200, 0, "#a", f"m{n}") for n in range(30)]
    happens((2.0, "lag", (1, 0, 7.0, False)), *chatter, snapshot_entries=3, waiting_limit=6)


# -- coming and going -----------------------------------------------------------------------------------


def test_who_goes_while_joining_is_not_left_behind() -> None:
    """The QUIT goes to rooms that were meant to be joined, too."""
    for after_s in (0.0, 0.001, 0.002, 0.003, 0.004):
        joins = [(2.0, "join", (0, room, "")) for room in ("#b", "#c")]
        happens((1.9, "join", (1, "#b", "")), *joins, (2.0 + after_s, "leave", (0, "reset")))


def test_a_quit_is_shown_once_to_who_shares_two_rooms() -> None:
    outcome = happens((2.0, "leave", (0, "quit")), rooms=("#a", "#b"))
    assert len(heard(outcome, 1, " QUIT ")) == 1


def test_a_new_nick_is_shown_once_to_who_shares_two_rooms() -> None:
    outcome = happens((2.0, "nick", (0, "other")), rooms=("#a", "#b"))
    assert len(heard(outcome, 1, " NICK ")) == 1


def test_names_tell_of_a_new_nick_that_another_room_has_shown() -> None:
    """NAMES of the room whose log is behind must not have the old one."""
    happens(
        (2.0, "deafen", (1, 0, 1)),
        (2.01, "nick", (0, "other")),
        line(2.5, 1, "NAMES #a"),
        line(2.6, 1, "NAMES #b"),
        rooms=("#a", "#b"),
    )


def test_two_ask_for_one_nick_at_once() -> None:
    outcome = happens((2.0, "nick", (0, "same")), (2.0, "nick", (1, "same")))
    assert sorted(client.connections[0].nick for client in outcome.network.clients[:2])[1] == "same"
    assert len(heard(outcome, 0, " 433 ") + heard(outcome, 1, " 433 ")) == 1


def test_what_is_said_while_a_join_is_on_its_way_is_echoed_once() -> None:
    """Its client was told that the JOIN failed; it takes effect before what it then said from outside."""
    outcome = happens(
        (0.9, "join", (2, "#b", "")),
        line(1.5, 2, "MODE #b -n"),
        (2.0, "stall", (9.0,)),
        (2.01, "join", (0, "#b", "")),
        say(8.0, 0, "#b", "m1"),
    )
    assert len(heard(outcome, 0, "<m1>")) == 1


def test_names_asked_from_outside_and_answered_inside_has_the_asker() -> None:
    """Its JOIN, told as failed, takes effect before the answer."""
    for at in (6.9, 7.1, 7.3, 7.5):
        happens(
            (2.0, "stall", (6.0,)), (2.1, "join", (0, "#b", "")), line(at, 0, "NAMES #b"), (0.9, "join", (2, "#b", ""))
        )


def test_a_new_nick_that_is_folded_late_is_told_to_a_room_that_was_joined_meanwhile() -> None:
    """Its client was told after five seconds that it failed; what was sent takes effect all the same."""
    happens((2.0, "deafen", (0, 0, 9)), (2.01, "nick", (0, "other")), (2.02, "join", (0, "#b", "")), clients=1)


def test_a_new_nick_that_is_folded_late_keeps_its_claim() -> None:
    """Its client has asked for it once more, in vain, before it was folded."""
    happens((2.0, "deafen", (0, 0, 2)), (2.01, "nick", (0, "other")), (2.5, "nick", (0, "other")), clients=1)


def test_who_comes_into_an_entry_with_others_is_told_of_them_once() -> None:
    """JOINs of one turn stand in one entry: NAMES must not be ahead of those that follow."""
    storm = [(2.0, "connect_to", (n, 0)) for n in range(6)]
    happens((1.9, "storm", (0,)), *storm, clients=6, gateways=1)


# -- leases ---------------------------------------------------------------------------------------------


def test_users_of_a_killed_gateway_quit_and_come_back() -> None:
    outcome = happens((2.0, "kill", (0,)))
    assert len(heard(outcome, 1, "Gateway gate0 is gone")) == 2


def test_a_gateway_that_stood_still_is_taken_for_dead_and_comes_back() -> None:
    outcome = happens((2.0, "pause", (0, 25.0)), say(2.5, 0, "#a", "m1"), say(28.0, 0, "#a", "m2"))
    assert len(outcome.network.clients[0].connections) == 1, "its clients stayed connected"
    assert logged(outcome, "<m1>") == logged(outcome, "<m2>") == 1


def test_nobody_is_overdue_after_redis_was_away() -> None:
    """All leases have run out, and nobody could beat: that says nothing about the gateways."""
    outcome = happens((2.0, "restart", (30.0,)), gateways=3)
    assert logged(outcome, "GONE ") == 0


# -- what Redis loses -----------------------------------------------------------------------------------


def test_what_a_failover_took_is_put_back_and_shown_once() -> None:
    outcome = happens((2.0, "replicate", ()), say(2.01, 0, "#a", "m1"), (2.1, "failover", (0.1,)))
    assert logged(outcome, "<m1>") == 1
    assert len(heard(outcome, 1, "<m1>")) == 1


def test_who_was_kicked_and_came_back_just_before_a_failover_is_told_of_the_room_again() -> None:
    """Both are put back, and nobody waits for this JOIN."""
    happens(
        (2.0, "replicate", ()),
        line(2.01, 0, "KICK #a {} :out", 0),
        (2.02, "join", (0, "#a", "")),
        (2.1, "failover", (0.5,)),
        clients=1,
    )


def test_a_member_who_is_renamed_in_the_entry_that_gives_him_a_rank() -> None:
    """The room that is read first shows the new name already, when the other one's MODE still says the old."""
    happens(
        (2.0, "restart", (1.0,)),
        (2.2, "nick", (1, "other")),
        line(2.201, 0, "MODE #b +o nick1"),
        rooms=("#a", "#b"),
        clients=2,
        gateways=1,
    )


def test_a_mark_of_what_is_void_survives_a_lost_connection() -> None:
    """It breaks when the entry has been folded, and the mark is on its way."""
    for after_ms in (quarter / 4 for quarter in range(4, 32)):
        mode, cut = line(2.5, 0, "MODE #a +m"), (2.5 + after_ms / 1000, "cut", (0, 0, True))
        happens(mode, *(say(2.499 + n / 4000, 1, "#a", f"m{n}") for n in range(16)), cut, gateways=1)


def test_what_was_taken_back_is_in_no_history_though_its_gateway_dies_at_once() -> None:
    """Whoever folds a REDACT marks the message; who reads the log later makes up for those who could not."""
    for after_ms in (quarter / 4 for quarter in range(2, 24)):
        outcome = happens(
            say(2.0, 0, "#a", "m1"),
            (2.5, "redact", (0, "#a")),
            (2.5 + after_ms / 1000, "kill", (0,)),
            (10.0, "connect_to", (1, 1)),
            (10.001, "join", (1, "#a", "")),
            clients=1,
            later=1,
        )
        assert logged(outcome, "REDACT") <= 1


def test_a_message_of_several_lines_that_fails_is_named_as_a_message() -> None:
    """To a room that it is not in a client waits, and is told which message, not which BATCH."""
    lines = [line(2.5, 0, text) for text in ("CAP REQ :draft/multiline", "BATCH +1 draft/multiline #c")]
    lines += [line(2.6 + n / 100, 0, f"@batch=1 PRIVMSG #c :{n}") for n in range(2)]
    outcome = happens(*lines, (2.7, "restart", (8.0,)), line(3.0, 0, "BATCH -1"), line(12.0, 0, "PING"), clients=1)
    assert [told for told in heard(outcome, 0, "failed") if " :PRIVMSG #c failed: " in told]


def test_a_wiped_room_keeps_its_members_operators_topic_and_modes() -> None:
    outcome = happens(
        line(2.0, 0, "TOPIC #a :kept"), line(2.1, 0, "MODE #a +m"), (3.0, "wipe", (True,)), line(9.0, 1, "TOPIC #a")
    )
    room = outcome.network.nodes[0].lane.parts.replicas.rooms["#a"].room
    assert (room.topic, room.flags) == ("kept", {"m", "n", "t"})
    assert [member.modes for member in room.members.values()] == [1, 0, 0]


def test_who_comes_into_a_wiped_room_before_it_is_put_back_is_an_ordinary_member() -> None:
    """The newcomer's lane makes the log anew; the others' state is put back under what it has done."""
    outcome = happens(
        (2.0, "lag", (0, 0, 3.0, True)),
        (2.0, "lag", (1, 0, 3.0, True)),
        (2.1, "wipe", (False,)),
        (2.2, "connect_to", (2, 2)),
        (2.201, "join", (2, "#a", "")),
        gateways=3,
        clients=2,
        later=1,
    )
    room = outcome.network.nodes[0].lane.parts.replicas.rooms["#a"].room
    assert [member.modes for member in room.members.values() if member.user == "u2"] == [0]


def test_who_founds_a_wiped_room_anew_is_told_that_it_is_no_operator_there() -> None:
    """The room that is put back under its JOIN has bans: the JOIN was decided before any, and holds all the same."""
    outcome = happens(
        line(1.9, 0, "MODE #a +b nobody!*@*"),
        (2.0, "lag", (0, 0, 3.0, True)),
        (2.0, "lag", (1, 0, 3.0, True)),
        (2.1, "wipe", (False,)),
        (2.2, "connect_to", (2, 2)),
        (2.201, "join", (2, "#a", "")),
        say(2.3, 2, "#a", "m1"),
        gateways=3,
        clients=2,
        later=1,
    )
    assert logged(outcome, "<m1>") == 1
    assert heard(outcome, 2, "+bo-o nobody!*@* nick0 nick2")


def test_who_was_made_operator_in_what_a_failover_took_is_told_that_it_is_none() -> None:
    """By one whose gateway died: nobody puts it back; its own JOIN is put back."""
    outcome = happens(
        (0.55, "replicate", ()),
        line(1.5, 0, "MODE #a +o {}", 1),
        (1.9, "kill", (0,)),
        (2.0, "failover", (0.01,)),
        clients=2,
    )
    assert heard(outcome, 1, "-o nick1")


def test_names_have_who_is_seen_there_though_the_log_has_lost_him() -> None:
    """Until his JOIN is put back, some hundredths of a second after the failover."""
    asks = [line(2.03 + n / 2000, 0, "NAMES #a") for n in range(140)]
    happens((0.55, "replicate", ()), (2.0, "failover", (0.01,)), *asks, clients=2, gateways=1)


def test_modes_of_a_room_that_is_made_anew_are_told_to_who_saw_it_become_empty() -> None:
    """Its members saw themselves there all the time."""
    happens(
        (1.0, "join", (0, "#b", "")),
        (1.5, "part", (0, "#b")),
        (1.6, "replicate", ()),
        (2.0, "join", (1, "#b", "")),
        (2.1, "failover", (0.01,)),
    )


def test_who_is_kept_out_when_its_join_is_put_back_leaves_the_room() -> None:
    """What let it in came before what keeps it out, and is put back behind that."""
    outcome = happens(
        (1.0, "join", (0, "#b", "")),
        (2.0, "replicate", ()),
        line(2.01, 0, "MODE #b +b nobody!*@*"),
        (2.02, "join", (1, "#b", "")),
        line(2.03, 0, "MODE #b +ib gone!*@*"),
        (2.2, "failover", (0.5,)),
        gateways=1,
    )
    rooms = [client.session.rooms for client in outcome.network.nodes[0].lane.parts.clients.values()]
    members = outcome.network.nodes[0].lane.parts.replicas.rooms["#b"].room.members
    assert sum("#b" in one for one in rooms) == len(members)


def test_what_was_put_back_is_no_part_of_the_answer_to_another_command() -> None:
    for at in (3.0, 4.5, 5.18, 5.2):
        say_it = (at, "say", (0, "NOTICE", "#a", "m1", "L1", ""))
        happens((2.0, "replicate", ()), (2.1, "part", (0, "#a")), (2.15, "failover", (3.0,)), say_it, clients=1)


def test_a_nick_whose_claim_a_failover_took_before_it_was_in_use_is_claimed_again() -> None:
    for after_ms in range(2, 14):
        happens((2.0, "replicate", ()), (2.4, "nick", (0, "other")), (2.4 + after_ms / 1000, "failover", (3.0,)))


def test_a_nick_that_a_room_has_told_is_not_told_again_to_who_was_put_out_behind_it() -> None:
    """In one entry: when the NICK is done, its session is in no room any more."""
    nick, kicks = (2.0, "nick", (2, "other")), [2.0 + tenth / 10_000 for tenth in range(10, 40)]
    outcomes = [happens(nick, line(at, 0, "KICK #a {} :out", 2), gateways=1) for at in kicks]
    payloads = [record.payload for outcome in outcomes for record in outcome.network.redis.store.records]
    assert any(b" NICK " in payload and b" KICK " in payload for payload in payloads)
    assert {len(heard(outcome, 2, " NICK ")) for outcome in outcomes} == {1}


def test_whoever_has_a_newer_nick_is_not_renamed_by_one_that_is_put_back() -> None:
    """It has left the room since, whose log had lost all of that."""
    lost = (2.5, "nick", (0, "other")), (2.501, "nick", (0, "newer")), (2.502, "part", (0, "#a"))
    outcome = happens(
        (2.0, "replicate", ()), *lost, (2.535, "failover", (3.0,)), (4.0, "join", (0, "#b", "")), clients=1
    )
    assert len(heard(outcome, 0, "NICK other")) == 1


def test_a_nick_that_is_taken_while_an_earlier_try_is_given_up_is_freed_with_its_gateway() -> None:
    """The first is answered as failed, as the server's scripts are gone, and with it the giving up."""
    outcome = happens((0.4, "flush_scripts", ()), (2.0, "restart", (0.02,)), (4.0, "kill", (0,)), clients=1, rooms=())
    assert heard(outcome, 0, "NICK nick0 failed")


def test_nicks_that_a_gateway_claimed_in_a_wiped_redis_are_freed_when_it_dies() -> None:
    """Before its next beat, which would have told Redis of the gateway again: the others know that it was there."""
    happens((2.0, "wipe", (False,)), (2.05, "nick", (1, "other")), (2.2, "kill", (1,)))


def test_a_room_that_only_ghosts_are_in_after_a_wipe_lets_others_in_again() -> None:
    """It is invite only; whoever tries has his lane look who is there."""
    outcome = happens(
        (1.0, "join", (1, "#b", "")),
        line(1.2, 1, "MODE #b +i"),
        line(1.3, 0, "TOPIC #b"),
        (2.0, "wipe", (False,)),
        (2.01, "kill", (1,)),
        (3.0, "join", (0, "#b", "")),
        (80.0, "join", (0, "#b", "")),
        clients=2,
    )
    assert len(heard(outcome, 0, " 473 ")) == 1
    assert heard(outcome, 0, " JOIN #b")


CLOCK_SET_BACK = (
    (2.0, "replicate", ()),
    (2.05, "nick", (1, "other")),
    (2.1, "pause", (1, 20.0)),
    (2.2, "failover", (0.5,)),
    (2.25, "redis_clock", (-60.0,)),
    (5.0, "nick", (0, "other")),
)
"""Redis has lost the claim of whoever is shown by a nick, and gives it to another by a claim with an older time."""


def test_a_nick_that_another_is_shown_by_goes_to_whom_redis_gives_it_though_its_clock_was_set_back() -> None:
    outcome = happens(*CLOCK_SET_BACK, line(6.0, 0, "TOPIC #none :x"), clients=2)
    assert heard(outcome, 0, ":other!u1@host1.cloak NICK gate1")
    assert heard(outcome, 0, " other #none")


def test_a_nick_that_another_has_by_a_claim_from_before_the_clock_was_set_back() -> None:
    """Where its lane had not seen that one, whoever takes the nick goes by its id, in all that it is told."""
    joins = (1.0, "join", (1, "#a", "")), (6.0, "join", (0, "#a", ""))
    outcome = happens(*CLOCK_SET_BACK, *joins, line(30.0, 0, "TOPIC #none :x"), clients=2, rooms=())
    assert heard(outcome, 0, " NICK gate0")
    assert heard(outcome, 0, " gate0.0.0 #none")


def test_who_is_kept_in_view_and_gets_a_new_id_is_seen_to_quit_and_join() -> None:
    """Its lane reads of its KICK after the second wipe; and the clock is set back, so that its lease seems lost."""
    happens(
        (1.95, "wipe", (True,)),
        (6.197, "lag", (0, 0, 7.0, False)),
        line(6.383, 0, "KICK #a {} :out", 0),
        (8.305, "wipe", (True,)),
        (8.314, "redis_clock", (-90.0,)),
        clients=2,
    )


def test_who_has_quit_is_shown_where_a_slower_log_tells_of_a_join_before_that() -> None:
    """What was said between the two was said by somebody who was there."""
    outcome = happens(
        (1.0, "join", (0, "#a", "")),
        (1.0, "join", (2, "#b", "")),
        (1.0, "join", (2, "#c", "")),
        (1.1, "join", (1, "#c", "")),
        (1.2, "join", (1, "#b", "")),
        (2.0, "deafen", (0, 0, 2)),
        (2.01, "join", (1, "#a", "")),
        say(2.0101, 1, "#a", "m1"),
        (2.049, "deafen", (0, 0, 1)),  # the QUIT in #c
        (2.05, "leave", (1, "quit")),
        rooms=(),
    )
    verbs = [told.split(" ", 2)[1] for told in heard(outcome, 0, ":nick1!") if "#lobby" not in told]
    assert [verb for verb in verbs if verb in ("JOIN", "QUIT")] == ["JOIN", "QUIT"]


def test_a_rank_of_who_has_quit_is_not_shown_where_a_slower_log_tells_of_it() -> None:
    outcome = happens(
        *[(1.0 + client / 10, "join", (client, "#b", "")) for client in (0, 1, 2, 4)],
        *[(1.5, "join", (client, "#a", "")) for client in (1, 2)],
        (2.0, "deafen", (1, 0, 3)),
        line(2.01, 0, "MODE #b +v {}", 2),
        line(2.02, 0, "MODE #b +v+v {} {}", 2, 4),
        line(2.03, 0, "MODE #b -v+v {} {}", 2, 4),
        (2.05, "leave", (2, "quit")),
        clients=5,
        rooms=(),
    )
    told = [told.partition(" :")[0].split(" ", 1)[1] for told in heard(outcome, 1, ":nick") if "#lobby" not in told]
    assert told[-2:] == ["QUIT", "MODE #b +v nick4"]


def test_who_is_put_out_by_what_is_lost_is_told_who_is_in_the_room() -> None:
    """The gateway of whoever did it ends as well, and nothing is put back."""
    outcome = happens(
        (2.0, "replicate", ()),
        line(2.001, 0, "KICK #a {} :out", 1),
        (2.02, "failover", (0.01,)),
        (2.022, "kill", (0,)),
        clients=4,
    )
    assert len(heard(outcome, 1, ":nick1!u1@host1.cloak JOIN #a")) == 2
    assert len(heard(outcome, 1, " 366 nick1 #a ")) == 2


def test_a_nick_stays_with_who_took_it_over_when_a_slower_log_tells_of_the_one_before() -> None:
    """The log of #b is mended when its NICK and QUIT have long been shown from #a."""
    outcome = happens(
        (2.0, "deafen", (0, 0, 1)),
        (2.01, "nick", (1, "other")),
        (2.2, "deafen", (0, 0, 1)),
        (2.21, "leave", (1, "quit")),
        (2.5, "connect_to", (2, 1)),
        (2.6, "nick", (2, "other")),
        (2.7, "join", (2, "#a", "")),
        line(3.0, 0, "PING now"),
        clients=2,
        later=1,
        rooms=("#b", "#a"),
    )
    assert len(heard(outcome, 0, "NICK other")) == 1
    assert not heard(outcome, 0, "NICK gate")


def test_who_is_in_a_room_again_whose_log_has_lost_its_part_and_its_new_name() -> None:
    """It is shown to be there by the name that it has."""
    lost = (2.1, "nick", (0, "other")), (2.102, "part", (0, "#a"))
    happens((2.0, "replicate", ()), *lost, (2.15, "failover", (0.01,)), clients=1)


def test_who_came_back_under_its_name_and_whose_former_end_was_lost_keeps_the_name() -> None:
    """Both sessions are in the rooms for a while; the older one goes by its id."""
    comes_back = (2.1, "leave", (0, "reset")), (2.3, "connect_to", (0, 0))
    happens((2.0, "replicate", ()), *comes_back, (2.5, "failover", (3.0,)), rooms=("#lobby", "#a"))


def test_redis_clock_is_set_back() -> None:
    happens((2.0, "redis_clock", (-60.0,)), (2.1, "nick", (0, "other")), say(2.2, 0, "#a", "m1"), rooms=("#a", "#b"))


def _stands_still(for_s: float, *told: Told) -> None:
    """A gateway alone with its two clients, until its lease is over; nobody but itself could end it before 4.4 s."""
    caps = (*CAPS, "draft/multiline")
    says = 2.5, "say", (0, "PRIVMSG", 1, "m1", "L1", "")
    starts = 4.4, "start", ("new1", 1)
    happens(
        (2.0, "pause", (0, for_s)),
        says,
        starts,
        *told,
        line(15.0, 0, "PING x"),
        clients=2,
        gateways=1,
        rooms=(),
        caps=caps,
    )


def test_what_is_said_to_somebody_whose_gateway_has_a_new_id_by_now_arrives_or_is_refused() -> None:
    """Redis names him by the old one as long as his nick is not claimed anew, and nobody reads that inbox."""
    _stands_still(10.0, (5.848, "flush_scripts", ()), (8.07, "control_loss", (0.5, 5.545)))


def test_a_gateway_that_did_not_hear_that_its_new_id_is_taken_goes_on_under_it() -> None:
    _stands_still(8.0, (8.07, "control_loss", (0.5, 5.545)))


def test_who_is_kicked_while_its_gateway_stands_still_and_is_taken_for_dead_is_told() -> None:
    """Another room's log, which is read first, has shown all others that it quit."""
    joins = (1.0, "join", (0, "#b", "")), (1.2, "join", (1, "#a", "")), (1.201, "join", (1, "#b", ""))
    faults = (1.915, "pause", (1, 12.0)), (5.605, "restart", (0.02,))
    kicked = line(5.611, 0, "KICK #b {} :out", 1)
    outcome = happens(*joins, *faults, kicked, line(9.8, 0, "PING x"), rooms=(), clients=2, gateways=3, caps=TOLD)
    assert len(heard(outcome, 1, "KICK #b nick1")) == 1


# -- what sessions tell of themselves, and who watches ---------------------------------------------------

TOLD = ("away-notify", "setname", "extended-join")


def test_what_one_room_s_log_is_late_with_is_told_once_by_the_other_s() -> None:
    away = line(2.01, 0, "AWAY :out")
    outcome = happens((2.0, "deafen", (1, 0, 1)), away, say(3.0, 2, "#a", "m1"), rooms=("#a", "#b"), caps=TOLD)
    assert len(heard(outcome, 1, "AWAY :out")) == 1


def test_whoever_joins_late_is_shown_as_it_is_by_then() -> None:
    """The log of the room that it joined is behind the one that told what is new since."""
    joins = [(2.0, "deafen", (1, 0, 1)), (2.01, "join", (0, "#b", ""))]
    here = (1.5, "join", (1, "#b", ""))
    outcome = happens(here, *joins, line(3.0, 0, "SETNAME :New"), line(3.1, 0, "AWAY :out"), caps=TOLD)
    assert len(heard(outcome, 1, "nick0!u0@host0.cloak SETNAME :New")) == 1
    assert len(heard(outcome, 1, "nick0!u0@host0.cloak JOIN #b")) == 1


def test_what_is_told_while_a_log_has_lost_who_tells_it_is_shown_to_who_saw_it_all_the_time() -> None:
    """Its JOIN, too old to be put back, is said again as the session is by now: the AWAY behind it is nothing new."""
    told = line(75.5, 1, "AWAY :out"), line(75.5, 1, "SETNAME :New")
    faults = (0.55, "replicate", ()), (75.0, "failover", (3.0,))
    outcome = happens(*faults, *told, clients=2, gateways=1, caps=TOLD)
    assert len(heard(outcome, 0, "AWAY :out")) == 1
    assert len(heard(outcome, 0, "SETNAME :New")) == 1


def test_what_was_answered_as_failed_and_comes_through_is_taken_back() -> None:
    """Redis stood still with it: it executes what it was sent."""
    away, later = line(2.0, 0, "AWAY :gone"), line(15.0, 1, "PING end")
    outcome = happens(away, (2.0005, "stall", (9.0,)), later, rooms=("#a", "#b"), caps=TOLD)
    assert [told.rpartition("cloak ")[2] for told in heard(outcome, 1, "cloak AWAY")] == ["AWAY :gone", "AWAY"]
    assert logged(outcome, " AWAY") == 4


def _has_tag(lines: list[str]) -> list[bool]:
    return ["bot" in line.partition(" ")[0][1:].split(";") for line in lines]


def test_a_bot_whose_mode_was_answered_as_failed_and_came_through_is_none() -> None:
    """IRCv3 bot-mode; Redis stood still with it, as above: others do as its client was told."""
    became, later = line(2.0, 0, "MODE nick0 +B"), say(15.0, 0, "#a", "m1")
    caps = ("message-tags",)
    outcome = happens(became, (2.0005, "stall", (9.0,)), later, rooms=("#a", "#b"), caps=caps)
    assert [told.split(" ")[1] for told in heard(outcome, 0, "MODE nick0")] == ["NOTICE"], "it failed"
    assert logged(outcome, " BOT 1") == logged(outcome, " BOT 0") == 2
    assert _has_tag(heard(outcome, 1, "<m1>")) == [False]


def test_a_bot_is_known_by_a_log_that_had_lost_it() -> None:
    """IRCv3 bot-mode: its JOIN, too old to be put back, is said again as the session is by now."""
    faults = (0.55, "replicate", ()), (75.0, "failover", (3.0,))
    told = line(60.0, 1, "MODE nick1 +B"), say(82.0, 1, "#a", "m1")
    outcome = happens(*faults, *told, clients=2, gateways=2, caps=("message-tags",))
    assert _has_tag(heard(outcome, 0, "<m1>")) == [True]


def test_what_is_taken_back_while_its_teller_is_put_out_is_told_by_another_room() -> None:
    """The room that it came through in has him no more when he takes it back."""
    told, kicked = line(2.02, 1, "SETNAME :New"), line(8.0, 0, "KICK #b {} :out", 1)
    joins = (1.5, "join", (0, "#b", "")), (1.6, "join", (1, "#b", ""))
    # Of each room one entry is under way; what was sent before Redis stood still comes through.
    held = say(2.01, 0, "#a", "m1")
    outcome = happens(
        *joins, (2.0005, "stall", (9.0,)), held, told, kicked, line(15.0, 0, "PING x"), gateways=1, clients=2, caps=TOLD
    )
    assert [one.rpartition(" :")[2] for one in heard(outcome, 1, "nick1!u1@host1.cloak SETNAME")] == ["New", "real 1"]


def test_what_came_through_in_one_room_before_it_failed_in_another_is_taken_back() -> None:
    """Redis is back just before the AWAY's time is over, which waits behind a message whose publication is lost."""
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
        caps=TOLD,
    )
    assert [one.rpartition(" AWAY")[2] for one in heard(outcome, 1, ":nick0!u0@host0.cloak AWAY")] == [" :gone", ""]


def test_who_is_known_to_be_away_by_a_join_alone_is_told_to_be_back_by_that_room() -> None:
    """The log of the room that both are in is slow: it has neither told of the AWAY nor of its end."""
    away, back = line(2.01, 0, "AWAY :gone"), line(2.2, 0, "AWAY")
    joined = (1.0, "join", (1, "#b", "")), (2.1, "join", (0, "#b", ""))
    outcome = happens(
        (2.0, "deafen", (1, 0, 1)), away, *joined, (2.19, "deafen", (1, 0, 1)), back, clients=2, caps=TOLD
    )
    assert [told.partition(" ")[2] for told in heard(outcome, 1, " AWAY")][-1] == "AWAY"


def test_what_is_taken_back_is_told_though_its_teller_has_told_something_else_meanwhile() -> None:
    """It came through in the lobby alone; the AWAY behind it was shown through the other room first."""
    told, away = line(2.02, 0, "SETNAME :New"), line(2.03, 0, "AWAY :gone")
    outcome = happens(
        (1.0, "join", (0, "#lobby", "")),
        *[(1.1 + client / 10, "join", (client, "#b", "")) for client in (0, 1)],
        (2.0, "stall", (6.0,)),
        say(2.01, 1, "#b", "m1"),
        told,
        away,
        line(12.0, 0, "PING x"),
        gateways=1,
        clients=2,
        rooms=(),
        caps=TOLD,
    )
    assert [one.rpartition(" :")[2] for one in heard(outcome, 1, "nick0!u0@host0.cloak SETNAME")] == ["New", "real 0"]


def test_what_is_told_between_a_join_and_its_coming_late_is_told_to_that_room() -> None:
    """Without a room he is answered at once; the JOIN, which was answered as failed, tells the old name."""
    back, renamed = (2.1, "join", (1, "#a", "")), line(3.0, 1, "SETNAME :New")
    faults = (1.0, "part", (1, "#a")), (2.0, "stall", (6.0,))
    outcome = happens(*faults, back, renamed, line(12.0, 0, "PING x"), clients=2, caps=TOLD)
    assert [told.partition("!")[2] for told in heard(outcome, 0, ":nick1!")][-2:] == [
        "u1@host1.cloak JOIN #a * :real 1",
        "u1@host1.cloak SETNAME :New",
    ]


def test_whose_leaving_was_not_heard_of_is_found_gone() -> None:
    watch = line(2.0, 1, "MONITOR + {}", 0)
    for fault in ((3.0, "deafen", (1, 0, 1)), (3.0, "cut", (1, 0, True))):
        outcome = happens(watch, fault, (3.01, "leave", (0, "quit")), rooms=())
        assert len(heard(outcome, 1, " 731 nick1 :nick0")) == 1


def test_whoever_asks_again_for_whom_it_watches_is_told_the_same_while_redis_has_lost_the_claim() -> None:
    watch, again = line(2.0, 1, "MONITOR + {}", 0), line(4.0, 1, "MONITOR + {}", 0)
    outcome = happens(watch, (2.5, "wipe", (False,)), (2.502, "lag", (0, 0, 7.0, True)), again, rooms=())
    assert len(heard(outcome, 1, " 730 nick1 :nick0!")) == 2
    assert heard(outcome, 1, " 731 ") == []


def test_whoever_stays_while_redis_loses_all_is_not_told_to_have_left() -> None:
    outcome = happens(line(2.0, 1, "MONITOR + {}", 0), (3.0, "wipe", (False,)), rooms=())
    assert len(heard(outcome, 1, " 730 nick1 :nick0!")) == 1
    assert heard(outcome, 1, " 731 ") == []


def test_whoever_takes_a_nick_that_redis_forgot_was_taken_and_leaves_a_room_goes_by_the_id_for_all() -> None:
    """One room's log has yet to tell that the nick is lost when he leaves it: by the other's all know. And he is not
    told that he was not in the room any more, for what he never asked."""
    wiped = (2.0, "nick", (1, "name1")), (6.0, "wipe", (True,))
    outcomes = [
        happens(*wiped, (at, "nick", (0, "name1")), (at + 0.005, "part", (0, "#b")), again, rooms=("#a", "#b"))
        for at in [6.0 + hundredth / 100 for hundredth in range(12)]
        for again in [(at + 0.015, "wipe", (True,)), (at + 0.3, "wipe", (True,))]
    ]
    assert any(heard(outcome, 2, "!u0@host0.cloak NICK gate0.0.0") for outcome in outcomes)
    assert [heard(outcome, 0, " 442 ") for outcome in outcomes] == [[]] * len(outcomes)


def test_what_was_taken_back_stays_so_where_a_failover_loses_the_mark() -> None:
    """The replica has the REDACT, and not yet what keeps its message out of the history."""
    for caught in [3.0 + tenth / 10_000 for tenth in range(10, 60)]:
        failover = (caught, "replicate", ()), (caught + 0.002, "failover", (0.01,))
        happens(say(2.0, 0, "#a", "m1"), (3.0, "redact", (0, "#a")), *failover, gateways=1)


def test_an_inbox_that_is_made_anew_by_what_is_sent_to_it_goes_with_its_gateway() -> None:
    said = (3.0, "say", (0, "PRIVMSG", 0, "m1", "", ""))
    happens(said, (3.001, "wipe", (False,)), (3.007, "kill", (0,)), rooms=())


# -- what no few steps have shown: the seeds that did ------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "kinds"),
    [
        pytest.param(120201, LOSSES, id="who loses a new nick to another in a failover keeps no claim of the old one"),
        pytest.param(137750, LOSSES, id="who loses a nick while rooms are being told of a newer one keeps that"),
        pytest.param(145047, LOSSES, id="a gateway whose lease two failovers have lost shows nobody himself"),
        pytest.param(145141, LOSSES, id="who ends with a Redis that is wiped again and again holds no nick"),
        pytest.param(156999, LOSSES, id="who reads in a snapshot that his nick is another's holds it no more"),
        pytest.param(160535, LOSSES, id="gateways that all die between a wipe and their next beat leave nothing"),
        pytest.param(
            166755, LOSSES, id="whoever leaves is not shown who has a nick behind it in a room that is not his"
        ),
        pytest.param(172351, LOSSES, id="who has lost a nick does not get it back from a log that is late"),
        pytest.param(
            195824, LOSSES, id="what is refused in one entry with a KICK stays so where a failover loses the mark"
        ),
        pytest.param(212027, LOSSES, id="who is put back into a room and renamed in one entry is seen by the new name"),
        pytest.param(235435, LOSSES, id="who loses a nick in a room and leaves it in one entry does not get it back"),
        pytest.param(
            237444, LOSSES, id="what was taken back may stay so where Redis loses the REDACT, and its gateway ends"
        ),
        pytest.param(
            247365, LOSSES, id="what is said in a wiped room, a snapshot later, is there once when it is put back"
        ),
        pytest.param(271547, LOSSES, id="of two whose gateways end in one entry neither gets the other's nick"),
        pytest.param(272062, LOSSES, id="who has lost a nick does not get it back by a NICK that is put back"),
        pytest.param(313599, LOSSES, id="a nick that is claimed again late, and lost meanwhile, is not kept"),
        pytest.param(
            1796070836154, LOSSES, id="a member may have read messages of a life of the room that its lost JOIN was in"
        ),
        pytest.param(143086, FAULTS, id="a nick changes hands, the clock being set back, and a room's log is slow"),
        pytest.param(1916622, FAULTS, id="whoever comes behind a QUIT of another log hears what was said before it"),
        pytest.param(1831717, FAULTS, id="who has lost a nick, and is taken for dead before rooms tell it, is told"),
        pytest.param(1745857, FAULTS, id="who is taken for dead, and given a rank by a slower log, knows of it"),
        pytest.param(
            1300667, FAULTS, id="who has quit is not shown by a slower log under a name that is another's by now"
        ),
        pytest.param(1006998, FAULTS, id="a nick goes from one lane of a gateway to another, and the gateway dies"),
    ],
)
def test_seed(seed: int, kinds: tuple[str, ...]) -> None:
    outcome = run(plan(seed, kinds))
    assert not outcome.violations, outcome.violations
