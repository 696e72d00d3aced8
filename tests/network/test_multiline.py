"""IRCv3 multiline and client-batch (drafts): a message of several lines, between gateways."""

import re
from collections.abc import Iterable

import pytest

from gateway.chat.multiline import MAX_BYTES, MAX_LINES
from tests.network.conftest import Visit

CAPS = "batch draft/multiline message-tags labeled-response"
ECHO = f"{CAPS} echo-message"
TEXT: list[str | tuple[str]] = ["hello", "", "how is ", ("everyone?",)]
"""The specification's example. A line that continues the one before is a tuple."""

READERS = {
    "able": "batch draft/multiline message-tags",
    "tagged": "message-tags",
    "plain": "",
    "half": "draft/multiline message-tags",
    "untagged": "batch draft/multiline",
}


def batch(reference: str, target: str, lines: Iterable[str | tuple[str]], verb: str = "PRIVMSG") -> list[str]:
    """Return the lines of a client's batch."""
    inside = []
    for line in lines:
        concat = ";draft/multiline-concat" if isinstance(line, tuple) else ""
        inside.append(f"@batch={reference}{concat} {verb} {target} :{line[0] if isinstance(line, tuple) else line}")
    return [f"BATCH +{reference} draft/multiline {target}", *inside, f"BATCH -{reference}"]


def tags(line: str) -> dict[str, str]:
    text = line.partition(" ")[0].removeprefix("@") if line.startswith("@") else ""
    return dict(tag.partition("=")[::2] for tag in text.split(";") if tag)


def read_batch(lines: list[str]) -> tuple[dict[str, str], str, list[str | tuple[str]]]:
    """Return (tags, target, lines) of the only batch, and check its form (IRCv3 multiline, "Batch types")."""
    start = next(at for at, line in enumerate(lines) if " BATCH +" in line)
    opening, *inside, closing = lines[start:]
    reference, kind, target = opening.partition(" BATCH +")[2].split(" ")
    assert kind == "draft/multiline"
    assert closing.endswith(f"BATCH -{reference}")
    source = re.search(r":(\S+) BATCH", opening)
    assert source is not None
    found: list[str | tuple[str]] = []
    for line in inside:
        has = tags(line)
        assert has.pop("batch") == reference
        assert f" :{source[1]} PRIVMSG {target} :" in line or f" :{source[1]} NOTICE {target} :" in line
        text = line.partition(" :")[2].partition(" :")[2]
        found.append((text,) if "draft/multiline-concat" in has else text)
        assert has.keys() <= {"draft/multiline-concat"}  # "Message ids": on the batch alone
    return tags(opening), target, found


def said(lines: list[str]) -> list[str]:
    return [line for line in lines if " PRIVMSG " in line or " NOTICE " in line]


def text(line: str) -> str:
    return line.partition(" :")[2] if not line.startswith("@") else line.partition(" :")[2].partition(" :")[2]


@pytest.mark.parametrize("verb", ["PRIVMSG", "NOTICE"])
def test_each_reader_in_a_room_is_sent_it_as_he_can_take_it(visit: Visit, verb: str) -> None:
    """IRCv3 multiline, "Batch types", "Fallback": as a batch, or line by line without blank ones."""
    room = f"#ml-{verb.lower()}"
    alice = visit(0, "alice", CAPS, room)
    readers = [visit(at, f"{name}{at}", caps, room) for at in (0, 1) for name, caps in READERS.items()]
    person = visit(1)
    person.send("person", f"/join {room}")
    person.until(f"joined {room}")
    for reader in (alice, *readers):
        reader.sync()
    opening, *rest = batch("1", room, TEXT, verb)
    assert alice.do(f"@+draft/reply=x {opening}", *rest) == []  # no echo
    for reader in readers:
        lines = reader.sync()
        if reader.nick[:-1] in ("able", "untagged"):
            has, target, found = read_batch(lines)
            assert (target, found) == (room, TEXT)
            assert has.get("+draft/reply") == ("x" if reader.nick.startswith("able") else None)
            assert ("msgid" in has) == reader.nick.startswith("able")
        else:
            assert [text(line) for line in said(lines)] == ["hello", "how is ", "everyone?"]
            assert not [line for line in lines if "BATCH" in line]
            each = [tags(line) for line in lines]
            if reader.nick.startswith("plain"):
                assert each == [{}] * 3
            else:
                assert each[0].keys() == {"msgid", "+draft/reply"}  # "Message ids": on the first alone
                assert each[1:] == [{}] * 2
    person.send("/nick person2")
    lines = [line for line in person.until("you are now") if line.startswith("alice: ")]
    assert lines == ["alice: hello", "alice: how is ", "alice: everyone?"]


