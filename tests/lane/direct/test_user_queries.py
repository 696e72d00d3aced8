"""What one lane asks another about a session: one reply, or none in time."""

from types import SimpleNamespace
from typing import Any, cast

from gateway.chat.network import Profile
from gateway.lane.clients.client import Clients
from gateway.lane.direct.addressing import Addressing
from gateway.lane.direct.inbox import Inbox
from gateway.lane.direct.user_queries import REPLY_LIMIT_S, UserQueries
from gateway.logs import log_writer
from gateway.wire.message import parse
from tests.stage.parts import Context, LogWriter, Running, make_client


class World:
    """The queries of a lane with one client, ann."""

    def __init__(self) -> None:
        self.context, self.clients, self.log_writer = Context(), Clients(), LogWriter()
        self.inbox: Any = SimpleNamespace(control_handlers={})
        self.queries = UserQueries(
            self.context,
            self.clients,
            cast(Inbox, self.inbox),
            Addressing(self.context.current_sid),
            cast(log_writer.LogWriter, self.log_writer),
        )
        self.client, _ = make_client(self.context, self.clients, "ann")

    def ask(self, sid: str) -> Running:
        profile = Profile("bob", sid, "u", "h", "Bob", "irc.test", 0)
        return Running(self.queries.status(profile, with_address=True))

    def receive(self, line: str, *, is_for_ann: bool) -> None:
        message = parse(line)
        assert message is not None
        self.inbox.control_handlers[message.verb](message, self.client if is_for_ann else None, lambda _client: None)


def test_a_session_of_this_lane_is_answered_at_once() -> None:
    world = World()
    asking = world.ask(world.client.session.sid)
    assert asking.result is not None
    assert not world.log_writer.queues


def test_another_lane_is_asked_and_its_reply_awaited() -> None:
    asked, asking = World(), World()
    running = asking.ask("g.1.7")
    [query] = asking.log_writer.lines("@g.1")
    asked.receive(query, is_for_ann=True)
    [reply] = asked.log_writer.lines(f"@{asking.context.id}")
    asking.receive(reply, is_for_ann=False)
    assert running.is_over
    assert running.result == asked.ask(asked.client.session.sid).result


def test_a_query_for_a_session_that_has_left_is_not_answered() -> None:
    world = World()
    world.receive("QUERY g.1.q0 1", is_for_ann=False)
    assert not world.log_writer.queues


def test_a_reply_that_does_not_come_in_time_is_none_and_a_late_one_is_ignored() -> None:
    world = World()
    running = world.ask("g.1.7")
    world.context.advance(REPLY_LIMIT_S)
    assert (running.is_over, running.result) == (True, None)
    world.receive("REPLY gate.0.q0 :late", is_for_ann=False)
