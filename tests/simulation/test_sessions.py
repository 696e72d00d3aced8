"""Races of sessions that join, quit, change their nick or lose their gateway."""

from tests.simulation.scenario import happens, line, lines_read, logged, say


def test_a_client_that_leaves_while_joining_is_no_member_afterwards() -> None:
    """The QUIT is appended to rooms that are being joined, too."""
    for after_s in (0.0, 0.001, 0.002, 0.003, 0.004):
        joins = [(2.0, "join", (0, room, "")) for room in ("#b", "#c")]
        happens((1.9, "join", (1, "#b", "")), *joins, (2.0 + after_s, "leave", (0, "reset")))


def test_a_quit_is_shown_once_to_a_client_in_two_common_rooms() -> None:
    outcome = happens((2.0, "leave", (0, "quit")), rooms=("#a", "#b"))
    assert len(lines_read(outcome, 1, " QUIT ")) == 1


def test_a_new_nick_is_shown_once_to_a_client_in_two_common_rooms() -> None:
    outcome = happens((2.0, "nick", (0, "other")), rooms=("#a", "#b"))
    assert len(lines_read(outcome, 1, " NICK ")) == 1


def test_names_has_a_new_nick_that_another_room_has_shown() -> None:
    """NAMES of the room with the slower log must not have the old nick."""
    happens(
        (2.0, "deafen", (1, 0, 1)),
        (2.01, "nick", (0, "other")),
        line(2.5, 1, "NAMES #a"),
        line(2.6, 1, "NAMES #b"),
        rooms=("#a", "#b"),
    )


def test_two_clients_request_one_nick_at_once() -> None:
    outcome = happens((2.0, "nick", (0, "same")), (2.0, "nick", (1, "same")))
    assert sorted(client.connections[0].nick for client in outcome.network.clients[:2])[1] == "same"
    assert len(lines_read(outcome, 0, " 433 ") + lines_read(outcome, 1, " 433 ")) == 1


def test_a_message_during_a_join_is_echoed_once() -> None:
    """The client was told that the JOIN failed. The JOIN takes effect before the message that the client then sends."""
    outcome = happens(
        (0.9, "join", (2, "#b", "")),
        line(1.5, 2, "MODE #b -n"),
        (2.0, "stall", (9.0,)),
        (2.01, "join", (0, "#b", "")),
        say(8.0, 0, "#b", "m1"),
    )
    assert len(lines_read(outcome, 0, "<m1>")) == 1


def test_names_requested_before_a_late_join_has_the_requesting_client() -> None:
    """The JOIN, which was reported as failed, takes effect before the answer."""
    for at in (6.9, 7.1, 7.3, 7.5):
        happens(
            (2.0, "stall", (6.0,)), (2.1, "join", (0, "#b", "")), line(at, 0, "NAMES #b"), (0.9, "join", (2, "#b", ""))
        )


def test_a_new_nick_that_is_applied_late_is_appended_to_a_room_joined_meanwhile() -> None:
    """The client was told after five seconds that the NICK failed. It takes effect nevertheless."""
    happens((2.0, "deafen", (0, 0, 9)), (2.01, "nick", (0, "other")), (2.02, "join", (0, "#b", "")), clients=1)


def test_a_new_nick_that_is_applied_late_keeps_its_claim() -> None:
    """The client has requested it again, without success, before it was applied."""
    happens((2.0, "deafen", (0, 0, 2)), (2.01, "nick", (0, "other")), (2.5, "nick", (0, "other")), clients=1)


def test_joins_in_one_entry_are_shown_once() -> None:
    """Several JOINs of one turn are in one entry: NAMES must not include those that follow."""
    storm = [(2.0, "connect_to", (n, 0)) for n in range(6)]
    happens((1.9, "storm", (0,)), *storm, clients=6, gateways=1)


def test_users_of_a_killed_gateway_quit_and_return() -> None:
    outcome = happens((2.0, "kill", (0,)))
    assert len(lines_read(outcome, 1, "Gateway gate0 is gone")) == 2


def test_a_paused_gateway_is_declared_dead_and_returns() -> None:
    outcome = happens((2.0, "pause", (0, 25.0)), say(2.5, 0, "#a", "m1"), say(28.0, 0, "#a", "m2"))
    assert len(outcome.network.clients[0].connections) == 1, "its clients stayed connected"
    assert logged(outcome, "<m1>") == logged(outcome, "<m2>") == 1


def test_no_gateway_is_declared_dead_after_redis_was_unavailable() -> None:
    """All leases have expired, but no gateway could beat, so that says nothing about them."""
    outcome = happens((2.0, "restart", (30.0,)), gateways=3)
    assert logged(outcome, "GONE ") == 0
