"""Errors and echoes of events that no handler waits for, and effects that come late."""

from typing import Any, cast

import pytest

from gateway.chat.capabilities import ECHO_MESSAGE, SETNAME
from gateway.chat.effects import Joined, ProfileChanged, Reason, Rejection
from gateway.chat.events import EventId
from gateway.chat.member import Member
from gateway.chat.profile_updates import AWAY, ProfileUpdate
from gateway.chat.room import Room
from gateway.lane.clients.client import Clients
from gateway.lane.loop.tasks import Wait
from gateway.lane.sessions.outcomes import Outcomes
from gateway.logs.in_flight import PendingEvent
from gateway.logs.retry_queue import MustDeliver
from gateway.wire.message import Message, parse
from tests.stage.parts import Context, make_client


class World:
    """The outcomes of one client's events."""

    def __init__(self, caps: int = 0) -> None:
        self.shown: list[str] = []
        self.queued: list[str] = []
        self.stored: list[str] = []
        self.corrected: list[Member] = []
        anything: Any = self
        self.outcomes = Outcomes(anything, anything, anything, lambda _session, room: self.shown.append(room.name))
        self.client, self.connection = make_client(Context(), Clients(), "ann", caps=caps)
        self.sid = self.client.session.sid

    def must_deliver(self, _sid: str, log_name: str, line: str) -> None:
        self.queued.append(f"{log_name} {line}")

    def sent(self, _session: object, _event_id: EventId, message: Message) -> None:
        self.stored.append(message.params[-1])

    def correct(self, _session: object, member: Member) -> None:
        self.corrected.append(member)

    def finish(self, line: str, outcome: Any, pending: PendingEvent | None = None) -> list[str]:
        self.outcomes.finished(self.client, pending or PendingEvent(self.sid, line), outcome)
        return self.connection.lines


def rejection(line: str, reason: Reason) -> Rejection:
    return Rejection(0, "gate.0.0", reason, cast(Message, parse(line)))


def test_a_message_that_was_not_kept_is_refused_by_name() -> None:
    [line] = World().finish("PRIVMSG #a :hi", None)
    assert "PRIVMSG" in line
    assert "#a" in line


def test_a_message_that_the_fold_rejects_is_answered_with_its_numeric() -> None:
    line = "PRIVMSG #a :hi"
    assert World().finish(line, rejection(line, Reason.NOT_MEMBER)) != []


def test_a_direct_message_is_stored_and_echoed_to_who_asked_for_that() -> None:
    line = "@hubbub/to=other.0.1 :ann!ann@host PRIVMSG bob :hi"
    world = World(ECHO_MESSAGE)
    assert world.finish(line, EventId("5-0", 0)) == [":ann!ann@host PRIVMSG bob :hi"]
    silent = World()
    assert silent.finish(line, EventId("5-0", 0)) == []
    assert (world.stored, silent.stored) == (["hi"], ["hi"])


def test_a_client_that_is_leaving_is_told_nothing() -> None:
    world = World()
    world.client.is_leaving = True
    assert world.finish("PRIVMSG #a :hi", None) == []


def test_what_the_lane_said_by_itself_is_not_answered() -> None:
    world = World()
    assert world.finish("", None, MustDeliver(world.sid, "AWAY")) == []


@pytest.mark.parametrize("is_late", [True, False])
def test_a_join_that_took_effect_after_its_handler_gave_up_shows_the_room(is_late: bool) -> None:
    world = World()
    room = world.client.session.rooms["#a"] = Room("#a")
    member = room.members[world.sid] = Member(world.sid, "ann", "ann", "host")
    member.realname = "ann"
    world.client.session.away = "out"
    wait: Wait[Any] = Wait()
    if is_late:
        wait.fulfil(None)
    pending = PendingEvent(world.sid, "JOIN #a", wait=wait)
    world.finish("", Joined(0, world.sid, "#a", member), pending)
    assert world.shown == (["#a"] if is_late else [])
    assert len(world.queued) == (1 if is_late else 0), "the room gets what changed meanwhile"


def test_a_message_that_was_sent_twice_is_answered_with_the_first_one_s_echo() -> None:
    line = "@+hubbub/id=7 PRIVMSG #a :hi"
    world = World(ECHO_MESSAGE)
    first = rejection(line, Reason.DUPLICATE)
    first.first = EventId("4-0", 0)
    assert len(world.finish(line, first)) == 1
    assert world.finish(line, rejection(line, Reason.DUPLICATE)) == [], "the lane itself has sent it again"


def test_nothing_is_answered_to_a_notice_that_is_rejected() -> None:
    """RFC 2812 3.3.2."""
    line = "NOTICE #a :hi"
    assert World().finish(line, rejection(line, Reason.MUTED)) == []


def test_what_no_room_has_shown_its_client_is_told_when_the_lane_s_own_event_ends() -> None:
    world = World(SETNAME)
    world.client.client_side_nick = "old"
    line = "SETNAME :ann"
    world.client.session.rooms["#a"] = Room("#a")
    assert world.finish(line, None, MustDeliver(world.sid, line)) == []
    world.client.session.rooms.clear()
    assert world.finish(line, None, MustDeliver(world.sid, line)) == [
        ":old!ann@host NICK ann",
        ":ann!ann@host SETNAME :ann",
    ]


def test_a_profile_change_that_comes_late_is_compared_with_the_present_profile() -> None:
    world = World()
    member = Member(world.sid, "ann", "ann", "host")
    effect = ProfileChanged(0, world.sid, member, ProfileUpdate(AWAY, member.source, ("out",)), 1)
    world.finish("", effect, PendingEvent(world.sid, "AWAY", wait=Wait()))
    assert world.corrected == [member]
