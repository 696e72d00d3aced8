"""A session's output: numerics, standard replies, and responses with labels (IRCv3 labeled-response, batch)."""

import pytest

from gateway.chat.capabilities import BATCH, ECHO_MESSAGE, LABELED_RESPONSE, STANDARD_REPLIES
from gateway.chat.errors import CommandError
from gateway.chat.flood import ANSWER_BYTES
from gateway.chat.session import LABEL_LIMIT_BYTES, Session

BATCHED = LABELED_RESPONSE | BATCH


class Outlet:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def send(self, line: str) -> None:
        self.lines.append(line)


def made(caps: int = 0) -> tuple[Session, list[str]]:
    outlet = Outlet()
    session = Session("a.0.1", "irc.test", outlet, "::1", "h", 0.0)
    session.nick, session.user, session.caps = "ann", "u", caps
    return session, outlet.lines


def test_the_source_is_nick_user_and_host() -> None:
    session, _ = made()
    assert session.source == "ann!u@h"


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        (("#a", "No such channel"), "ann #a :No such channel"),
        (("", "x"), "ann * :x"),
        (("a b", "x"), "ann * :x"),
        ((":a", "x"), "ann * :x"),
        (("x" * 300, "text"), f"ann {'x' * 256} :text"),
    ],
)
def test_a_numeric_repeats_words_only(params: tuple[str, ...], shown: str) -> None:
    """RFC 2812 2.3.1: a middle parameter is a word. What a client sent must not break its own reply."""
    session, lines = made()
    session.numeric("403", *params)
    assert lines == [f":irc.test 403 {shown}"]


def test_before_a_nick_replies_are_to_a_star() -> None:
    session, lines = made()
    session.nick = ""
    session.numeric("451", "x")
    session.note("y")
    assert lines == [":irc.test 451 * :x", ":irc.test NOTICE * :y"]


def test_a_fail_is_a_notice_to_clients_that_do_not_know_it() -> None:
    """IRCv3 standard-replies."""
    for caps, shown in (
        (STANDARD_REPLIES, ":irc.test FAIL X CODE #a :text"),
        (0, ":irc.test NOTICE ann :X #a failed: text"),
    ):
        session, lines = made(caps)
        session.fail("X", "CODE", "#a", "text")
        assert lines == [shown]


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (CommandError("403", "#a", "none"), ":irc.test 403 ann #a :none"),
        (CommandError("CODE", "text", verb="X"), ":irc.test NOTICE ann :X failed: text"),
        (CommandError("CODE", "text", verb="X", is_implied=True), ":irc.test FAIL X CODE :text"),
    ],
)
def test_an_error_is_answered_as_it_says(error: CommandError, shown: str) -> None:
    session, lines = made()
    with session.answering():
        raise error
    assert lines == [shown]


def test_replies_and_charges_are_counted_until_flood_control_takes_them() -> None:
    session, _ = made()
    session.reply("x" * 100)
    session.charge(0.5)
    session.send("not a reply")
    assert session.owed == 100 + ANSWER_BYTES // 2


# -- labels ---------------------------------------------------------------------------------------


def respond(caps: int, *replies: str, label: str = "7") -> list[str]:
    session, lines = made(caps)
    session.begin_response(label)
    for reply in replies:
        session.reply(reply)
    assert lines == [] or not session.label, "it is sent as a whole"
    session.end_response()
    return lines


def test_no_reply_is_an_ack() -> None:
    assert respond(LABELED_RESPONSE) == ["@label=7 :irc.test ACK"]


def test_one_reply_has_the_label_beside_its_own_tags() -> None:
    assert respond(BATCHED, ":irc.test PONG x") == ["@label=7 :irc.test PONG x"]
    assert respond(BATCHED, "@time=1 :x") == ["@label=7;time=1 :x"]


def test_several_replies_are_a_batch_with_the_label() -> None:
    assert respond(BATCHED, ":a 1", ":a 2") == [
        "@label=7 :irc.test BATCH +b1 labeled-response",
        "@batch=b1 :a 1",
        "@batch=b1 :a 2",
        ":irc.test BATCH -b1",
    ]


def test_several_replies_without_batch_have_the_label_on_the_first() -> None:
    assert respond(LABELED_RESPONSE, ":a 1", ":a 2") == ["@label=7 :a 1", ":a 2"]


def test_a_reply_that_is_a_batch_has_the_label_itself() -> None:
    """IRCv3 labeled-response: if the response is one batch, that batch has the label."""
    replies = (":irc.test BATCH +h chathistory #a", "@batch=h :a 1", ":irc.test BATCH -h")
    assert respond(BATCHED, *replies) == [f"@label=7 {replies[0]}", *replies[1:]]


def test_a_label_is_escaped_and_one_that_is_too_long_is_none() -> None:
    assert respond(BATCHED, ":x", label="a b;") == ["@label=a\\sb\\: :x"]
    assert respond(BATCHED, ":x", label="x" * (LABEL_LIMIT_BYTES + 1)) == [":x"]
    assert respond(0, ":x") == [":x"]


def test_a_message_takes_the_label_to_its_echo_and_an_error_keeps_it() -> None:
    for caps, reply, taken, sent in (
        (BATCHED | ECHO_MESSAGE, "", "label=7", []),
        (BATCHED | ECHO_MESSAGE, ":x", "", ["@label=7 :x"]),
        (BATCHED, "", "", ["@label=7 :irc.test ACK"]),
    ):
        session, lines = made(caps)
        session.begin_response("7")
        if reply:
            session.reply(reply)
        assert session.take_label() == taken
        session.end_response()
        assert lines == sent


def test_a_response_of_several_echoes_ends_with_the_last_of_them() -> None:
    session, lines = made(BATCHED | ECHO_MESSAGE)
    session.begin_response("7")
    session.share_response()
    assert lines == ["@label=7 :irc.test BATCH +b1 labeled-response"]
    first, second = session.take_label(), session.take_label()
    session.reply(":error")
    session.end_response()
    assert lines[1:] == ["@batch=b1 :error"]
    session.answered(first)
    assert len(lines) == 2
    session.answered(second)
    assert lines[2:] == [":irc.test BATCH -b1"]


def test_a_late_answer_has_the_label_of_its_own_command() -> None:
    session, lines = made(BATCHED)
    session.begin_response("8")
    session.reply(":present")
    session.answer_late("label=7", lambda: session.reply(":late"))
    assert lines == ["@label=7 :late"]
    session.end_response()
    assert lines[1:] == ["@label=8 :present"]


def test_a_response_can_be_put_off_to_a_later_command() -> None:
    session, lines = made(BATCHED)
    session.begin_response("7")
    label = session.put_off_response()
    session.end_response()
    assert lines == []
    session.resume_response(label)
    session.reply(":x")
    session.end_response()
    assert lines == ["@label=7 :x"]


def test_a_dropped_response_leaves_no_trace() -> None:
    session, lines = made(BATCHED)
    session.begin_response("7")
    session.reply(":x")
    session.drop_response()
    session.end_response()
    assert lines == []


def test_a_reference_is_used_once() -> None:
    """IRCv3 batch: references must be unique on a connection."""
    session, _ = made()
    assert len({session.new_batch() for _ in range(100)}) == 100
