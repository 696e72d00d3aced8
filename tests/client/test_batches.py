"""Batches: a multiline message as one message, a page of history as one page, other lines with their label."""

from client.batches import Batches, HistoryBatch
from gateway.wire.message import Message, parse


def taken(*lines: str) -> list[Message | HistoryBatch]:
    batches = Batches()
    results = []
    for line in lines:
        message = parse(line)
        assert message is not None
        results.append(batches.take(message))
    return [result for result in results if result is not None]


def test_a_multiline_batch_is_one_message_with_the_tags_of_its_opening_line() -> None:
    """IRCv3 multiline: draft/multiline-concat joins a line to the one before it."""
    [message] = taken(
        "@msgid=m1;label=x :bob!b@h BATCH +1 draft/multiline #a",
        "@batch=1 :bob!b@h PRIVMSG #a :one",
        "@batch=1;draft/multiline-concat :bob!b@h PRIVMSG #a : two",
        "@batch=1 :bob!b@h PRIVMSG #a :three",
        "BATCH -1",
    )
    assert isinstance(message, Message)
    assert (message.verb, message.params, message.tags) == (
        "PRIVMSG",
        ["#a", "one two\nthree"],
        {"msgid": "m1", "label": "x"},
    )


def test_a_page_of_history_contains_whole_multiline_messages() -> None:
    [page] = taken(
        "@label=q;draft/chathistory-end :gw BATCH +h chathistory #a",
        "@batch=h;msgid=m1 :bob!b@h PRIVMSG #a :one",
        "@batch=h;msgid=m2 :bob!b@h BATCH +1 draft/multiline #a",
        "@batch=1 :bob!b@h PRIVMSG #a :two",
        "@batch=1 :bob!b@h PRIVMSG #a :three",
        "BATCH -1",
        "BATCH -h",
    )
    assert isinstance(page, HistoryBatch)
    assert (page.target, page.label, page.is_last(2)) == ("#a", "q", True)
    assert [line.params[1] for line in page.lines] == ["one", "two\nthree"]


def test_lines_of_other_batches_have_the_label_of_their_batch() -> None:
    """IRCv3 labeled-response: the batch has the label, its lines have none."""
    [line] = taken("@label=q BATCH +1 labeled-response", "@batch=1 :gw 311 a b c d * :e", "BATCH -1")
    assert isinstance(line, Message)
    assert line.tags["label"] == "q"


def test_an_empty_or_unknown_batch_is_nothing_and_its_lines_are_lines() -> None:
    assert taken("BATCH +1 draft/multiline #a", "BATCH -1", "BATCH -2", "BATCH -", "BATCH") == [Message("BATCH")]
    [line] = taken("@batch=unknown :bob!b@h PRIVMSG #a :hi")
    assert isinstance(line, Message)
