"""The batch that a client has open: its lines are taken, its first error is answered, the rest is ignored."""

import pytest

from gateway.chat.batches import collect, end_overdue, refuse
from gateway.chat.errors import CommandError
from gateway.chat.multiline import LIMIT_S, Batch, batch_error
from gateway.chat.session import Session
from gateway.wire.message import Message

OPENED_AT = 1000.0


class Lines(list[str]):
    """An outlet that keeps what it is sent."""

    send = list.append


def opened(label: str = "") -> tuple[Session, Lines]:
    lines = Lines()
    session = Session("a.0.1", "irc.test", lines, "::1", "h", 0.0)
    session.batch = Batch(Message("BATCH", ["+1", "draft/multiline", "#tea"]), label, OPENED_AT)
    return session, lines


def line(text: str, target: str = "#tea", batch: str = "1") -> Message:
    return Message("PRIVMSG", [target, text], tags={"batch": batch})


def test_lines_of_the_batch_become_one_message() -> None:
    session, lines = opened()
    for text in ("one", "two"):
        collect(session, line(text))
    assert session.batch is not None
    assert session.batch.message().params == ["#tea", "one\ntwo"]
    assert lines == []


@pytest.mark.parametrize("is_open", [True, False])
def test_a_line_of_a_batch_that_is_not_open_is_refused(is_open: bool) -> None:
    session, _ = opened()
    if not is_open:
        session.batch = None
    with pytest.raises(CommandError) as raised:
        collect(session, line("x", batch="2"))
    assert (raised.value.verb, raised.value.code) == ("BATCH", "MULTILINE_INVALID")


def test_the_first_error_is_answered_and_all_later_lines_are_ignored() -> None:
    """IRCv3 client-batch: the batch is answered once."""
    session, lines = opened()
    collect(session, line("x", target="#other"))
    collect(session, line("x", target="#other"))
    collect(session, line("good"))
    (answer,) = lines
    assert answer.startswith(":irc.test FAIL BATCH MULTILINE_INVALID_TARGET #tea #other ")
    assert session.batch is not None, "it stays until its end"
    refuse(session, batch_error("TIMEOUT", "1", "again"))
    assert len(lines) == 1


def test_the_error_has_the_label_of_the_opening_and_not_of_the_present_command() -> None:
    """IRCv3 labeled-response, "Batched responses"."""
    session, lines = opened("label=7")
    session.label, session.response = "label=8", []
    refuse(session, batch_error("TIMEOUT", "1", "x"))
    assert [one.partition(" ")[0] for one in lines] == ["@label=7"]
    assert (session.label, session.response) == ("label=8", [])


def test_a_batch_that_is_left_open_is_refused_after_its_limit_and_once() -> None:
    session, lines = opened()
    end_overdue(session, OPENED_AT + LIMIT_S)
    assert lines == []
    for _ in range(2):
        end_overdue(session, OPENED_AT + LIMIT_S + 0.1)
    assert lines == [":irc.test FAIL BATCH TIMEOUT 1 :The batch was left open for too long"]
    session.batch = None
    end_overdue(session, OPENED_AT + 10 * LIMIT_S)
    assert len(lines) == 1
