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
from tests.client.talk import Talk


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


# --- registration ------------------------------------------------------------------------------------------


def test_registers_with_the_capabilities_that_are_offered(network: FakeNetwork) -> None:
    """IRCv3 capability-negotiation: CAP LS 302, REQ, END; an offer may span several lines."""
    talk = Talk(network).start()
    assert talk.sent("CAP")[0].params == ["LS", "302"]
    assert talk.session.is_registered
    assert talk.connection is not None
    assert talk.connection.caps >= {"echo-message", "draft/chathistory", "labeled-response", "batch"}
    assert "sasl" not in talk.connection.caps
    assert "connected to fake:6667 as alice" in talk.statuses()


def test_registers_on_a_server_without_capabilities() -> None:
    talk = Talk(FakeNetwork(caps="")).start()
    assert talk.session.is_settled


def test_a_capability_that_comes_later_is_requested(network: FakeNetwork) -> None:
    """IRCv3 capability-negotiation, CAP NEW and DEL."""
    network.caps = "cap-notify"
    talk = Talk(network).start()
    talk.hear(":fake CAP alice NEW :echo-message unknown", ":fake CAP alice DEL :cap-notify")
    talk.run()
    assert [message.params for message in talk.sent("CAP")][-1] == ["REQ", "echo-message"]


def test_a_taken_name_is_replaced_by_a_similar_one(network: FakeNetwork) -> None:
    Talk(network).start()
    talk = Talk(network).start()
    assert talk.session.naming.current.startswith("alice_")
    assert "/nick" in talk.statuses()
    talk.pass_time(100)
    talk.run()
    assert len(talk.sent("NICK")) == 2, "it is not ours to wait for"


def test_the_name_of_the_last_start_is_waited_for_where_a_dead_connection_holds_it(network: FakeNetwork) -> None:
    network.orphaned_nicks.add("alice")
    talk = Talk(network)
    talk.session.resume(SavedState(nick="Alice"))
    talk.start()
    assert talk.session.naming.current != "alice"
    assert "you get it back when it is free" in talk.statuses()
    network.orphaned_nicks.clear()
    talk.pass_time(10)
    talk.run()
    assert talk.session.naming.current == "alice"


def test_a_gateway_that_likes_no_name_is_not_asked_forever(network: FakeNetwork) -> None:
    talk = Talk(network)
    talk.connect()
    for _ in range(20):
        talk.hear(":fake 433 * alice :Nickname is already in use")
    talk.carry_up()
    assert len(talk.sent("NICK")) < 10


