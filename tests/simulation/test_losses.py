"""Races around losses of data in Redis: failovers and wipes."""

from tests.simulation.scenario import CAPS, PROFILE_CAPS, Planned, happens, line, lines_read, logged, say


def test_a_message_that_a_failover_lost_is_restored_and_shown_once() -> None:
    outcome = happens((2.0, "replicate", ()), say(2.01, 0, "#a", "m1"), (2.1, "failover", (0.1,)))
    assert logged(outcome, "<m1>") == 1
    assert len(lines_read(outcome, 1, "<m1>")) == 1


def test_a_client_that_was_kicked_and_joined_again_before_a_failover_is_shown_the_room_again() -> None:
    """Both events are restored, and no handler waits for this JOIN."""
    happens(
        (2.0, "replicate", ()),
        line(2.01, 0, "KICK #a {} :out", 0),
        (2.02, "join", (0, "#a", "")),
        (2.1, "failover", (0.5,)),
        clients=1,
    )


def test_a_member_is_renamed_and_given_a_rank_at_once() -> None:
    """The room that is read first already shows the new nick when the MODE of the other room still has the old one."""
    happens(
        (2.0, "restart", (1.0,)),
        (2.2, "nick", (1, "other")),
        line(2.201, 0, "MODE #b +o nick1"),
        rooms=("#a", "#b"),
        clients=2,
        gateways=1,
    )


def test_a_rejected_event_stays_marked_after_a_lost_connection() -> None:
    """The connection breaks when the entry has been applied, and the mark is on its way."""
    for after_ms in (quarter / 4 for quarter in range(4, 32)):
        mode, cut = line(2.5, 0, "MODE #a +m"), (2.5 + after_ms / 1000, "cut", (0, 0, True))
        happens(mode, *(say(2.499 + n / 4000, 1, "#a", f"m{n}") for n in range(16)), cut, gateways=1)


def test_a_deleted_message_is_in_no_history_though_its_gateway_dies_at_once() -> None:
    """Every lane that applies a REDACT marks the message. A lane that reads the log later does it for dead gateways."""
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


def test_a_multiline_message_that_fails_is_named_by_its_command() -> None:
    """The NOTICE about a message to a room that the client is not in names PRIVMSG and not BATCH."""
    lines = [line(2.5, 0, text) for text in ("CAP REQ :draft/multiline", "BATCH +1 draft/multiline #c")]
    lines += [line(2.6 + n / 100, 0, f"@batch=1 PRIVMSG #c :{n}") for n in range(2)]
    outcome = happens(*lines, (2.7, "restart", (8.0,)), line(3.0, 0, "BATCH -1"), line(12.0, 0, "PING"), clients=1)
    assert [one for one in lines_read(outcome, 0, "failed") if " :PRIVMSG #c failed: " in one]


def test_a_wiped_room_keeps_its_members_operators_topic_and_modes() -> None:
    outcome = happens(
        line(2.0, 0, "TOPIC #a :kept"), line(2.1, 0, "MODE #a +m"), (3.0, "wipe", (True,)), line(9.0, 1, "TOPIC #a")
    )
    room = outcome.network.nodes[0].lane.parts.replicas.rooms["#a"].room
    assert (room.topic, room.flags) == ("kept", {"m", "n", "t"})
    assert [member.modes for member in room.members.values()] == [1, 0, 0]


def test_a_client_that_joins_a_wiped_room_before_it_is_seeded_is_an_ordinary_member() -> None:
    """The lane of the new member creates the log. The state of the others is seeded under its JOIN."""
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


def test_a_client_that_creates_a_wiped_room_is_shown_that_it_is_no_operator() -> None:
    """The seeded state has bans. The JOIN was checked before there were any, and is accepted nevertheless."""
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
    assert lines_read(outcome, 2, "+bo-o nobody!*@* nick0 nick2")


def test_an_operator_whose_mode_a_failover_lost_is_shown_the_loss() -> None:
    """The gateway that gave the rank is dead, so nobody restores the MODE. The member's own JOIN is restored."""
    outcome = happens(
        (0.55, "replicate", ()),
        line(1.5, 0, "MODE #a +o {}", 1),
        (1.9, "kill", (0,)),
        (2.0, "failover", (0.01,)),
        clients=2,
    )
    assert lines_read(outcome, 1, "-o nick1")


def test_names_has_a_member_whose_join_the_log_has_lost() -> None:
    """Until the JOIN is restored, some hundredths of a second after the failover."""
    asks = [line(2.03 + n / 2000, 0, "NAMES #a") for n in range(140)]
    happens((0.55, "replicate", ()), (2.0, "failover", (0.01,)), *asks, clients=2, gateways=1)


