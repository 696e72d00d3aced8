"""A room's log is brought up to date with the lane's clients in it, and clients see nothing of that."""

from typing import Any, cast
from unittest.mock import Mock

import pytest

from gateway.chat import events
from gateway.chat.effects import Departure, Joined, Outcome, Reason, Rejection
from gateway.chat.joining import JOIN_TRIES
from gateway.chat.member import Member
from gateway.lane.clients.client import Client, Clients
from gateway.lane.outgoing import Outgoing
from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.sessions.membership import Memberships
from gateway.logs import log_writer
from gateway.logs.in_flight import PendingEvent
from gateway.logs.retry_queue import MustDeliver
from gateway.wire.message import Message
from tests.stage.parts import Context, LogWriter, make_client

ROOM = "#a"


class World:
    """A client of the lane in a room. ``dead``: how often the lane was reported dead."""

    def __init__(self) -> None:
        self.context, self.clients, self.log_writer = Context(), Clients(), LogWriter()
        writer = cast(log_writer.LogWriter, self.log_writer)
        self.outgoing = Outgoing(self.context, self.clients, writer, (10_000, 60.0), lambda _client: lambda: None)
        self.outgoing.listener = self
        self.changes: Any = Mock()
        self.dead = 0
        self.memberships = Memberships(self.context, self.outgoing, writer, self.changes, self._declared_dead)
        self.followed = LocalRoom(ROOM, Mock(), Mock())
        self.client, _ = make_client(self.context, self.clients, "ann")
        self.sid = self.client.session.sid
        self.followed.enter(self.client)

    def _declared_dead(self) -> None:
        self.dead += 1

    def finished(self, _client: Client, _pending: PendingEvent, _outcome: Outcome) -> None:
        """Ignore outcomes, as the listener."""

    @property
    def lines(self) -> list[str]:
        return self.log_writer.lines(ROOM)

    def member(self, **fields: Any) -> Member:
        known: dict[str, Any] = {"realname": "ann", "token": 1} | fields
        member = self.followed.room.members[self.sid] = Member(self.sid, "ann", "ann", "host", **known)
        return member

    def answer(self, outcome: Outcome) -> None:
        """End the event that is first."""
        pending = self.log_writer.waiting(ROOM).pop(0)
        self.outgoing.finish(pending, outcome)

    def reject(self, reason: Reason) -> None:
        self.answer(Rejection(0, self.sid, reason, Message("JOIN", [ROOM])))


@pytest.fixture
def world() -> World:
    return World()


def test_a_member_that_the_log_has_right_needs_nothing(world: World) -> None:
    world.member()
    world.memberships.caught_up(world.followed)
    assert world.lines == []


def test_a_client_whose_join_the_log_has_lost_joins_before_all_that_waits(world: World) -> None:
    world.outgoing.append(world.sid, ROOM, "PRIVMSG")
    world.followed.replica.last = "5-0"
    world.memberships.caught_up(world.followed)
    join, message = world.lines
    assert message == "PRIVMSG"
    assert join.startswith("@hubbub/token=1;hubbub/seen=5-0")
    assert isinstance(world.log_writer.waiting(ROOM)[0], MustDeliver)
    assert " JOIN #a :ann" in join


def test_what_the_log_lacks_of_the_profile_goes_before_all_that_waits(world: World) -> None:
    world.outgoing.append(world.sid, ROOM, "PRIVMSG")
    world.member(away="old")
    world.client.session.away = "out"
    world.memberships.caught_up(world.followed)
    assert world.lines == [events.away("ann!ann@host", "out"), "PRIVMSG"]


def test_a_log_that_declares_the_lane_dead_is_reported_and_not_joined(world: World) -> None:
    world.followed.room.apply(events.decode("5-0", "x.0:1", events.encode([events.gone("gate")])))
    world.memberships.caught_up(world.followed)
    assert world.dead == 1
    assert world.lines == []


def test_during_a_rekey_nobody_joins_by_this_way(world: World) -> None:
    world.context.is_rekeying = True
    world.memberships.caught_up(world.followed)
    assert world.lines == []


def test_after_a_rekey_the_join_names_the_id_that_the_room_has(world: World) -> None:
    """The fold gives back the ranks of that session."""
    member = world.member()
    world.context.rekey("gat1")
    world.context.rekey("gat2")
    world.client.session.sid = world.context.current_sid(world.sid)
    world.clients[world.client.session.sid] = world.clients.pop(world.sid)
    world.followed.room.members = {"gate.0.0": member}
    world.memberships.join_again(world.followed, world.client)
    assert ";hubbub/was=gate.0.0 " in world.lines[0]


def test_a_stale_join_is_sent_again_a_few_times_and_then_the_client_leaves_visibly(world: World) -> None:
    world.followed.detached[world.client] = 0
    done: list[bool] = []
    world.memberships.join_again(world.followed, world.client, lambda: done.append(True))
    for _ in range(JOIN_TRIES):
        world.reject(Reason.STALE_JOIN)
        assert len(world.lines) == 1
        assert not done
    world.reject(Reason.STALE_JOIN)
    assert world.lines == []
    assert done == [True]
    world.changes.remove_detached.assert_called_once()


def test_a_stale_join_that_is_accepted_in_the_end_is_all(world: World) -> None:
    world.followed.detached[world.client] = 0
    world.memberships.join_again(world.followed, world.client)
    world.reject(Reason.STALE_JOIN)
    world.answer(Joined(0, world.sid, ROOM, world.member()))
    assert world.lines == []
    world.changes.remove_detached.assert_not_called()


def test_a_client_that_may_not_come_back_leaves_the_room_visibly(world: World) -> None:
    world.followed.detached[world.client] = 0
    world.memberships.join_again(world.followed, world.client)
    world.reject(Reason.INVITE_ONLY)
    text = "You were away for too long (invite only)"
    world.changes.remove_detached.assert_called_once_with(world.followed, world.client, Departure.PART, text)


@pytest.mark.parametrize("why", ["it is in", "it has left", "it is leaving"])
def test_otherwise_nothing_is_shown(world: World, why: str) -> None:
    if why != "it has left":
        world.followed.detached[world.client] = 0
    world.client.is_leaving = why == "it is leaving"
    world.memberships.join_again(world.followed, world.client)
    if why == "it is in":
        world.answer(Joined(0, world.sid, ROOM, world.member()))
    else:
        world.reject(Reason.BANNED)
    world.changes.remove_detached.assert_not_called()


def test_a_fault_is_reported_and_does_not_hold_up_the_others(world: World) -> None:
    done: list[bool] = []
    world.followed.detached[world.client] = 0
    world.changes.remove_detached.side_effect = ValueError("ours")
    world.memberships.join_again(world.followed, world.client, lambda: done.append(True))
    world.reject(Reason.BANNED)
    assert (done, world.context.faults) == ([True], ["join again: ours"])


def test_a_session_that_is_not_here_any_more_quits(world: World) -> None:
    member = world.member()
    world.clients.clear()
    world.memberships.remove_unknown(world.followed, world.sid)
    assert world.lines == [events.quitted(member.source, "Connection closed")]
    world.memberships.remove_unknown(world.followed, "gate.0.99")
    assert len(world.lines) == 1