def test_ping_is_answered(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.hear("PING :are you there")
    talk.run()
    assert [message.params for message in talk.sent("PONG")] == [["are you there"]]


def test_what_is_no_irc_at_all_does_no_harm(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.hear("", ":", "@", "PRIVMSG", "BATCH", "BATCH -x", "353", "JOIN", "FAIL", "CAP", "\x00\xff garbage", "999")
    talk.run()
    assert talk.session.is_settled


# --- messages ----------------------------------------------------------------------------------------------


def test_an_own_message_is_confirmed_by_its_echo(network: FakeNetwork) -> None:
    """IRCv3 echo-message: the echo is the acknowledgement."""
    talk = Talk(network).start()
    talk.say("hello")
    assert not talk.session.has_delivered_all
    talk.run()
    assert talk.session.has_delivered_all
    assert talk.heard() == ["hello"]
    assert talk.sent("PRIVMSG")[0].tags["+hubbub/id"]
    assert not talk.sent("PING")


@pytest.mark.parametrize("caps", ["", "server-time", "message-tags"])
def test_without_echo_a_pong_confirms(caps: str) -> None:
    talk = Talk(FakeNetwork(caps=caps)).start()
    talk.say("hello")
    talk.run()
    assert talk.session.has_delivered_all
    assert talk.heard() == ["hello"]


def test_a_pong_without_promise_confirms_nothing() -> None:
    network = FakeNetwork(caps="", is_promising=False)
    talk = Talk(network).start()
    talk.say("hello")
    talk.carry_up()
    talk.carry_down()
    assert talk.heard() == []
    network.is_promising = True
    talk.run()
    assert talk.session.has_delivered_all


@pytest.mark.parametrize("caps", ["echo-message batch labeled-response message-tags", "echo-message", ""])
def test_a_refused_message_is_named_to_the_person(caps: str) -> None:
    network = FakeNetwork(caps=caps, refuses={"bob"})
    talk = Talk(network).start()
    talk.say("to the room")
    talk.say("to bob", "bob")
    talk.run()
    assert talk.undelivered() == ["to bob"]
    assert talk.heard() == ["to the room"]
    assert not talk.session.has_delivered_all


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
    talk = Talk(network).start()
    talk.say("first")
    talk.say("second")
    talk.carry_up()
    first, second = (message.tags["label"] for message in talk.sent("PRIVMSG"))
    talk.hear(f"@label={second} {refusal}")
    assert talk.undelivered() == ["second"]
    assert talk.session.messaging.outbox.in_flight == (first,)


def test_a_direct_message_to_one_who_has_just_left_comes_back_with_its_text(network: FakeNetwork) -> None:
    """The echo confirmed it: it is in the log. The answer names it by its id."""
    talk = Talk(network).start()
    talk.say("one", "bob")
    talk.say("two", "bob")
    talk.run()
    assert talk.session.has_delivered_all
    one = talk.sent("PRIVMSG")[0].tags["+hubbub/id"]
    talk.hear(f"@+hubbub/id={one} :fake 401 alice bob :No such nick/channel")
    assert talk.undelivered() == ["one"]
    assert not talk.session.has_delivered_all
    assert not talk.shown("401")


def test_a_long_text_becomes_several_lines_that_fit(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    text = " ".join(["word", "grüße", "漢字" * 30] * 40)
    talk.say(text)
    talk.run()
    assert " ".join(talk.heard()) == text
    longest_source = len(":") + 30 + len("!") + 20 + len("@") + 63 + len(" ")
    for message in talk.sent("PRIVMSG"):
        message.tags.clear()
        assert longest_source + len(message.line().encode()) + len("\r\n") <= 512


def test_a_flood_waits_for_its_echoes_and_keeps_its_order(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    texts = [f"line {number}" for number in range(100)]
    for text in texts:
        talk.say(text)
    talk.carry_up()
    assert len(talk.sent("PRIVMSG")) == IN_FLIGHT_LIMIT
    talk.run()
    assert network.texts("#lobby") == talk.heard() == texts


def test_what_is_typed_offline_is_kept_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "OUTBOX_LIMIT", limit := 500)
    network = FakeNetwork(page=100)
    talk = Talk(network)
    for number in range(limit + 1):
        talk.say(f"line {number}")
    assert not talk.session.can_take_more
    assert talk.undelivered() == [f"line {limit}"]
    talk.start()
    assert network.texts("#lobby") == [f"line {number}" for number in range(limit)]


def test_a_message_that_comes_twice_is_shown_once(network: FakeNetwork) -> None:
    """IRCv3 message-ids, and +hubbub/id, which does not change when the message is sent again."""
    talk = Talk(network).start()
    talk.hear("@msgid=x :bob!u@h PRIVMSG #lobby :one", "@msgid=x :bob!u@h PRIVMSG #lobby :one")
    talk.hear("@msgid=y;+hubbub/id=7 :bob!u@h PRIVMSG alice :two")
    talk.hear("@msgid=z;+hubbub/id=7 :bob!u@h PRIVMSG alice :two")
    talk.hear(":bob!u@h PRIVMSG #lobby :without id", ":bob!u@h PRIVMSG #lobby :without id")
    assert talk.heard() == ["one", "without id", "without id"]
    assert talk.heard("alice") == ["two"]


# --- a lost connection -------------------------------------------------------------------------------------


def test_what_was_missed_is_fetched_page_by_page_and_shown_once_and_in_order(network: FakeNetwork) -> None:
    """IRCv3 chathistory, AFTER."""
    talk = Talk(network).start()
    network.say("bob", "#lobby", "before")
    talk.run()
    talk.cut()
    for number in range(12):
        network.say("bob", "#lobby", f"missed {number}")
    talk.connect_until("JOIN")
    network.say("bob", "#lobby", "live, while the history is on its way")
    talk.run()
    network.say("bob", "#lobby", "live")
    talk.run()
    assert talk.heard() == network.texts("#lobby")
    assert talk.session.is_settled


def test_joining_again_is_silent(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.cut()
    talk.start()
    assert len(talk.shown("JOIN")) == len(talk.shown("353")) == 1


def test_all_rooms_are_joined_again_but_not_those_left(network: FakeNetwork) -> None:
    talk = Talk(network, "alice", "#lobby", "#dev").start()
    talk.request("JOIN", "#ops", "key")
    talk.request("PART", "#dev")
    talk.run()
    talk.cut()
    talk.start()
    assert [message.params for message in talk.sent("JOIN")] == [["#lobby"], ["#ops", "key"]]


def test_a_message_that_had_arrived_is_not_sent_again(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.say("did arrive")
    talk.carry_up()
    talk.cut()
    talk.say("typed meanwhile")
    talk.start()
    assert network.texts("#lobby") == talk.heard() == ["did arrive", "typed meanwhile"]


def test_a_message_that_had_not_arrived_is_sent_again_with_its_id(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.say("lost")
    lost = talk.session.take_output().decode()
    talk.cut()
    talk.start()
    assert network.texts("#lobby") == talk.heard() == ["lost"]
    assert talk.sent("PRIVMSG")[0].tags["+hubbub/id"] in lost


def test_the_user_name_stays_the_same_on_all_connections(network: FakeNetwork) -> None:
    """Gateways identify the sender of a repeated message by it (docs/protocol.md, "Sending again")."""
    talk = Talk(network).start()
    talk.request("NICK", "alison")
    talk.run()
    talk.cut()
    talk.start()
    assert [message.params[0] for message in talk.sent("NICK")] == ["alison"]
    assert [message.params[0] for message in talk.sent("USER")] == ["alice"]


def test_without_tags_an_own_message_is_found_in_the_history_by_its_text() -> None:
    network = FakeNetwork(caps="batch draft/chathistory echo-message server-time")
    talk = Talk(network).start()
    talk.say("did arrive")
    talk.carry_up()
    talk.cut()
    talk.start()
    assert network.texts("#lobby") == talk.heard() == ["did arrive"]


def test_without_tags_the_echo_is_known_however_the_room_spells_its_name() -> None:
    talk = Talk(FakeNetwork(caps="echo-message")).start()
    talk.say("hello", "#Lobby")
    talk.carry_up()
    talk.hear(":alice!u@h PRIVMSG #lobby :hello")
    assert talk.session.has_delivered_all


def test_history_is_asked_for_by_time_where_msgids_are_not_known(network: FakeNetwork) -> None:
    """IRCv3 chathistory, INVALID_MSGREFTYPE."""
    network.knows_msgids = False
    talk = Talk(network).start()
    network.say("bob", "#lobby", "before")
    talk.run()
    talk.cut()
    network.say("bob", "#lobby", "missed")
    talk.start()
    assert talk.heard() == ["before", "missed"]
    assert talk.sent("CHATHISTORY")[1].params[2].startswith("timestamp=")


def test_what_is_under_way_when_its_gateway_dies_is_said_once(network: FakeNetwork) -> None:
    """Its append happens after the client has sent it again over another gateway, and before newer lines."""
    talk = Talk(network).start()
    others = Talk(network, "bob").start()
    assert talk.connection is not None
    talk.connection.is_stalled = True
    talk.say("one")
    talk.say("two")
    talk.carry_up()
    talk.cut(leaves_ghost=True)
    talk.connect()
    talk.say("three")
    talk.run()
    network.release()
    talk.run()
    others.run()
    assert network.texts("#lobby") == talk.heard() == others.heard() == ["one", "two", "three"]
    assert talk.session.has_delivered_all


def test_the_gateways_last_word_ends_the_connection(network: FakeNetwork) -> None:
    """RFC 2812 3.7.4 ERROR: the next gateway is tried at once, whether or not this one closes."""
    talk = Talk(network).start()
    talk.hear("ERROR :Closing link: The gateway is shutting down")
    talk.pass_time(0)
    assert talk.session.is_dead
    talk.cut()
    assert talk.start().session.is_settled
    talk.pass_time(0)
    assert not talk.session.is_dead


def test_history_that_cannot_be_had_just_now_is_asked_for_again(network: FakeNetwork) -> None:
    """IRCv3 chathistory, MESSAGE_ERROR."""
    talk = Talk(network).start()
    talk.cut()
    network.say("bob", "#lobby", "missed")
    talk.connect_until("CHATHISTORY").output.clear()
    talk.hear("FAIL CHATHISTORY MESSAGE_ERROR AFTER #lobby :Messages could not be retrieved")
    network.say("bob", "#lobby", "live")
    talk.run()
    assert talk.heard() == []
    talk.pass_time(2)
    talk.run()
    assert talk.heard() == ["missed", "live"]
    assert "lacking" not in talk.statuses()


def test_missing_history_is_said_and_holds_up_nothing(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.cut()
    for _ in range(HISTORY_TRIES):
        talk.connect_until("CHATHISTORY").output.clear() if talk.connection is None else talk.pass_time(2)
        talk.hear("FAIL CHATHISTORY MESSAGE_ERROR AFTER #lobby :Messages could not be retrieved")
    assert "may be missing: Messages could not be retrieved" in talk.statuses()
    talk.say("hello")
    talk.run()
    assert talk.heard() == ["hello"]


def test_silence_about_history_holds_up_nothing_either(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.cut()
    talk.connect_until("CHATHISTORY").output.clear()
    network.say("bob", "#lobby", "held")
    talk.carry_down()
    assert talk.heard() == []
    talk.pass_time(15)
    assert talk.heard() == ["held"]


def test_a_backlog_is_shown_on_the_first_join_only(network: FakeNetwork) -> None:
    """IRCv3 chathistory, LATEST."""
    for number in range(9):
        network.say("bob", "#lobby", f"old {number}")
    talk = Talk(network, backlog=3).start()
    assert talk.heard() == ["old 6", "old 7", "old 8"]
    talk.cut()
    talk.start()
    assert talk.heard() == ["old 6", "old 7", "old 8"]


def test_the_name_is_taken_back_when_the_dead_session_lets_it_go(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.cut(leaves_ghost=True)
    talk.start()
    assert talk.session.naming.current != "alice"
    assert "still holds the nick alice" in talk.statuses()
    talk.say("under another name meanwhile")
    talk.pass_time(10)
    talk.run()
    assert talk.session.naming.current != "alice"
    network.orphaned_nicks.clear()
    talk.pass_time(10)
    talk.run()
    assert talk.session.naming.current == "alice"
    assert not talk.shown("433")
    assert talk.heard() == ["under another name meanwhile"]


def test_a_name_that_is_never_let_go_is_given_up(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.cut(leaves_ghost=True)
    talk.start()
    for _ in range(30):
        talk.pass_time(5)
        talk.run()
    assert "still in use" in talk.statuses()
    asked = len(talk.sent("NICK"))
    talk.pass_time(20)
    talk.run()
    assert len(talk.sent("NICK")) == asked


def test_a_changed_name_is_kept_over_connections(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.request("NICK", "carol")
    talk.run()
    talk.cut()
    talk.start()
    assert talk.session.naming.current == "carol"


# --- rooms -------------------------------------------------------------------------------------------------


def test_a_room_that_refuses_is_given_up_and_what_was_said_there_is_named(network: FakeNetwork) -> None:
    network.refuses.add("#secret")
    talk = Talk(network, "alice", "#secret")
    talk.say("hello", "#secret")
    talk.start()
    assert talk.shown("474")
    assert talk.undelivered() == ["hello"]
    assert talk.session.messaging.current_room == ""
    assert talk.session.is_settled


def test_a_room_that_cannot_be_joined_just_now_is_asked_for_again(network: FakeNetwork) -> None:
    talk = Talk(network)
    talk.connect_until("JOIN").output.clear()
    talk.hear("FAIL JOIN TEMPORARILY_UNAVAILABLE #lobby :try later")
    talk.pass_time(15)
    talk.carry_up()
    assert len(talk.sent("JOIN")) == 2


def test_several_rooms_are_joined_with_their_keys(network: FakeNetwork) -> None:
    """RFC 2812 3.2.1: lists of rooms and of keys."""
    talk = Talk(network).start()
    talk.request("JOIN", "#one,#two", "key")
    talk.run()
    assert [message.params for message in talk.sent("JOIN")[1:]] == [["#one", "key"], ["#two"]]
    assert talk.session.is_settled


def test_kicked_out_is_not_joined_again(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.hear(":bob!u@h KICK #lobby alice :enough")
    talk.cut()
    talk.start()
    assert not talk.sent("JOIN")


def test_names_are_shown_when_asked_for(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.request("NAMES", "#lobby")
    talk.run()
    assert talk.shown("353")[-1].params[-1] == "alice @boss"


# --- silence, and leaving ----------------------------------------------------------------------------------


def test_a_silent_gateway_is_asked_and_then_given_up(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.pass_time(KEEPALIVE_S + 1)
    assert b"PING" in talk.session.take_output()
    assert not talk.session.is_dead
    talk.pass_time(DEAD_AFTER_S - KEEPALIVE_S)
    assert talk.session.is_dead


def test_a_gateway_that_never_welcomes_is_given_up(network: FakeNetwork) -> None:
    talk = Talk(network)
    talk.connect()
    talk.pass_time(REGISTRATION_LIMIT_S + 1)
    assert talk.session.is_dead


def test_leaving_waits_until_all_is_delivered_and_the_gateway_has_no_more(network: FakeNetwork) -> None:
    talk = Talk(network)
    for number in range(50):
        talk.say(f"line {number}")
    talk.session.finish(talk.now)
    connection = talk.connect()
    talk.run()
    assert talk.session.is_finished
    assert talk.session.has_delivered_all
    assert connection.has_quit
    assert len(network.log) == 50


def test_an_echo_that_comes_after_giving_up_is_still_our_own(network: FakeNetwork) -> None:
    talk = Talk(network).start()
    talk.say("late")
    talk.carry_up()
    talk.session.give_up(talk.now)
    talk.run()
    assert [event.is_typed_here for event in talk.events if isinstance(event, ServerEvent)][-1]


def test_giving_up_names_what_was_not_delivered(network: FakeNetwork) -> None:
    talk = Talk(network)
    talk.say("nobody hears this")
    talk.session.give_up(talk.now)
    talk.events += talk.session.take_events()
    assert talk.undelivered() == ["nobody hears this"]
    assert talk.session.is_finished
    assert not talk.session.has_delivered_all


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
    for talk in (Talk(network), Talk(network).start()):
        if talk.connection is None:
            talk.connect()
        talk.hear(line)
        for event in talk.session.take_events():
            screen_line(event, "#lobby")
        talk.session.disconnected(talk.now)
        talk.connect()
        talk.run()
        assert talk.session.is_registered
