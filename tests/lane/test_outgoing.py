"""What clients have under way: the count, the outcomes, the retry queue, and who is not read."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from gateway.chat.capabilities import ECHO_MESSAGE, LABELED_RESPONSE
from gateway.chat.effects import Accepted, MessageSent, Reason, Rejection
from gateway.chat.errors import ClientLeft, Unavailable
from gateway.chat.room import Room
from gateway.lane import outgoing as outgoing_module
from gateway.lane.clients.client import Client, Clients
from gateway.lane.outgoing import Outgoing, in_slices
from gateway.logs import log_writer
from gateway.logs.in_flight import PendingEvent
from gateway.logs.retry_queue import MustDeliver
from gateway.wire.message import Message
from tests.stage.parts import Context, LogWriter, Running, make_client


class World:
    """Outgoing with queues that are never sent."""

    def __init__(self, retry_limits: tuple[int, float] = (10_000, 60.0)) -> None:
        self.context, self.clients, self.log_writer = Context(), Clients(), LogWriter()
        self.outcomes: list[tuple[str, Any]] = []
        self.paused: list[Client] = []
        self.outgoing = Outgoing(
            self.context, self.clients, cast(log_writer.LogWriter, self.log_writer), retry_limits, self._pause
        )
        self.outgoing.listener = self
        self.client, _ = make_client(self.context, self.clients, "ann")
        self.sid = self.client.session.sid

    def _pause(self, client: Client) -> Callable[[], None]:
        self.paused.append(client)
        return lambda: self.paused.remove(client)

    def finished(self, client: Client, pending: PendingEvent, outcome: Any) -> None:
        """Note an outcome, as the listener."""
        assert client.under_way, "it counts until its outcome has been handled"
        self.outcomes.append((pending.line, outcome))

    def finish_all(self, name: str = "#a", outcome: Any = None) -> None:
        queue = self.log_writer.queues.pop(name)
        for pending in queue:
            self.outgoing.finish(pending, outcome)


@pytest.fixture
def world() -> World:
    return World()


def test_an_event_counts_until_it_has_an_outcome(world: World) -> None:
    called: list[str] = []
    world.outgoing.when_idle(world.client, lambda: called.append("at once"))
    world.outgoing.append(world.sid, "#a", "one")
    world.outgoing.append(world.sid, "#b", "two")
    world.outgoing.when_idle(world.client, lambda: called.append("idle"))
    world.finish_all("#a")
    assert (world.client.under_way, called) == (1, ["at once"])
    world.finish_all("#b")
    assert (world.client.under_way, called) == (0, ["at once", "idle"])


def test_a_forgotten_call_does_not_come(world: World) -> None:
    called: list[str] = []

    def call() -> None:
        called.append("idle")

    world.outgoing.append(world.sid, "#a", "one")
    world.outgoing.when_idle(world.client, call)
    world.outgoing.forget(world.client, call)
    world.finish_all()
    assert not called


def test_the_listener_hears_of_an_outcome_before_the_handler_goes_on(world: World) -> None:
    heard: list[int] = []

    async def handler(wait: Any) -> Any:
        outcome = await wait
        heard.append(len(world.outcomes))
        return outcome

    running = Running(handler(world.outgoing.commit(world.sid, "#a", "JOIN")))
    effect = Rejection(0, world.sid, Reason.NO_CHANGE, Message("JOIN"))
    world.finish_all(outcome=effect)
    assert (heard, world.outcomes) == ([1], [("JOIN", effect)])
    assert running.result is effect


def test_only_what_was_not_sent_is_withdrawn(world: World) -> None:
    wait = world.outgoing.commit(world.sid, "#a", "JOIN")
    assert world.outgoing.withdraw("#a", wait)
    assert (wait.done, world.client.under_way) == (True, 0)
    sent = world.outgoing.commit(world.sid, "#a", "JOIN")
    world.log_writer.queues.clear()
    assert not world.outgoing.withdraw("#a", sent)
    assert (sent.done, world.client.under_way) == (False, 1)


def test_a_handler_that_gives_up_waiting_withdraws_its_event(world: World) -> None:
    running = Running(world.outgoing.commit_to(world.client.session, "#A", "JOIN", is_join=True))
    assert world.client.intended == {"#a"}
    running.task.interrupt(Unavailable())
    assert isinstance(running.error, Unavailable)
    assert (world.log_writer.lines("#a"), world.client.intended) == ([], set())


def test_an_event_that_must_be_delivered_is_never_refused_and_may_go_first(world: World) -> None:
    world.outgoing.append(world.sid, "#a", "one")
    world.outgoing.must_deliver(world.sid, "#a", "first", is_first=True)
    world.outgoing.must_deliver(world.sid, "#a", "last")
    assert world.log_writer.lines("#a") == ["first", "one", "last"]
    assert [type(pending) for pending in world.log_writer.waiting("#a")] == [MustDeliver, PendingEvent, MustDeliver]
    assert world.client.under_way == 3


def test_a_client_with_too_many_events_is_not_read_until_it_has_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing_module, "UNDER_WAY_LIMIT", 3)
    for number in range(3):
        world.outgoing.append(world.sid, "#a", str(number))
    assert world.paused == [world.client]
    world.finish_all()
    assert not world.paused


def test_while_redis_is_unavailable_all_clients_are_read_and_what_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outgoing_module, "UNDER_WAY_LIMIT", 3)
    world = World(retry_limits=(1500, 60.0))
    for number in range(3):
        world.outgoing.append(world.sid, "#a", str(number))
    world.outgoing.redis_unavailable()
    assert not world.paused
    for number in range(3, 6):
        world.outgoing.append(world.sid, "#a", str(number))
    assert not world.paused
    assert world.log_writer.lines("#a") == ["0", "1", "2", "3"]
    assert world.outcomes == [("4", None), ("5", None)]
    assert world.client.under_way == 4


def test_what_waits_for_too_long_is_refused(world: World) -> None:
    world.outgoing.redis_unavailable()
    world.outgoing.append(world.sid, "#a", "one")
    world.context.advance(61.0)
    world.outgoing.tick()
    assert world.outcomes == [("one", None)]
    assert not world.client.under_way


def test_an_event_of_a_session_that_has_left_ends_quietly(world: World) -> None:
    world.outgoing.append(world.sid, "#a", "one")
    del world.clients[world.sid]
    world.finish_all()
    assert not world.outcomes


def test_the_listener_is_not_called_for_a_message_that_a_room_shows(world: World) -> None:
    for outcome in (MessageSent(0, "", ""), Accepted(0, "")):
        world.outgoing.append(world.sid, "#a", "PRIVMSG")
        world.finish_all(outcome=outcome)
    assert (world.client.under_way, world.outcomes) == (0, [])


def test_a_refused_event_makes_its_command_unavailable() -> None:
    world = World(retry_limits=(0, 60.0))
    world.outgoing.redis_unavailable()
    running = Running(world.outgoing.commit_to(world.client.session, "#a", "TOPIC"))
    assert isinstance(running.error, Unavailable)
    assert world.client.under_way == 0


def test_the_event_of_a_client_that_leaves_stays_queued_before_its_quit(world: World) -> None:
    running = Running(world.outgoing.commit_to(world.client.session, "#a", "JOIN"))
    running.task.interrupt(ClientLeft())
    world.outgoing.must_deliver(world.sid, "#a", "QUIT")
    assert world.log_writer.lines("#a") == ["JOIN", "QUIT"]


def test_an_event_for_all_rooms_goes_to_a_few_at_a_time(world: World) -> None:
    names = [f"#{number}" for number in range(outgoing_module.ROOMS_AT_ONCE + 1)]
    world.client.session.rooms = {name: Room(name) for name in names}
    running = Running(world.outgoing.commit_to_all(world.client.session, "AWAY"))
    assert list(world.log_writer.queues) == names[:-1]
    for name in names[:-1]:
        assert not running.is_over
        world.finish_all(name, Accepted(0, ""))
    assert list(world.log_writer.queues) == names[-1:]
    world.finish_all(names[-1], Accepted(0, ""))
    assert (running.is_over, running.error) == (True, None)


def test_a_message_takes_the_label_of_its_command_to_its_echo(world: World) -> None:
    """IRCv3 labeled-response: the echo is the response."""
    session = world.client.session
    session.caps = LABELED_RESPONSE | ECHO_MESSAGE
    session.begin_response("7")
    world.outgoing.say(session, "#a", "PRIVMSG")
    [pending] = world.log_writer.waiting("#a")
    assert (pending.label, session.response) == ("label=7", None)


def test_rooms_come_in_slices() -> None:
    rooms = [f"#{number}" for number in range(40)]
    slices = list(in_slices(rooms))
    assert [name for names in slices for name in names] == rooms
    assert max(map(len, slices)) == outgoing_module.ROOMS_AT_ONCE