def test_modes_of_a_created_room_are_shown_to_clients_that_saw_it_become_empty() -> None:
    """The members saw themselves in the room all the time."""
    happens(
        (1.0, "join", (0, "#b", "")),
        (1.5, "part", (0, "#b")),
        (1.6, "replicate", ()),
        (2.0, "join", (1, "#b", "")),
        (2.1, "failover", (0.01,)),
    )


def test_a_member_whose_restored_join_is_rejected_leaves_the_room() -> None:
    """The event that let it in came before the event that keeps it out, and is restored after it."""
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


def test_a_restored_event_is_no_part_of_the_answer_to_another_command() -> None:
    for at in (3.0, 4.5, 5.18, 5.2):
        say_it = (at, "say", (0, "NOTICE", "#a", "m1", "L1", ""))
        happens((2.0, "replicate", ()), (2.1, "part", (0, "#a")), (2.15, "failover", (3.0,)), say_it, clients=1)


def test_a_nick_whose_claim_a_failover_lost_before_use_is_claimed_again() -> None:
    for after_ms in range(2, 14):
        happens((2.0, "replicate", ()), (2.4, "nick", (0, "other")), (2.4 + after_ms / 1000, "failover", (3.0,)))


def test_a_nick_is_not_shown_again_to_a_member_kicked_after_it() -> None:
    """In one entry: when the NICK is done, the session is in no room any more."""
    nick, kicks = (2.0, "nick", (2, "other")), [2.0 + tenth / 10_000 for tenth in range(10, 40)]
    outcomes = [happens(nick, line(at, 0, "KICK #a {} :out", 2), gateways=1) for at in kicks]
    payloads = [record.payload for outcome in outcomes for record in outcome.network.redis.store.records]
    assert any(b" NICK " in payload and b" KICK " in payload for payload in payloads)
    assert {len(lines_read(outcome, 2, " NICK ")) for outcome in outcomes} == {1}


def test_a_session_with_a_newer_nick_is_not_renamed_by_a_restored_nick() -> None:
    """It has left the room since, and the log of the room had lost all of that."""
    lost = (2.5, "nick", (0, "other")), (2.501, "nick", (0, "newer")), (2.502, "part", (0, "#a"))
    outcome = happens(
        (2.0, "replicate", ()), *lost, (2.535, "failover", (3.0,)), (4.0, "join", (0, "#b", "")), clients=1
    )
    assert len(lines_read(outcome, 0, "NICK other")) == 1


def test_a_nick_claimed_while_an_earlier_claim_is_released_is_freed_with_its_gateway() -> None:
    """The first claim is answered as failed, as the scripts are flushed, and so is its release."""
    outcome = happens((0.4, "flush_scripts", ()), (2.0, "restart", (0.02,)), (4.0, "kill", (0,)), clients=1, rooms=())
    assert lines_read(outcome, 0, "NICK nick0 failed")


def test_nicks_claimed_in_a_wiped_redis_are_freed_when_the_gateway_dies() -> None:
    """It dies before its next beat, which would have registered it again. The other gateways remember it."""
    happens((2.0, "wipe", (False,)), (2.05, "nick", (1, "other")), (2.2, "kill", (1,)))


def test_a_room_with_only_orphaned_members_after_a_wipe_can_be_joined_again() -> None:
    """The room is invite only. The lane of a client that tries to join checks the members."""
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
    assert len(lines_read(outcome, 0, " 473 ")) == 1
    assert lines_read(outcome, 0, " JOIN #b")


CLOCK_SET_BACK = (
    (2.0, "replicate", ()),
    (2.05, "nick", (1, "other")),
    (2.1, "pause", (1, 20.0)),
    (2.2, "failover", (0.5,)),
    (2.25, "redis_clock", (-60.0,)),
    (5.0, "nick", (0, "other")),
)
"""Redis has lost the claim of a session, and accepts the claim of another one with an older time."""


def test_a_nick_goes_to_the_holder_of_the_claim_though_the_clock_was_set_back() -> None:
    outcome = happens(*CLOCK_SET_BACK, line(6.0, 0, "TOPIC #none :x"), clients=2)
    assert lines_read(outcome, 0, ":other!u1@host1.cloak NICK gate1")
    assert lines_read(outcome, 0, " other #none")


def test_a_nick_with_an_older_claim_from_before_the_clock_was_set_back() -> None:
    """If the lane had not seen that claim, the session that takes the nick goes by its id in all replies."""
    joins = (1.0, "join", (1, "#a", "")), (6.0, "join", (0, "#a", ""))
    outcome = happens(*CLOCK_SET_BACK, *joins, line(30.0, 0, "TOPIC #none :x"), clients=2, rooms=())
    assert lines_read(outcome, 0, " NICK gate0")
    assert lines_read(outcome, 0, " gate0.0.0 #none")


