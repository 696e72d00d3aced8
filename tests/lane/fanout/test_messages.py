"""Messages to the clients of a lane: the payload's own bytes, variants, echoes."""

from gateway.chat import events
from gateway.chat.capabilities import BATCH, ECHO_MESSAGE, MESSAGE_TAGS, MULTILINE, SERVER_TIME
from gateway.chat.effects import MessageSent, Reason, reason_of
from tests.chat.log import sid_of, source_of
from tests.lane.fanout.stage import OTHER_LANE, Stage, lines

ROOM = "#room"


def test_plain_readers_are_sent_the_bytes_of_the_payload_without_their_own_lines() -> None:
    stage = Stage()
    alice, abe, amy = stage.client("alice"), stage.client("abe"), stage.client("amy", SERVER_TIME)
    stage.join(ROOM, "alice", "abe", "amy", "bob")
    for client in (alice, abe, amy):
        lines(client)
    stage.say(ROOM, "bob", "alice")
    bob, own = f":{source_of('bob')} PRIVMSG {ROOM} :by bob", f":{source_of('alice')} PRIVMSG {ROOM} :by alice"
    assert lines(alice) == [bob]
    assert lines(abe) == lines(amy) == [bob, own]


def test_an_echo_carries_the_label_and_its_event_is_finished() -> None:
    stage = Stage()
    alice = stage.client("alice", ECHO_MESSAGE | MESSAGE_TAGS)
    stage.join(ROOM, "alice")
    lines(alice)
    stage.say(ROOM, "alice", own=True)
    [(line, outcome)] = stage.finished
    assert (line, type(outcome)) == (f":{source_of('alice')} PRIVMSG {ROOM} :by alice", MessageSent)
    [echo] = lines(alice)
    assert echo.startswith("@msgid=")


def test_a_message_of_a_stale_nick_is_shown_under_the_current_one() -> None:
    """One room's log has brought the NICK, the other one's has not."""
    stage = Stage()
    alice = stage.client("alice", SERVER_TIME)
    for room in ("#a", "#b"):
        stage.join(room, "alice", "bob")
    stage.do("#a", "bob", events.renamed(source_of("bob"), "rob", "200"))
    lines(alice)
    stage.say("#b", "bob")
    stage.do("#b", "bob", events.said_in_lines(source_of("bob"), "NOTICE", "#b", "one", "\ntwo"))
    assert lines(alice) == [
        ":rob!bob@host PRIVMSG #b :by bob",
        ":rob!bob@host NOTICE #b :one",
        ":rob!bob@host NOTICE #b :two",
    ]


def test_several_lines_are_a_batch_to_those_who_accept_one() -> None:
    stage = Stage()
    plain, modern = stage.client("alice"), stage.client("amy", BATCH | MULTILINE | MESSAGE_TAGS)
    stage.join(ROOM, "alice", "amy", "bob")
    lines(plain), lines(modern)
    stage.do(ROOM, "bob", events.said_in_lines(source_of("bob"), "PRIVMSG", ROOM, "one", "\ntwo"))
    assert [line.rpartition(" ")[2] for line in lines(plain)] == [":one", ":two"]
    assert [" BATCH +" in line or line.startswith("@batch=") for line in lines(modern)] == [True, True, True, False]


def test_an_ephemeral_tagmsg_goes_to_readers_of_tags_and_not_to_its_sender() -> None:
    stage = Stage()
    alice, amy, plain = stage.client("alice", MESSAGE_TAGS), stage.client("amy", MESSAGE_TAGS), stage.client("abe")
    stage.join(ROOM, "alice", "amy", "abe")
    for client in (alice, amy, plain):
        lines(client)
    payload = events.encode([(sid_of("alice"), events.tagmsg(source_of("alice"), ROOM, "+typing=active"))])
    stage.fanout.ephemeral(stage.room(ROOM), events.decode("1-0", "", payload))
    assert lines(amy) == [f"@+typing=active :{source_of('alice')} TAGMSG {ROOM}"]
    assert lines(alice) == lines(plain) == []


