"""Memberships that a room's log has lost, or has wrong: the client joins again, or leaves the room."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.chat.effects import Departure, Joined, Outcome, Reason, Rejection
from gateway.chat.joining import JOIN_TRIES
from gateway.chat.member import Member
from gateway.chat.room import Room
from gateway.lane.clients.client import Client, Clients
from gateway.lane.outgoing import Outgoing
from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.sessions.membership import Memberships
from gateway.logs import log_writer
from gateway.logs.in_flight import PendingEvent
from gateway.logs.retry_queue import MustDeliver
from gateway.wire.message import Message
from tests.stage.parts import Context, LogWriter, make_client


class World:
    """Ann in the room #a, whose log does not have her. ``removed``: how and why she was put out of it."""

    def __init__(self) -> None:
        self.context, self.clients, self.log_writer = Context(), Clients(), LogWriter()
        writer = cast(log_writer.LogWriter, self.log_writer)
        self.outgoing = Outgoing(self.context, self.clients, writer, (10_000, 60.0), lambda _client: lambda: None)
        self.outgoing.listener = self
        self.removed: list[tuple[Departure, str]] = []
        self.deaths: list[str] = []
        anything: Any = self
        self.memberships = Memberships(
            self.context, self.outgoing, writer, anything, lambda: self.deaths.append("declared dead")
        )
        self.client, _ = make_client(self.context, self.clients, "ann")
        self.sid = self.client.session.sid
        self.local = cast(
            LocalRoom,
            SimpleNamespace(
                name="#a",
                room=Room("#a"),
                replica=SimpleNamespace(last="5-0"),
                clients={self.sid: self.client},
                detached={self.client: 0},
            ),
        )

    def remove_detached(self, _local: LocalRoom, _client: Client, how: Departure, text: str) -> None:
        self.removed.append((how, text))

    def finished(self, _client: Client, _pending: PendingEvent, _outcome: Any) -> None:
        """Ignore outcomes, as the listener."""

    def finish(self, outcome: Outcome) -> str:
        """End the one event that waits for the room's log, and return its line."""
        [pending] = self.log_writer.queues.pop("#a")
        self.outgoing.finish(pending, outcome)
        return pending.line

    def rejection(self, reason: Reason) -> Rejection:
        return Rejection(0, self.sid, reason, Message("JOIN", ["#a"]))


@pytest.fixture
def world() -> World:
    return World()


def test_a_client_that_the_log_has_lost_joins_again_before_all_that_waits(world: World) -> None:
    world.outgoing.append(world.sid, "#a", "PRIVMSG")
    world.memberships.caught_up(world.local)
    first, second = world.log_writer.waiting("#a")
    assert "JOIN #a" in first.line
    assert isinstance(first, MustDeliver)
    assert second.line == "PRIVMSG"


def test_a_member_that_is_up_to_date_appends_nothing(world: World) -> None:
    member = world.local.room.members[world.sid] = Member(world.sid, "ann", "ann", "host")
    member.realname, member.token = "ann", 1
    world.memberships.caught_up(world.local)
    assert not world.log_writer.queues


def test_a_member_whose_profile_is_out_of_date_gets_the_present_one(world: World) -> None:
    world.local.room.members[world.sid] = Member(world.sid, "ann", "ann", "host")
    world.client.session.away = "out"
    world.memberships.caught_up(world.local)
    assert any("AWAY" in line for line in world.log_writer.lines("#a"))


def test_during_a_rekey_nobody_joins_again_yet(world: World) -> None:
    world.context.is_rekeying = True
    world.memberships.caught_up(world.local)
    assert not world.log_writer.queues


def test_after_a_rekey_the_join_names_the_former_id(world: World) -> None:
    world.context.rekey("gat1")
    world.memberships.join_again(world.local, world.client)
    assert "gate.0.0" in world.log_writer.lines("#a")[0]


def test_a_join_that_is_stale_is_tried_again_a_few_times(world: World) -> None:
    done: list[str] = []
    world.memberships.join_again(world.local, world.client, lambda: done.append("done"))
    for _ in range(JOIN_TRIES):
        world.finish(world.rejection(Reason.STALE_JOIN))
        assert not done
    world.finish(Joined(0, world.sid, "#a", Member(world.sid, "ann", "ann", "host")))
    assert done == ["done"]
    assert not world.removed


def test_a_client_that_is_not_let_in_leaves_the_room(world: World) -> None:
    world.memberships.join_again(world.local, world.client)
    world.finish(world.rejection(Reason.BANNED))
    [(how, text)] = world.removed
    assert how is Departure.PART
    assert "banned" in text


def test_a_session_that_this_lane_does_not_have_is_taken_out_of_the_log(world: World) -> None:
    world.local.room.members["gate.0.9"] = Member("gate.0.9", "eve", "eve", "host")
    world.memberships.remove_unknown(world.local, "gate.0.9")
    [line] = world.log_writer.lines("#a")
    assert line.startswith(":eve!eve@host QUIT")