def test_a_detached_member_with_a_new_session_id_is_shown_to_quit_and_join() -> None:
    """Its lane reads the KICK after the second wipe. The clock is set back, so that its lease seems lost."""
    happens(
        (1.95, "wipe", (True,)),
        (6.197, "lag", (0, 0, 7.0, False)),
        line(6.383, 0, "KICK #a {} :out", 0),
        (8.305, "wipe", (True,)),
        (8.314, "redis_clock", (-90.0,)),
        clients=2,
    )


def test_a_join_in_a_slower_log_is_shown_although_its_user_has_quit() -> None:
    """Messages between the two were sent by a member."""
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
    verbs = [one.split(" ", 2)[1] for one in lines_read(outcome, 0, ":nick1!") if "#lobby" not in one]
    assert [verb for verb in verbs if verb in ("JOIN", "QUIT")] == ["JOIN", "QUIT"]


def test_a_rank_in_a_slower_log_is_not_shown_for_a_user_that_has_quit() -> None:
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
    shown = [one.partition(" :")[0].split(" ", 1)[1] for one in lines_read(outcome, 1, ":nick") if "#lobby" not in one]
    assert shown[-2:] == ["QUIT", "MODE #b +v nick4"]


def test_a_member_whose_kick_is_lost_is_shown_the_members_of_the_room() -> None:
    """The gateway of the kicking operator ends as well, and nothing is restored."""
    outcome = happens(
        (2.0, "replicate", ()),
        line(2.001, 0, "KICK #a {} :out", 1),
        (2.02, "failover", (0.01,)),
        (2.022, "kill", (0,)),
        clients=4,
    )
    assert len(lines_read(outcome, 1, ":nick1!u1@host1.cloak JOIN #a")) == 2
    assert len(lines_read(outcome, 1, " 366 nick1 #a ")) == 2


def test_a_nick_stays_with_its_new_owner_when_a_slower_log_shows_the_old_one() -> None:
    """The log of #b is repaired when the NICK and QUIT have long been shown from #a."""
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
    assert len(lines_read(outcome, 0, "NICK other")) == 1
    assert not lines_read(outcome, 0, "NICK gate")


def test_a_member_of_a_log_that_lost_its_part_and_its_nick_is_shown_again() -> None:
    """It is shown by its current nick."""
    lost = (2.1, "nick", (0, "other")), (2.102, "part", (0, "#a"))
    happens((2.0, "replicate", ()), *lost, (2.15, "failover", (0.01,)), clients=1)


def test_a_returned_session_keeps_its_nick_though_the_end_of_the_earlier_one_was_lost() -> None:
    """Both sessions are in the rooms for a while; the older one goes by its id."""
    comes_back = (2.1, "leave", (0, "reset")), (2.3, "connect_to", (0, 0))
    happens((2.0, "replicate", ()), *comes_back, (2.5, "failover", (3.0,)), rooms=("#lobby", "#a"))


def test_the_clock_of_redis_is_set_back() -> None:
    happens((2.0, "redis_clock", (-60.0,)), (2.1, "nick", (0, "other")), say(2.2, 0, "#a", "m1"), rooms=("#a", "#b"))


def _stands_still(for_s: float, *planned_steps: Planned) -> None:
    """A gateway with its two clients, until its lease has expired; no other could declare it dead before 4.4 s."""
    caps = (*CAPS, "draft/multiline")
    says = 2.5, "say", (0, "PRIVMSG", 1, "m1", "L1", "")
    starts = 4.4, "start", ("new1", 1)
    happens(
        (2.0, "pause", (0, for_s)),
        says,
        starts,
        *planned_steps,
        line(15.0, 0, "PING x"),
        clients=2,
        gateways=1,
        rooms=(),
        caps=caps,
    )


def test_a_direct_message_to_a_rekeyed_session_arrives_or_is_refused() -> None:
    """Redis has the old session id until the nick is claimed again, and no lane reads that inbox."""
    _stands_still(10.0, (5.848, "flush_scripts", ()), (8.07, "control_loss", (0.5, 5.545)))


def test_a_gateway_that_missed_the_reply_to_its_new_id_continues_under_it() -> None:
    _stands_still(8.0, (8.07, "control_loss", (0.5, 5.545)))


def test_a_member_that_is_kicked_while_its_gateway_is_declared_dead_is_shown_the_kick() -> None:
    """The log of another room, which is read first, has shown its QUIT to all others."""
    joins = (1.0, "join", (0, "#b", "")), (1.2, "join", (1, "#a", "")), (1.201, "join", (1, "#b", ""))
    faults = (1.915, "pause", (1, 12.0)), (5.605, "restart", (0.02,))
    kicked = line(5.611, 0, "KICK #b {} :out", 1)
    outcome = happens(
        *joins, *faults, kicked, line(9.8, 0, "PING x"), rooms=(), clients=2, gateways=3, caps=PROFILE_CAPS
    )
    assert len(lines_read(outcome, 1, "KICK #b nick1")) == 1
