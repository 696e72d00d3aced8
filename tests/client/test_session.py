"""The session without sockets: registration, names, rooms, messages, missed messages, and leaving."""

import pytest

from client import outbox
from client.conversation import HISTORY_TRIES
from client.event_text import screen_line
from client.events import ServerEvent
from client.outbox import IN_FLIGHT_LIMIT
from client.pings import KEEPALIVE_S
from client.saved_state import SavedState
from client.server_connection import DEAD_AFTER_S, REGISTRATION_LIMIT_S
from tests.client.fake_gateway import FakeNetwork
from tests.client.simulated_user import SimulatedUser


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


# --- registration ------------------------------------------------------------------------------------------


def test_registers_with_the_capabilities_that_are_offered(network: FakeNetwork) -> None:
    """IRCv3 capability-negotiation: CAP LS 302, REQ, END; an offer may span several lines."""
    user = SimulatedUser(network).start()
    assert user.sent("CAP")[0].params == ["LS", "302"]
    assert user.session.is_registered
    assert user.connection is not None
    assert user.connection.caps >= {"echo-message", "draft/chathistory", "labeled-response", "batch"}
    assert "sasl" not in user.connection.caps
    assert "connected to fake:6667 as alice" in user.statuses()


def test_registers_on_a_server_without_capabilities() -> None:
    user = SimulatedUser(FakeNetwork(caps="")).start()
    assert user.session.is_settled


def test_a_capability_that_comes_later_is_requested(network: FakeNetwork) -> None:
    """IRCv3 capability-negotiation, CAP NEW and DEL."""
    network.caps = "cap-notify"
    user = SimulatedUser(network).start()
    user.hear(":fake CAP alice NEW :echo-message unknown", ":fake CAP alice DEL :cap-notify")
    user.run()
    assert [message.params for message in user.sent("CAP")][-1] == ["REQ", "echo-message"]


def test_a_taken_name_is_replaced_by_a_similar_one(network: FakeNetwork) -> None:
    SimulatedUser(network).start()
    user = SimulatedUser(network).start()
    assert user.session.naming.current.startswith("alice_")
    assert "/nick" in user.statuses()
    user.pass_time(100)
    user.run()
    assert len(user.sent("NICK")) == 2, "it is not ours to wait for"


def test_the_name_of_the_last_start_is_waited_for_where_a_dead_connection_holds_it(network: FakeNetwork) -> None:
    network.orphaned_nicks.add("alice")
    user = SimulatedUser(network)
    user.session.resume(SavedState(nick="Alice"))
    user.start()
    assert user.session.naming.current != "alice"
    assert "you get it back when it is free" in user.statuses()
    network.orphaned_nicks.clear()
    user.pass_time(10)
    user.run()
    assert user.session.naming.current == "alice"


def test_a_gateway_that_likes_no_name_is_not_asked_forever(network: FakeNetwork) -> None:
    user = SimulatedUser(network)
    user.connect()
    for _ in range(20):
        user.hear(":fake 433 * alice :Nickname is already in use")
    user.carry_up()
    assert len(user.sent("NICK")) < 10


