"""Events for one session: the log, the facts, the present id; and the echoes of their sender."""

from gateway.chat.capabilities import ECHO_MESSAGE, MESSAGE_TAGS
from gateway.chat.effects import Reason, Rejection
from gateway.chat.events import EventId
from gateway.chat.member import Sender
from gateway.chat.render import log_mark, msgid
from gateway.lane.clients.client import Clients
from gateway.lane.direct.addressing import Addressing, echo, echo_again
from gateway.wire.message import Message, parse
from tests.stage.parts import Context, make_client


def test_an_event_goes_to_the_inbox_of_the_session_s_lane_and_names_the_session() -> None:
    log, line = Addressing(str).to_session("g.1.7", ":ann!u@h PRIVMSG bob :hi")
    assert (log, line) == ("@g.1", "@hubbub/to=g.1.7 :ann!u@h PRIVMSG bob :hi")


def test_tags_of_the_client_and_facts_of_the_sender_are_kept() -> None:
    _, line = Addressing(str).to_session("g.1.7", "@+x=1 :ann!u@h PRIVMSG bob :hi", Sender("acc", True))
    message = parse(line)
    assert message is not None
    assert message.tags["+x"] == "1"
    assert message.tags["hubbub/to"] == "g.1.7"
    assert "acc" in message.tags.values()


def test_a_session_of_this_lane_is_found_by_an_id_that_it_had() -> None:
    context = Context()
    context.rekey("gat1")
    log, _ = Addressing(context.current_sid).to_session("gate.0.7", "PING")
    assert log == "@gat1.0"


def test_the_echo_carries_the_label_of_the_command() -> None:
    message = parse("@hubbub/to=g.1.7 :ann!ann@host PRIVMSG bob :hi")
    assert isinstance(message, Message)
    for caps, lines in ((ECHO_MESSAGE, ["@label=x :ann!ann@host PRIVMSG bob :hi"]), (0, [])):
        client, connection = make_client(Context(), Clients(), "ann", caps=caps)
        echo(client, EventId("5-0", 0), message, "label=x")
        assert connection.lines == lines


def test_the_echo_of_a_message_in_a_room_that_was_left_has_its_msgid_and_the_client_s_tags() -> None:
    message = parse("@+x=1 :ann!ann@host PRIVMSG #A :hi")
    assert isinstance(message, Message)
    client, connection = make_client(Context(), Clients(), "ann", caps=ECHO_MESSAGE | MESSAGE_TAGS)
    echo(client, EventId("5-0", 2), message, "")
    assert connection.lines == [f"@msgid={msgid('5-0', 2, log_mark('#a'))};+x=1 :ann!ann@host PRIVMSG #A :hi"]


def test_a_message_that_was_sent_twice_is_answered_with_the_echo_of_the_first() -> None:
    tried = parse("@+hubbub/id=7 :ann!ann@host PRIVMSG #A :hi")
    assert isinstance(tried, Message)
    effect = Rejection(0, "gate.0.0", Reason.DUPLICATE, tried, "+hubbub/id=7", EventId("4-0", 1))
    for caps in (ECHO_MESSAGE | MESSAGE_TAGS, MESSAGE_TAGS):
        client, connection = make_client(Context(), Clients(), "ann", caps=caps)
        echo_again(client, effect, "label=x")
        shown = connection.lines
        assert len(shown) == bool(caps & ECHO_MESSAGE)
        assert all(msgid("4-0", 1, log_mark("#a")) in line and line.startswith("@label=x;") for line in shown)
