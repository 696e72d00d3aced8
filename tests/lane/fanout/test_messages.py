"""Messages to the clients of a lane: the payload's own bytes, variants, echoes."""

from gateway.chat import events
from gateway.chat.capabilities import BATCH, ECHO_MESSAGE, MESSAGE_TAGS, MULTILINE, SERVER_TIME
from gateway.chat.effects import MessageSent, Reason, reason_of
from tests.chat.log import sid_of, source_of
from tests.lane.fanout.stage import Stage, lines

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