def test_ping_is_answered(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.hear("PING :are you there")
    user.run()
    assert [message.params for message in user.sent("PONG")] == [["are you there"]]


def test_what_is_no_irc_at_all_does_no_harm(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.hear("", ":", "@", "PRIVMSG", "BATCH", "BATCH -x", "353", "JOIN", "FAIL", "CAP", "\x00\xff garbage", "999")
    user.run()
    assert user.session.is_settled


# --- messages ----------------------------------------------------------------------------------------------


def test_an_own_message_is_confirmed_by_its_echo(network: FakeNetwork) -> None:
    """IRCv3 echo-message: the echo is the acknowledgement."""
    user = SimulatedUser(network).start()
    user.say("hello")
    assert not user.session.has_delivered_all
    user.run()
    assert user.session.has_delivered_all
    assert user.heard() == ["hello"]
    assert user.sent("PRIVMSG")[0].tags["+hubbub/id"]
    assert not user.sent("PING")


@pytest.mark.parametrize("caps", ["", "server-time", "message-tags"])
def test_without_echo_a_pong_confirms(caps: str) -> None:
    user = SimulatedUser(FakeNetwork(caps=caps)).start()
    user.say("hello")
    user.run()
    assert user.session.has_delivered_all
    assert user.heard() == ["hello"]


def test_a_pong_without_promise_confirms_nothing() -> None:
    network = FakeNetwork(caps="", is_promising=False)
    user = SimulatedUser(network).start()
    user.say("hello")
    user.carry_up()
    user.carry_down()
    assert user.heard() == []
    network.is_promising = True
    user.run()
    assert user.session.has_delivered_all


@pytest.mark.parametrize("caps", ["echo-message batch labeled-response message-tags", "echo-message", ""])
def test_a_refused_message_is_named_to_the_person(caps: str) -> None:
    network = FakeNetwork(caps=caps, refuses={"bob"})
    user = SimulatedUser(network).start()
    user.say("to the room")
    user.say("to bob", "bob")
    user.run()
    assert user.undelivered() == ["to bob"]
    assert user.heard() == ["to the room"]
    assert not user.session.has_delivered_all


@pytest.mark.parametrize(
    "refusal",
    [
        ":fake NOTICE alice :PRIVMSG #lobby failed: the network's message store does not answer; try again",
        ":fake FAIL PRIVMSG TEMPORARILY_UNAVAILABLE #lobby :The network's message store does not answer",
        ":fake 477 alice #lobby :Cannot send to channel",
    ],
)
def test_an_answer_that_is_no_echo_is_a_refusal(network: FakeNetwork, refusal: str) -> None:
    """IRCv3 labeled-response, standard-replies: it is shown with the text that it is about, and taken for no echo."""
    user = SimulatedUser(network).start()
    user.say("first")
    user.say("second")
    user.carry_up()
    first, second = (message.tags["label"] for message in user.sent("PRIVMSG"))
    user.hear(f"@label={second} {refusal}")
    assert user.undelivered() == ["second"]
    assert user.session.messaging.outbox.in_flight == (first,)


def test_a_direct_message_to_one_who_has_just_left_comes_back_with_its_text(network: FakeNetwork) -> None:
    """The echo confirmed it: it is in the log. The answer names it by its id."""
    user = SimulatedUser(network).start()
    user.say("one", "bob")
    user.say("two", "bob")
    user.run()
    assert user.session.has_delivered_all
    one = user.sent("PRIVMSG")[0].tags["+hubbub/id"]
    user.hear(f"@+hubbub/id={one} :fake 401 alice bob :No such nick/channel")
    assert user.undelivered() == ["one"]
    assert not user.session.has_delivered_all
    assert not user.shown("401")


def test_a_long_text_becomes_several_lines_that_fit(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    text = " ".join(["word", "grüße", "漢字" * 30] * 40)
    user.say(text)
    user.run()
    assert " ".join(user.heard()) == text
    longest_source = len(":") + 30 + len("!") + 20 + len("@") + 63 + len(" ")
    for message in user.sent("PRIVMSG"):
        message.tags.clear()
        assert longest_source + len(message.line().encode()) + len("\r\n") <= 512


def test_a_flood_waits_for_its_echoes_and_keeps_its_order(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    texts = [f"line {number}" for number in range(100)]
    for text in texts:
        user.say(text)
    user.carry_up()
    assert len(user.sent("PRIVMSG")) == IN_FLIGHT_LIMIT
    user.run()
    assert network.texts("#lobby") == user.heard() == texts


def test_what_is_typed_offline_is_kept_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "OUTBOX_LIMIT", limit := 500)
    network = FakeNetwork(page=100)
    user = SimulatedUser(network)
    for number in range(limit + 1):
        user.say(f"line {number}")
    assert not user.session.can_take_more
    assert user.undelivered() == [f"line {limit}"]
    user.start()
    assert network.texts("#lobby") == [f"line {number}" for number in range(limit)]


def test_a_message_that_comes_twice_is_shown_once(network: FakeNetwork) -> None:
    """IRCv3 message-ids, and +hubbub/id, which does not change when the message is sent again."""
    user = SimulatedUser(network).start()
    user.hear("@msgid=x :bob!u@h PRIVMSG #lobby :one", "@msgid=x :bob!u@h PRIVMSG #lobby :one")
    user.hear("@msgid=y;+hubbub/id=7 :bob!u@h PRIVMSG alice :two")
    user.hear("@msgid=z;+hubbub/id=7 :bob!u@h PRIVMSG alice :two")
    user.hear(":bob!u@h PRIVMSG #lobby :without id", ":bob!u@h PRIVMSG #lobby :without id")
    assert user.heard() == ["one", "without id", "without id"]
    assert user.heard("alice") == ["two"]


# --- a lost connection -------------------------------------------------------------------------------------


def test_what_was_missed_is_fetched_page_by_page_and_shown_once_and_in_order(network: FakeNetwork) -> None:
    """IRCv3 chathistory, AFTER."""
    user = SimulatedUser(network).start()
    network.say("bob", "#lobby", "before")
    user.run()
    user.cut()
    for number in range(12):
        network.say("bob", "#lobby", f"missed {number}")
    user.connect_until("JOIN")
    network.say("bob", "#lobby", "live, while the history is on its way")
    user.run()
    network.say("bob", "#lobby", "live")
    user.run()
    assert user.heard() == network.texts("#lobby")
    assert user.session.is_settled


def test_joining_again_is_silent(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.cut()
    user.start()
    assert len(user.shown("JOIN")) == len(user.shown("353")) == 1


def test_all_rooms_are_joined_again_but_not_those_left(network: FakeNetwork) -> None:
    user = SimulatedUser(network, "alice", "#lobby", "#dev").start()
    user.request("JOIN", "#ops", "key")
    user.request("PART", "#dev")
    user.run()
    user.cut()
    user.start()
    assert [message.params for message in user.sent("JOIN")] == [["#lobby"], ["#ops", "key"]]


def test_a_message_that_had_arrived_is_not_sent_again(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.say("did arrive")
    user.carry_up()
    user.cut()
    user.say("typed meanwhile")
    user.start()
    assert network.texts("#lobby") == user.heard() == ["did arrive", "typed meanwhile"]


def test_a_message_that_had_not_arrived_is_sent_again_with_its_id(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.say("lost")
    lost = user.session.take_output().decode()
    user.cut()
    user.start()
    assert network.texts("#lobby") == user.heard() == ["lost"]
    assert user.sent("PRIVMSG")[0].tags["+hubbub/id"] in lost


def test_the_user_name_stays_the_same_on_all_connections(network: FakeNetwork) -> None:
    """Gateways identify the sender of a repeated message by it (docs/protocol.md, "Sending again")."""
    user = SimulatedUser(network).start()
    user.request("NICK", "alison")
    user.run()
    user.cut()
    user.start()
    assert [message.params[0] for message in user.sent("NICK")] == ["alison"]
    assert [message.params[0] for message in user.sent("USER")] == ["alice"]


def test_without_tags_an_own_message_is_found_in_the_history_by_its_text() -> None:
    network = FakeNetwork(caps="batch draft/chathistory echo-message server-time")
    user = SimulatedUser(network).start()
    user.say("did arrive")
    user.carry_up()
    user.cut()
    user.start()
    assert network.texts("#lobby") == user.heard() == ["did arrive"]


def test_without_tags_the_echo_is_known_however_the_room_spells_its_name() -> None:
    user = SimulatedUser(FakeNetwork(caps="echo-message")).start()
    user.say("hello", "#Lobby")
    user.carry_up()
    user.hear(":alice!u@h PRIVMSG #lobby :hello")
    assert user.session.has_delivered_all


def test_history_is_asked_for_by_time_where_msgids_are_not_known(network: FakeNetwork) -> None:
    """IRCv3 chathistory, INVALID_MSGREFTYPE."""
    network.knows_msgids = False
    user = SimulatedUser(network).start()
    network.say("bob", "#lobby", "before")
    user.run()
    user.cut()
    network.say("bob", "#lobby", "missed")
    user.start()
    assert user.heard() == ["before", "missed"]
    assert user.sent("CHATHISTORY")[1].params[2].startswith("timestamp=")


def test_what_is_under_way_when_its_gateway_dies_is_said_once(network: FakeNetwork) -> None:
    """Its append happens after the client has sent it again over another gateway, and before newer lines."""
    user = SimulatedUser(network).start()
    others = SimulatedUser(network, "bob").start()
    assert user.connection is not None
    user.connection.is_stalled = True
    user.say("one")
    user.say("two")
    user.carry_up()
    user.cut(leaves_ghost=True)
    user.connect()
    user.say("three")
    user.run()
    network.release()
    user.run()
    others.run()
    assert network.texts("#lobby") == user.heard() == others.heard() == ["one", "two", "three"]
    assert user.session.has_delivered_all


def test_the_gateways_last_word_ends_the_connection(network: FakeNetwork) -> None:
    """RFC 2812 3.7.4 ERROR: the next gateway is tried at once, whether or not this one closes."""
    user = SimulatedUser(network).start()
    user.hear("ERROR :Closing link: The gateway is shutting down")
    user.pass_time(0)
    assert user.session.is_dead
    user.cut()
    assert user.start().session.is_settled
    user.pass_time(0)
    assert not user.session.is_dead


def test_history_that_cannot_be_had_just_now_is_asked_for_again(network: FakeNetwork) -> None:
    """IRCv3 chathistory, MESSAGE_ERROR."""
    user = SimulatedUser(network).start()
    user.cut()
    network.say("bob", "#lobby", "missed")
    user.connect_until("CHATHISTORY").output.clear()
    user.hear("FAIL CHATHISTORY MESSAGE_ERROR AFTER #lobby :Messages could not be retrieved")
    network.say("bob", "#lobby", "live")
    user.run()
    assert user.heard() == []
    user.pass_time(2)
    user.run()
    assert user.heard() == ["missed", "live"]
    assert "lacking" not in user.statuses()


def test_missing_history_is_said_and_holds_up_nothing(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.cut()
    for _ in range(HISTORY_TRIES):
        user.connect_until("CHATHISTORY").output.clear() if user.connection is None else user.pass_time(2)
        user.hear("FAIL CHATHISTORY MESSAGE_ERROR AFTER #lobby :Messages could not be retrieved")
    assert "may be missing: Messages could not be retrieved" in user.statuses()
    user.say("hello")
    user.run()
    assert user.heard() == ["hello"]


def test_silence_about_history_holds_up_nothing_either(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.cut()
    user.connect_until("CHATHISTORY").output.clear()
    network.say("bob", "#lobby", "held")
    user.carry_down()
    assert user.heard() == []
    user.pass_time(15)
    assert user.heard() == ["held"]


def test_a_backlog_is_shown_on_the_first_join_only(network: FakeNetwork) -> None:
    """IRCv3 chathistory, LATEST."""
    for number in range(9):
        network.say("bob", "#lobby", f"old {number}")
    user = SimulatedUser(network, backlog=3).start()
    assert user.heard() == ["old 6", "old 7", "old 8"]
    user.cut()
    user.start()
    assert user.heard() == ["old 6", "old 7", "old 8"]


def test_the_name_is_taken_back_when_the_dead_session_lets_it_go(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.cut(leaves_ghost=True)
    user.start()
    assert user.session.naming.current != "alice"
    assert "still holds the nick alice" in user.statuses()
    user.say("under another name meanwhile")
    user.pass_time(10)
    user.run()
    assert user.session.naming.current != "alice"
    network.orphaned_nicks.clear()
    user.pass_time(10)
    user.run()
    assert user.session.naming.current == "alice"
    assert not user.shown("433")
    assert user.heard() == ["under another name meanwhile"]


def test_a_name_that_is_never_let_go_is_given_up(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.cut(leaves_ghost=True)
    user.start()
    for _ in range(30):
        user.pass_time(5)
        user.run()
    assert "still in use" in user.statuses()
    asked = len(user.sent("NICK"))
    user.pass_time(20)
    user.run()
    assert len(user.sent("NICK")) == asked


def test_a_changed_name_is_kept_over_connections(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.request("NICK", "carol")
    user.run()
    user.cut()
    user.start()
    assert user.session.naming.current == "carol"


# --- rooms -------------------------------------------------------------------------------------------------


def test_a_room_that_refuses_is_given_up_and_what_was_said_there_is_named(network: FakeNetwork) -> None:
    network.refuses.add("#secret")
    user = SimulatedUser(network, "alice", "#secret")
    user.say("hello", "#secret")
    user.start()
    assert user.shown("474")
    assert user.undelivered() == ["hello"]
    assert user.session.messaging.current_room == ""
    assert user.session.is_settled


def test_a_room_that_cannot_be_joined_just_now_is_asked_for_again(network: FakeNetwork) -> None:
    user = SimulatedUser(network)
    user.connect_until("JOIN").output.clear()
    user.hear("FAIL JOIN TEMPORARILY_UNAVAILABLE #lobby :try later")
    user.pass_time(15)
    user.carry_up()
    assert len(user.sent("JOIN")) == 2


def test_several_rooms_are_joined_with_their_keys(network: FakeNetwork) -> None:
    """RFC 2812 3.2.1: lists of rooms and of keys."""
    user = SimulatedUser(network).start()
    user.request("JOIN", "#one,#two", "key")
    user.run()
    assert [message.params for message in user.sent("JOIN")[1:]] == [["#one", "key"], ["#two"]]
    assert user.session.is_settled


def test_kicked_out_is_not_joined_again(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.hear(":bob!u@h KICK #lobby alice :enough")
    user.cut()
    user.start()
    assert not user.sent("JOIN")


def test_names_are_shown_when_asked_for(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.request("NAMES", "#lobby")
    user.run()
    assert user.shown("353")[-1].params[-1] == "alice @boss"


# --- silence, and leaving ----------------------------------------------------------------------------------


def test_a_silent_gateway_is_asked_and_then_given_up(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.pass_time(KEEPALIVE_S + 1)
    assert b"PING" in user.session.take_output()
    assert not user.session.is_dead
    user.pass_time(DEAD_AFTER_S - KEEPALIVE_S)
    assert user.session.is_dead


def test_a_gateway_that_never_welcomes_is_given_up(network: FakeNetwork) -> None:
    user = SimulatedUser(network)
    user.connect()
    user.pass_time(REGISTRATION_LIMIT_S + 1)
    assert user.session.is_dead


def test_leaving_waits_until_all_is_delivered_and_the_gateway_has_no_more(network: FakeNetwork) -> None:
    user = SimulatedUser(network)
    for number in range(50):
        user.say(f"line {number}")
    user.session.finish(user.now)
    connection = user.connect()
    user.run()
    assert user.session.is_finished
    assert user.session.has_delivered_all
    assert connection.has_quit
    assert len(network.log) == 50


def test_an_echo_that_comes_after_giving_up_is_still_our_own(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.say("late")
    user.carry_up()
    user.session.give_up(user.now)
    user.run()
    assert [event.is_typed_here for event in user.events if isinstance(event, ServerEvent)][-1]


def test_giving_up_names_what_was_not_delivered(network: FakeNetwork) -> None:
    user = SimulatedUser(network)
    user.say("nobody hears this")
    user.session.give_up(user.now)
    user.events += user.session.take_events()
    assert user.undelivered() == ["nobody hears this"]
    assert user.session.is_finished
    assert not user.session.has_delivered_all


# --- other servers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        ":s 433",
        ":s 433 :in use",
        ":s 401 bob",
        f":s 005 alice CHATHISTORY={'9' * 5000} :are supported",
        "@time=0001-01-01T00:00:00+14:00 :bob!b@h PRIVMSG #lobby :from long ago",
        "@time=9999-12-31T23:59:59-14:00 :bob!b@h PRIVMSG #lobby :from far ahead",
    ],
)
def test_whatever_a_server_says_the_session_goes_on(network: FakeNetwork, line: str) -> None:
    for user in (SimulatedUser(network), SimulatedUser(network).start()):
        if user.connection is None:
            user.connect()
        user.hear(line)
        for event in user.session.take_events():
            screen_line(event, "#lobby")
        user.session.disconnected(user.now)
        user.connect()
        user.run()
        assert user.session.is_registered
