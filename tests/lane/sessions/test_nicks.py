"""The nick of a session: claimed, sent to the rooms, renewed, lost to another session, given up."""

from typing import Any, cast

import pytest

from gateway.broker.keys import Keys
from gateway.broker.port import LOST
from gateway.chat.errors import ClientLeft, Unavailable
from gateway.chat.member import Member
from gateway.chat.room import Room
from gateway.directory.nicks import NickDirectory
from gateway.lane.clients.client import Client, Clients
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.outgoing import Outgoing
from gateway.lane.sessions.nicks import RETRY_S, Nicks
from gateway.logs import log_writer
from gateway.logs.in_flight import PendingEvent
from tests.stage.parts import Connection, Context, LogWriter, RedisPort, Running, make_client

HELD = [b"other.0.1"]


class World:
    """The nicks of one lane with one client, ann, in the room #a."""

    def __init__(self) -> None:
        self.context, self.clients, self.log_writer, self.redis = Context(), Clients(), LogWriter(), RedisPort()
        writer = cast(log_writer.LogWriter, self.log_writer)
        self.outgoing = Outgoing(self.context, self.clients, writer, (10_000, 60.0), lambda _client: lambda: None)
        self.outgoing.listener = self
        directory = NickDirectory(self.redis, Keys("t:"), self.context.id)  # type: ignore[arg-type]
        self.nicks = Nicks(self.context, self.clients, directory, self.outgoing, VisibleUsers())
        self.client, self.connection = self.make("ann")
        self.session = self.client.session
        self.room = Room("#a")
        self.room.members[self.session.sid] = Member(self.session.sid, "ann", "ann", "host")
        self.session.rooms["#a"] = self.room

    def make(self, nick: str) -> tuple[Client, Connection]:
        client, connection = make_client(self.context, self.clients, nick)
        self.nicks.registered(client.session)
        return client, connection

    def finished(self, _client: Client, _pending: PendingEvent, _outcome: Any) -> None:
        """Ignore outcomes, as the listener."""

    def apply(self, nick: str) -> None:
        """The room's NICK comes back through its log: clients see it."""
        [pending] = self.log_writer.queues.pop("#a")
        self.nicks.set(self.client, nick)
        self.room.members[self.session.sid].nick = nick
        self.outgoing.finish(pending, None)

    def released(self) -> list[str]:
        return [words[1] for words, _ in self.redis.commands if words[0] == "release"]


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_nick_is_claimed_then_sent_to_the_rooms_then_the_old_one_released(world: World) -> None:
    renaming = Running(world.nicks.take(world.session, "Bea"))
    assert not world.log_writer.lines("#a")
    world.redis.answer("claim", b"7")
    assert world.log_writer.lines("#a") == ["@hubbub/token=7 :ann!ann@host NICK Bea"]
    assert (world.session.nick, world.session.token, world.released()) == ("ann", "7", [])
    world.apply("Bea")
    assert renaming.result is True
    assert (world.nicks.known_sid("bea"), world.nicks.known_sid("ann")) == (world.session.sid, None)
    assert any("ann" in key for key in world.released())


def test_a_nick_that_another_session_has_is_refused(world: World) -> None:
    renaming = Running(world.nicks.take(world.session, "bea"))
    world.redis.answer("claim", HELD)
    assert renaming.result is False
    assert (world.session.nick, world.log_writer.queues) == ("ann", {})


def test_a_newer_claim_has_a_higher_token_whatever_the_clock_of_redis_says(world: World) -> None:
    world.session.token = "100"
    Running(world.nicks.take(world.session, "bea"))
    world.redis.answer("claim", b"7")
    assert world.session.token == "101"


def test_a_claim_without_an_answer_is_released_and_changes_nothing(world: World) -> None:
    renaming = Running(world.nicks.take(world.session, "bea"))
    world.redis.answer("claim", LOST)
    assert isinstance(renaming.error, Unavailable)
    assert (world.session.nick, world.session.token) == ("ann", "1")
    assert len(world.released()) == 1


def test_a_rename_whose_nick_no_room_got_in_time_does_not_happen(world: World) -> None:
    renaming = Running(world.nicks.take(world.session, "bea"))
    world.redis.answer("claim", b"7")
    renaming.task.interrupt(Unavailable())
    assert isinstance(renaming.error, Unavailable)
    assert (world.session.nick, world.session.token, world.log_writer.lines("#a")) == ("ann", "1", [])
    assert len(world.released()) == 1


def test_a_rename_that_was_sent_to_a_room_holds_though_its_handler_gave_up(world: World) -> None:
    renaming = Running(world.nicks.take(world.session, "bea"))
    world.redis.answer("claim", b"7")
    [sent] = world.log_writer.queues.pop("#a")
    renaming.task.interrupt(Unavailable())
    world.nicks.set(world.client, "bea")
    world.room.members[world.session.sid].nick = "bea"
    world.outgoing.finish(sent, None)
    assert (world.session.nick, world.session.token) == ("bea", "7")
    assert len(world.released()) >= 1


def test_a_client_that_left_while_it_claimed_a_nick_gives_it_back(world: World) -> None:
    renaming = Running(world.nicks.take(world.session, "bea"))
    del world.clients[world.session.sid]
    world.redis.answer("claim", b"7")
    assert isinstance(renaming.error, ClientLeft)
    assert len(world.released()) == 1


