"""What handlers send to one session: into the inbox of its lane, with the session's id."""

from typing import Any, cast
from unittest.mock import Mock

import pytest

from gateway.broker.keys import Keys, inbox
from gateway.broker.port import LOST
from gateway.chat.errors import ClientLeft, Unavailable
from gateway.chat.events import NOBODY, EventId, decode
from gateway.chat.member import Sender
from gateway.lane.clients.client import Clients
from gateway.lane.direct.addressing import Addressing
from gateway.lane.direct.messages import DirectMessages
from gateway.lane.outgoing import Outgoing
from gateway.logs import log_writer
from gateway.logs.in_flight import PendingEvent
from tests.stage.parts import Context, LogWriter, RedisPort, Running, make_client

KEYS = Keys("t:")
BOB = "other.0.1"
INBOX = inbox("other.0")


class World:
    def __init__(self) -> None:
        self.context, self.clients, self.log_writer, self.redis = Context(), Clients(), LogWriter(), RedisPort()
        writer = cast(log_writer.LogWriter, self.log_writer)
        self.outgoing = Outgoing(self.context, self.clients, writer, (10_000, 60.0), lambda _client: lambda: None)
        self.history: Any = Mock()
        redis: Any = self.redis
        addressing = Addressing(self.context.current_sid)
        self.direct = DirectMessages(redis, KEYS, addressing, self.outgoing, writer, self.history)
        self.client, _ = make_client(self.context, self.clients, "ann")
        self.session = self.client.session

    def answer(self, outcome: Any) -> None:
        """End the event that waits for bob's inbox."""
        [pending] = self.log_writer.queues.pop(INBOX)
        self.outgoing.finish(pending, outcome)

    def waiting(self, log: str = INBOX) -> list[tuple[str, str]]:
        return [(pending.sid, pending.line) for pending in self.log_writer.waiting(log)]


@pytest.fixture
def world() -> World:
    return World()


def test_a_message_goes_to_the_inbox_of_its_recipient_s_lane_and_is_under_way(world: World) -> None:
    world.session.account = "annie"
    world.direct.say(world.session, BOB, "bob", ":ann!u@h PRIVMSG bob :hi")
    line = f"@hubbub/to={BOB};hubbub/account=annie :ann!u@h PRIVMSG bob :hi"
    assert world.waiting() == [(world.session.sid, line)]
    assert world.client.under_way == 1


@pytest.mark.parametrize(("outcome", "arrives"), [(EventId("5-0", 0), True), (None, False)])
def test_a_notification_says_whether_there_is_such_an_inbox(world: World, outcome: Any, arrives: bool) -> None:
    notifying = Running(world.direct.notify(BOB, ":ann!u@h INVITE bob #a", Sender(is_bot=True)))
    assert world.waiting() == [(NOBODY, f"@hubbub/to={BOB};hubbub/bot=1 :ann!u@h INVITE bob #a")]
    assert world.client.under_way == 0
    world.answer(outcome)
    assert notifying.result is arrives


def test_a_notification_whose_time_is_over_is_withdrawn(world: World) -> None:
    """It must not happen after its sender was told that it failed."""
    notifying = Running(world.direct.notify(BOB, "KILL bob :x"))
    notifying.task.interrupt(Unavailable())
    assert isinstance(notifying.error, Unavailable)
    assert world.waiting() == []


def test_the_notification_of_a_client_that_leaves_is_sent(world: World) -> None:
    notifying = Running(world.direct.notify(BOB, "KILL bob :x"))
    notifying.task.interrupt(ClientLeft())
    assert len(world.waiting()) == 1


def lanes(world: World, *counts: int) -> None:
    """Answer which gateways there are, and how many lanes each has."""
    names = ("other", "third")[: len(counts)]
    world.redis.answer("ZRANGE", [name.encode() for name in names])
    for count in counts:
        world.redis.answer("HGET", str(count).encode())


def test_a_broadcast_reaches_every_lane_and_waits_for_all(world: World) -> None:
    casting = Running(world.direct.broadcast("WALLOPS :hi"))
    lanes(world, 2, 1)
    assert list(world.log_writer.queues) == ["@other.0", "@other.1", "@third.0"]
    for name in list(world.log_writer.queues):
        assert not casting.is_over
        [pending] = world.log_writer.queues.pop(name)
        world.outgoing.finish(pending, None if name == "@third.0" else EventId("5-0", 0))
    assert (casting.is_over, casting.error) == (True, None), "a lane that has just ended is no failure"


def test_a_broadcast_whose_time_is_over_is_withdrawn_where_it_was_not_sent(world: World) -> None:
    casting = Running(world.direct.broadcast("WALLOPS :hi"))
    lanes(world, 2)
    world.log_writer.queues.pop("@other.0")  # it was sent
    casting.task.interrupt(Unavailable())
    assert isinstance(casting.error, Unavailable)
    assert world.waiting("@other.1") == []


def test_a_broadcast_without_waiting_sends_nothing_if_redis_does_not_say_to_whom(world: World) -> None:
    world.direct.broadcast_soon("OPERNOTICE :x")
    world.redis.answer("ZRANGE", LOST)
    assert world.log_writer.queues == {}
    world.direct.broadcast_soon("OPERNOTICE :x")
    lanes(world, 1)
    assert world.waiting() == [(NOBODY, "OPERNOTICE :x")]


@pytest.mark.parametrize(
    ("where", "log", "line"),
    [("#Tea", "#tea", "@+typing=active TAGMSG x"), (BOB, INBOX, f"@hubbub/to={BOB};+typing=active TAGMSG x")],
)
def test_what_is_not_stored_is_published_at_once(world: World, where: str, log: str, line: str) -> None:
    world.direct.publish_ephemeral(world.session, where, "@+typing=active TAGMSG x")
    [((verb, channel, payload), _)] = world.redis.commands
    assert (verb, channel) == ("PUBLISH", KEYS.live(log))
    header, _, events = payload.partition(b"\n")
    entry = decode("0-0", "", events)
    assert (header, entry.sids, entry.lines) == (b"~", [world.session.sid], [line])
    assert world.log_writer.queues == {}


def test_what_a_session_has_said_and_heard_is_its_own_history(world: World) -> None:
    span: Any = object()
    assert world.direct.history(world.session, "bob", span) is world.history.read.return_value
    assert world.direct.conversations(world.session) is world.history.latest.return_value
    world.direct.delete(world.session, "id")
    world.history.read.assert_called_once_with(world.session, "bob", span)
    world.history.redact.assert_called_once_with(world.session, "id")


def test_an_event_of_no_session_has_a_wait_for_its_outcome(world: World) -> None:
    wait = world.direct.append(INBOX, "x")
    pending: PendingEvent = world.log_writer.waiting(INBOX)[0]
    assert pending.wait is wait
    world.answer(EventId("5-0", 0))
    assert wait.done