def test_the_last_effect_of_an_event_is_its_outcome_and_a_dead_gateway_may_send_it_again() -> None:
    stage = Stage()
    stage.client("alice")
    stage.join(ROOM, "alice", "bob")
    stage.listener.rejected_after_gone.side_effect = lambda _room, pending: "again" in pending.line
    stage.append(ROOM, events.gone("gwa"))
    again = events.said(source_of("alice"), "PRIVMSG", ROOM, "again")
    stage.append(ROOM, (sid_of("alice"), again), (sid_of("bob"), events.parted("", ROOM)), own=True)
    assert [line for line, _ in stage.finished] == [events.parted("", ROOM)]
    stage.do(ROOM, "alice", events.said(source_of("alice"), "PRIVMSG", ROOM, "late"), own=True)
    assert reason_of(stage.finished[-1][1]) is Reason.GATEWAY_DEAD


def spoken(nick: str, text: str) -> tuple[str, str]:
    return sid_of(nick), events.said(source_of(nick), "PRIVMSG", ROOM, text)


def test_only_the_sender_s_own_lines_have_the_label_or_are_left_out() -> None:
    stage = Stage()
    echoing, silent, other = stage.client("alice", ECHO_MESSAGE), stage.client("abe"), stage.client("amy")
    stage.join(ROOM, "alice", "abe", "amy", "bob")
    for client in (echoing, silent, other):
        lines(client)
    batch = [spoken("alice", "1"), spoken("bob", "2"), spoken("abe", "3")]
    stage.append(ROOM, *batch, own=True, label="label=7")
    one, two, three = (line for _, line in batch)
    assert lines(echoing) == [f"@label=7 {one}", two, three]
    assert lines(silent) == [one, two]
    assert lines(other) == [one, two, three]


def test_a_single_message_that_is_echoed_with_a_label() -> None:
    stage = Stage()
    alice, silent = stage.client("alice", ECHO_MESSAGE), stage.client("abe")
    stage.join(ROOM, "alice", "abe")
    lines(alice), lines(silent)
    for nick in ("alice", "abe"):
        stage.append(ROOM, spoken(nick, "hi"), own=True, label="label=7")
    assert lines(alice) == [f"@label=7 {spoken('alice', 'hi')[1]}", spoken("abe", "hi")[1]]
    assert lines(silent) == [spoken("alice", "hi")[1]]


def test_rejected_events_of_the_lane_are_told_to_the_log_writer_and_those_of_others_are_not() -> None:
    stage = Stage()
    stage.client("alice")
    stage.join(ROOM, "alice")
    bad = (sid_of("alice"), events.kicked("", ROOM, "zed", "gwz.0.zed", ""))
    stage.append(ROOM, spoken("alice", "hi"), bad)
    stage.log_writer.forget_rejected.assert_not_called()
    stage.append(ROOM, spoken("alice", "hi"), bad, own=True)
    [(name, _, rejected)] = [call.args for call in stage.log_writer.forget_rejected.call_args_list]
    assert (name, rejected) == (ROOM, {1})


def test_messages_that_clients_have_seen_are_not_shown_again_when_their_entry_is_restored() -> None:
    """Redis had lost the entry, and its lane appended it again. What else it changes is shown."""
    stage = Stage()
    alice = stage.client("alice")
    stage.join(ROOM, "bob", "alice")
    lines(alice)
    stage.room(ROOM).shown = {OTHER_LANE: stage.at_ms + 1}
    batch = [spoken("bob", "hi"), (sid_of("bob"), events.topic_set("", ROOM, "tea"))]
    stage.append(ROOM, *batch)
    assert lines(alice) == [f":{source_of('bob')} TOPIC {ROOM} :tea"]
    stage.append(ROOM, spoken("bob", "later"))
    assert lines(alice) == [spoken("bob", "later")[1]]


def test_a_restored_join_of_the_lane_shows_the_room_to_its_client() -> None:
    """No handler waits for it any more."""
    stage = Stage()
    stage.client("alice")
    stage.log_writer.acknowledge.side_effect = lambda *_entry: None
    facts: dict[str, str | int] = {"token": 100, "seen": "1-0"}
    join = (sid_of("alice"), events.joined(source_of("alice"), ROOM, "", facts))
    stage.append(ROOM, join, own=True)
    [effect] = [call.args[0] for call in stage.listener.rejoined.call_args_list]
    assert effect.sid == sid_of("alice")
    assert stage.finished == []