def test_the_echo_is_the_batch_with_the_label_on_its_beginning(visit: Visit) -> None:
    """IRCv3 multiline, "Labeled response with echo-message": the label on the opening BATCH alone."""
    alice = visit(0, "alice", ECHO, "#echo")
    bob = visit(1, "bob", ECHO, "#echo")
    alice.sync()
    opening, *rest = batch("x", "#ECHO", TEXT)
    echo = alice.do(f"@label=l;+a=b {opening}", *rest)
    has, target, found = read_batch(echo)
    assert (target, found) == ("#echo", TEXT)
    assert has.pop("label") == "l"
    assert has.keys() == {"msgid", "+a"}
    assert (has, target, found) == read_batch(bob.sync())


@pytest.mark.parametrize("caps", [ECHO, CAPS])
def test_to_a_person(visit: Visit, caps: str) -> None:
    """IRCv3 multiline: the target of a batch is a recipient, as for a message."""
    alice = visit(0, "alice", caps)
    bob = visit(1, "bob", CAPS)
    eve = visit(1, "eve", "message-tags")
    for nick in ("bob", "eve"):
        opening, *rest = batch("dm", nick, TEXT)
        answer = alice.do(f"@label=l {opening}", *rest)
        if caps == ECHO:
            assert read_batch(answer)[1:] == (nick, TEXT)
            assert tags(answer[0])["label"] == "l"
        else:
            assert answer == ["@label=l :irc.test ACK"]
    assert read_batch(bob.sync())[1:] == ("bob", TEXT)
    lines = eve.sync()
    assert [text(line) for line in lines] == ["hello", "how is ", "everyone?"]
    assert ["msgid" in line for line in lines] == [True, False, False]


def test_to_a_room_from_outside(visit: Visit) -> None:
    """IRCv3 multiline with echo-message; Modern IRC "No External Messages Mode"."""
    op = visit(0, "op", CAPS, "#outside")
    alice = visit(1, "alice", ECHO)
    opening, *rest = batch("1", "#outside", TEXT)
    assert " 404 alice #outside " in alice.do(f"@label=n {opening}", *rest)[0]
    op.do("MODE #outside -n")
    echo = alice.do(f"@label=y {opening}", *rest)
    assert tags(echo[0])["label"] == "y"
    assert read_batch(echo)[1:] == read_batch(op.sync())[1:] == ("#outside", TEXT)


def test_a_batch_of_one_line_is_an_ordinary_message(visit: Visit) -> None:
    """IRCv3 multiline: "one or more PRIVMSG lines". One line needs no batch."""
    alice = visit(0, "alice", ECHO, "#one")
    [echo] = [line for line in alice.do(*batch("1", "#one", ["alone"])) if " JOIN " not in line]
    assert echo.endswith(" PRIVMSG #one :alone")
    assert "batch" not in echo


def test_other_commands_go_on_while_a_batch_is_open(visit: Visit) -> None:
    """IRCv3 client-batch asks clients not to do this. A client that does it loses nothing, and its batch is whole."""
    alice = visit(0, "alice", CAPS, "#mixed")
    bob = visit(1, "bob", CAPS, "#mixed")
    opening, *inside, closing = batch("1", "#mixed", TEXT)
    alice.do(opening, *inside[:2])
    alice.do("PRIVMSG #mixed :aside", "JOIN #mixed2", *inside[2:])
    assert [text(line) for line in said(bob.sync())] == ["aside"]
    alice.do(closing)
    assert read_batch(bob.sync())[2] == TEXT


def test_tags_of_blank_lines_are_dropped_and_the_batch_is_said(visit: Visit) -> None:
    """IRCv3 multiline: a blank line is refused only in two cases; the message's tags are on the opening BATCH."""
    alice, bob = visit(0, "alice", CAPS, "#blank"), visit(1, "bob", "message-tags", "#blank")
    opening = "@+hubbub.test/a=1 BATCH +1 draft/multiline #blank"
    lines = [
        f"@batch=1{tag} PRIVMSG #blank :{said}" for tag, said in ((";+hubbub.test/b=2", ""), ("", "first"), ("", "z"))
    ]
    alice.do(opening, *lines, "BATCH -1")
    heard = [line for line in bob.sync() if " PRIVMSG " in line]
    assert [text(line) for line in heard] == ["first", "z"]
    assert [tags(line).get("+hubbub.test/a") for line in heard] == ["1", None]
    assert not any("+hubbub.test/b" in line for line in heard)