def test_a_claim_waits_for_the_connection(world: World) -> None:
    world.redis.is_connected = False
    Running(world.nicks.take(world.session, "bea"))
    assert "claim" not in world.redis.verbs()
    world.redis.is_connected = True
    world.nicks.link_up()
    assert "claim" in world.redis.verbs()


def test_a_renewed_claim_keeps_its_token(world: World) -> None:
    world.nicks.renew_all()
    words = world.redis.answer("reclaim", b"1")
    assert "1" in words
    assert (world.session.nick, world.session.token) == ("ann", "1")


def test_a_renewal_without_an_answer_is_tried_again(world: World) -> None:
    world.nicks.renew(world.client)
    world.redis.answer("reclaim", LOST)
    assert "reclaim" not in world.redis.verbs()
    world.context.advance(RETRY_S)
    assert "reclaim" in world.redis.verbs()


def test_a_session_whose_nick_another_has_goes_by_its_id(world: World) -> None:
    world.nicks.renew(world.client)
    world.redis.answer("reclaim", HELD)
    sid = world.session.sid
    assert (world.session.nick, world.session.token) == (sid, "2")
    assert world.log_writer.lines("#a") == [f"@hubbub/token=2 :{sid}!ann@host NICK {sid}"]
    assert world.client.client_side_nick == "ann", "its client learns of it when the room shows it"
    assert not world.connection.lines


def test_a_session_in_no_room_is_told_at_once_that_its_nick_is_lost(world: World) -> None:
    world.session.rooms.clear()
    world.nicks.lose(world.client, "ann")
    assert world.connection.lines == [f":ann!ann@host NICK {world.session.sid}"]


def test_before_registration_a_lost_nick_must_be_chosen_again(world: World) -> None:
    world.session.is_registered = False
    world.nicks.lose(world.client, "ann")
    assert world.session.nick == ""
    assert " 433 " in world.connection.lines[0]


def test_the_first_nick_of_a_connection_is_only_claimed(world: World) -> None:
    world.session.is_registered = False
    world.session.rooms.clear()
    taking = Running(world.nicks.take(world.session, "bea"))
    world.redis.answer("claim", b"7")
    assert (taking.result, world.session.nick, world.session.token) == (True, "bea", "7")
    assert len(world.released()) == 1


def test_a_nick_is_given_up_when_redis_has_released_it(world: World) -> None:
    leaving = Running(world.nicks.give_up(world.session))
    assert not leaving.is_over
    world.redis.answer("release", 1)
    assert leaving.is_over
    assert world.nicks.known_sid("ann") is None


def test_after_a_rekey_nicks_lead_to_the_new_ids(world: World) -> None:
    world.context.rekey("gat1")
    world.nicks.rekeyed()
    assert world.nicks.known_sid("ann") == "gat1.0.0"


def test_a_nick_that_clients_were_shown_to_be_another_s_is_released_and_the_id_claimed(world: World) -> None:
    """One room's log says so already: only the other rooms are sent it."""
    world.session.rooms["#b"] = Room("#b")
    sid = world.session.sid
    world.nicks.yielded(world.client, "ann", "#a")
    assert world.log_writer.queues.keys() == {"#b"}
    assert world.log_writer.lines("#b") == [f"@hubbub/token=2 :{sid}!ann@host NICK {sid}"]
    assert world.session.nick == sid
    assert world.nicks.known_sid("ann") is None
    assert [key for key in world.released() if "ann" in key]
    assert Keys("t:").nick(sid) in world.redis.answer("reclaim", b"3")


def test_while_rooms_are_sent_a_newer_nick_a_loss_of_the_old_one_is_not_sent_to_them(world: World) -> None:
    """The session id would count as the newest name of all."""
    renaming = Running(world.nicks.take(world.session, "bea"))
    world.redis.answer("claim", b"7")
    world.nicks.renew(world.client)
    world.redis.answer("reclaim", HELD)
    assert world.session.nick == world.session.sid
    assert world.log_writer.lines("#a") == ["@hubbub/token=7 :ann!ann@host NICK bea"]
    world.apply("bea")
    assert (renaming.result, world.session.nick) == (True, "bea")


def test_a_claim_that_is_renewed_for_a_nick_given_up_meanwhile_is_released(world: World) -> None:
    world.nicks.renew(world.client)
    world.nicks.set(world.client, "bea")
    world.redis.answer("reclaim", b"1")
    assert [key for key in world.released() if "ann" in key]


def test_a_nick_belongs_to_the_session_that_was_named_last(world: World) -> None:
    other, _ = world.make("bea")
    world.nicks.set(world.client, "Bea")
    assert world.nicks.session_of("bea") is world.session
    world.nicks.set(other, "zed")
    assert world.nicks.session_of("BEA") is world.session, "who has given it up before does not take it away"
    assert world.nicks.session_of("zed") is other.session


def test_a_session_is_called_by_its_present_nick_under_any_id_that_it_had(world: World) -> None:
    former = world.session.sid
    assert world.nicks.current_nick(former) == "ann"
    world.context.rekey("gat1")
    world.session.sid = world.context.current_sid(former)
    world.clients[world.session.sid] = world.clients.pop(former)
    assert world.nicks.current_nick(former) == world.nicks.current_nick(world.session.sid) == "ann"
    assert world.nicks.current_nick("other.0.1") is None