@pytest.mark.parametrize(
    ("lines", "failure"),
    [
        (batch("1", "#bad", ["x"] * (MAX_LINES + 1)), f"MULTILINE_MAX_LINES {MAX_LINES} :"),
        (batch("1", "#bad", ["x" * 400] * (MAX_BYTES // 400 + 1)), f"MULTILINE_MAX_BYTES {MAX_BYTES} :"),
        (batch("1", "#bad", ["", ""]), "MULTILINE_INVALID :"),
        (batch("1", "#bad", []), "MULTILINE_INVALID :"),
        (batch("1", "#bad", ["x", ("",), "y"]), "MULTILINE_INVALID :"),
        (batch("1", "#bad,#bad2", ["x", "y"]), "MULTILINE_INVALID :"),
        (["BATCH +1 draft/multiline #bad", "@batch=1 PRIVMSG #bar x"], "MULTILINE_INVALID_TARGET #bad #bar :"),
        ([*batch("1", "#bad", ["x"])[:2], "@batch=1 NOTICE #bad y"], "MULTILINE_INVALID :"),
        (["BATCH +1 draft/multiline #bad", "@batch=1 PRIVMSG #bad"], "MULTILINE_INVALID :"),
        (["BATCH +1 draft/multiline #bad", "@batch=1;+a TAGMSG #bad"], "MULTILINE_INVALID :"),
        (["BATCH +1 draft/multiline #bad", "@batch=1;+a PRIVMSG #bad :x"], "MULTILINE_INVALID :"),
        (["BATCH +1 draft/multiline #bad", "@batch=1 BATCH +2 draft/multiline #bad"], "MULTILINE_INVALID :"),
        (["BATCH +1 draft/multiline"], "MULTILINE_INVALID :"),
        (["@batch=7 PRIVMSG #bad :x"], "MULTILINE_INVALID :"),
        (["BATCH -7"], "MULTILINE_INVALID :"),
        (["BATCH +1 example.com/foo #bad"], "UNKNOWN_TYPE 1 example.com/foo :"),
        (["BATCH +1"], "UNKNOWN_TYPE 1 * :"),
        (["BATCH +1_ draft/multiline #bad"], "INVALID_REFTAG 1_ :"),
        (["BATCH 1 draft/multiline #bad"], "INVALID_REFTAG 1 :"),
    ],
)
def test_a_batch_that_cannot_be_said(visit: Visit, lines: list[str], failure: str) -> None:
    """IRCv3 multiline, "Errors", and client-batch, "Errors": one FAIL and no message. The next batch works."""
    alice = visit(0, "alice", CAPS, "#bad")
    bob = visit(1, "bob", "", "#bad")
    alice.sync()
    is_open = "BATCH +" in lines[0] and lines[-1] != "BATCH -1"
    reference = lines[0].partition("+")[2].partition(" ")[0]
    more = [f"@batch={reference} PRIVMSG #bad :rest", f"BATCH -{reference}"] if is_open else []
    failed = alice.do(*lines, *more)
    assert [line.startswith(f":irc.test FAIL BATCH {failure}") for line in failed] == [True]
    assert bob.sync() == []
    alice.do(*batch("2", "#bad", ["good", "again"]))
    assert [text(line) for line in bob.sync()] == ["good", "again"]


def test_a_failure_has_the_label_of_its_batch(visit: Visit) -> None:
    """IRCv3 labeled-response: one answer to the labeled command, which is the opening BATCH."""
    alice = visit(0, "alice", CAPS, "#bad")
    opening, *rest = batch("1", "#bad", ["", ""])
    [failed] = alice.do(f"@label=l {opening}", *rest)
    assert failed.startswith("@label=l :irc.test FAIL BATCH MULTILINE_INVALID :")


def test_a_batch_that_another_follows_before_its_end_is_none(visit: Visit) -> None:
    """IRCv3 client-batch: until it is closed nothing else may come."""
    alice = visit(0, "alice", CAPS, "#two")
    bob = visit(1, "bob", "", "#two")
    alice.sync()
    [failed] = alice.do(*batch("1", "#two", ["lost"])[:2], *batch("2", "#two", ["kept", "too"]))
    assert failed.startswith(":irc.test FAIL BATCH MULTILINE_INVALID :")
    assert [text(line) for line in bob.sync()] == ["kept", "too"]


def test_without_the_capability_there_is_no_such_command(visit: Visit) -> None:
    """IRCv3 client-batch: only with a capability that allows it. Without it, the tag has no meaning either."""
    alice = visit(0, "alice", "batch message-tags", "#none")
    bob = visit(1, "bob", "", "#none")
    [failed] = [line for line in alice.do("BATCH +1 draft/multiline #none") if " JOIN " not in line]
    assert " 421 alice BATCH " in failed
    alice.do("@batch=1 PRIVMSG #none :said")
    assert [text(line) for line in bob.sync()] == ["said"]


def test_the_largest_text_that_fits(visit: Visit) -> None:
    """IRCv3 multiline, `max-bytes`, `max-lines`: the limits are inclusive, and count a byte for each line feed."""
    alice = visit(0, "alice", f"{ECHO} draft/chathistory", "#full")
    bob = visit(1, "bob", CAPS, "#full")
    lines = ["; \\" * 54] * (MAX_LINES - 1)
    lines.append(" " * (MAX_BYTES - len("\n".join(lines)) - 1))
    assert len("\n".join(lines)) == MAX_BYTES
    opening, *rest = batch("1", "#full", lines)
    tag = f"+a={'x' * 4091}"
    assert " BATCH +" in alice.do(f"@{tag} {opening}", *rest)[-len(lines) - 2]
    has, _, found = read_batch(bob.sync())
    assert found == lines
    assert has["+a"] == "x" * 4091


def test_a_relayed_line_is_cut_between_characters(visit: Visit) -> None:
    """RFC 2812 2.3: each line has at most 512 bytes, the source included."""
    alice = visit(0, "alice", CAPS, "#cut")
    able = visit(1, "able", CAPS, "#cut")
    plain = visit(1, "plain", "", "#cut")
    able.sync()
    alice.do(*batch("1", "#cut", ["ä" * 240, "ö" * 240]))
    for reader in (able, plain):
        lines = said(reader.sync())
        assert [set(text(line)) for line in lines] == [{"ä"}, {"ö"}]
        assert all(506 <= len(line.partition(":")[2].encode()) + 1 <= 510 for line in lines)


def test_history_has_it_as_it_was(visit: Visit) -> None:
    """IRCv3 chathistory with multiline: a batch in the batch, or line by line; it counts as one message."""
    caps = f"{CAPS} draft/chathistory"
    alice = visit(0, "alice", ECHO, "#past")
    echo = read_batch(alice.do(*batch("1", "#past", TEXT)))
    alice.do("PRIVMSG #past :after")
    bob = visit(1, "bob", caps, "#past")
    outer, *inside, _ = bob.do("CHATHISTORY LATEST #past * 2")
    reference = re.search(r"BATCH \+(\S+)", outer)
    assert reference is not None
    nested, last = inside[:-1], inside[-1]
    assert tags(nested[0])["batch"] == tags(nested[-1])["batch"] == tags(last)["batch"] == reference[1]  # IRCv3 batch
    has, target, found = read_batch(nested)
    assert (has.pop("batch"), (has, target, found)) == (reference[1], echo)
    eve = visit(1, "eve", "draft/chathistory", "#past")
    lines = eve.do("CHATHISTORY LATEST #past * 2")
    assert [text(line) for line in lines] == ["hello", "how is ", "everyone?", "after"]


def test_plain_text_reads_it_on_joining(visit: Visit) -> None:
    alice = visit(0, "alice", CAPS, "#lobby")
    alice.do(*batch("1", "#lobby", TEXT))
    person = visit(1)
    person.send("person")
    lines = person.until("everyone?")
    assert lines[-3:] == ["alice: hello", "alice: how is ", "alice: everyone?"]


def test_sent_again_it_is_said_once_and_echoed_as_the_first(visit: Visit) -> None:
    """docs/protocol.md, "Sending again": the batch is one message with one id."""
    alice = visit(0, "alice", ECHO, "#again")
    bob = visit(1, "bob", CAPS, "#again")
    opening, *rest = batch("1", "#again", TEXT)
    alice.sync()
    first = alice.do(f"@+hubbub/id=7 {opening}", *rest)
    again = alice.do(f"@+hubbub/id=7 {opening}", *rest)
    assert read_batch(first) == read_batch(again) == read_batch(bob.sync())
