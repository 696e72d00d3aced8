"""IRCv3 message-redaction (draft): a message is deleted on all gateways, and is in no history any more."""

import re

import pytest

from tests.network.conftest import Visit
from tests.network.harness import Peer
from tests.network.test_multiline import batch, read_batch

CAPS = "batch draft/chathistory draft/message-redaction message-tags echo-message labeled-response"
PAST = f"{CAPS} draft/chathistory draft/multiline"


def msgid(lines: list[str]) -> str:
    """Return the msgid of the first line that has one."""
    return next(found[1] for line in lines if (found := re.match(r"@(?:.*;)?msgid=([^; ]+)", line)))


def say(peer: Peer, target: str, text: str = "oops") -> str:
    """Send a message. Return its msgid."""
    return msgid([line for line in peer.do(f"PRIVMSG {target} :{text}") if text in line])


def said(lines: list[str]) -> list[str]:
    return [line.rpartition(":")[2] for line in lines if " PRIVMSG " in line]


def redactions(lines: list[str]) -> list[str]:
    """Return the nick and the text after the verb."""
    return [re.sub(r"^(?:@\S+ )?:(\w+)!\S+ REDACT ", r"\1 ", line) for line in lines if " REDACT " in line]


def test_its_author_takes_back_what_he_said(visit: Visit) -> None:
    """IRCv3 message-redaction, "Command": sent to members with the capability only."""
    alice = visit(0, "alice", CAPS, "#Red")
    able, near = visit(1, "able", CAPS, "#red"), visit(0, "near", CAPS, "#red")
    tagged, plain = visit(1, "tagged", "message-tags", "#red"), visit(1, "plain", "", "#red")
    oops = say(alice, "#red")
    for reader in (able, near, tagged, plain):
        assert "oops" in reader.sync()[-1]
    answer = alice.do(f"@label=l REDACT #red {oops} :wrong room")
    assert redactions(answer) == [f"alice #Red {oops} :wrong room"]
    assert answer[0].startswith("@label=l")
    assert redactions(able.sync()) == redactions(near.sync()) == [f"alice #Red {oops} :wrong room"]
    assert tagged.sync() == plain.sync() == []
    later = say(alice, "#red")
    assert redactions(alice.do(f"REDACT #red {later}")) == [f"alice #Red {later}"]


def test_a_room_s_operator_takes_back_what_others_said(visit: Visit) -> None:
    """IRCv3 message-redaction, "Deleting someone else's PRIVMSG"; for others REDACT_FORBIDDEN."""
    op, alice, eve = visit(0, "op", CAPS, "#mod"), visit(1, "alice", CAPS, "#mod"), visit(1, "eve", CAPS, "#mod")
    spam = say(alice, "#mod", "spam")
    assert eve.do(f"REDACT #mod {spam}", f"@label=x REDACT #MOD {spam}")[-1] == (
        f"@label=x :irc.test FAIL REDACT REDACT_FORBIDDEN #mod {spam} :You are not authorised to delete this message"
    )
    op.do("MODE #mod +v eve")
    assert "REDACT_FORBIDDEN" in eve.do(f"REDACT #mod {spam}")[-1]
    op.do(f"REDACT #mod {spam} spam")
    assert redactions(alice.sync()) == redactions(eve.sync()) == [f"op #mod {spam} :spam"]
    mine = say(op, "#mod", "mine")
    assert "REDACT_FORBIDDEN" in alice.do(f"REDACT #mod {mine}")[-1]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("#elsewhere {id}", "INVALID_TARGET #elsewhere"),
        ("nobody-there {id}", "INVALID_TARGET nobody-there"),
        ("#unknown 1700000000000-0-0-00000000", "UNKNOWN_MSGID #unknown 1700000000000-0-0-00000000"),
        ("#unknown x", "UNKNOWN_MSGID #unknown x"),
        ("#unknown {id}0", "UNKNOWN_MSGID #unknown {id}0"),
        ("#unknown 0{id}", "UNKNOWN_MSGID #unknown 0{id}"),
        ("#unknown2 {id}", "UNKNOWN_MSGID #unknown2 {id}"),
        ("alice {id}", "UNKNOWN_MSGID alice {id}"),
    ],
)
def test_what_cannot_be_taken_back(visit: Visit, words: str, answer: str) -> None:
    """IRCv3 message-redaction, "Errors"."""
    visit(1, "op", CAPS, "#elsewhere", "#unknown", "#unknown2")
    alice = visit(0, "alice", CAPS, "#unknown", "#unknown2")
    client_msgid = say(alice, "#unknown")
    [failed] = alice.do(f"REDACT {words.format(id=client_msgid)} :why")
    assert failed.startswith(f":irc.test FAIL REDACT {answer.format(id=client_msgid)} :")


def test_it_must_be_negotiated(visit: Visit) -> None:
    """IRCv3 message-redaction, "Command": a client MUST negotiate the capability."""
    alice = visit(0, "alice", "message-tags echo-message", "#neg")
    assert " 421 alice REDACT " in alice.do(f"REDACT #neg {say(alice, '#neg')}")[-1]
    assert alice.do("REDACT #neg")[-1].startswith(":irc.test 461 alice REDACT ")


def test_no_history_has_it_and_it_is_taken_back_once(visit: Visit) -> None:
    """IRCv3 message-redaction, "Chat history": excluded entirely."""
    alice, bob = visit(0, "alice", PAST, "#hist"), visit(1, "bob", PAST, "#hist")
    say(alice, "#hist", "one")
    oops = say(alice, "#hist")
    say(alice, "#hist", "two")
    alice.do(f"REDACT #hist {oops}")
    for reader in (bob, alice):
        reader.sync()
        assert said(reader.do("CHATHISTORY LATEST #hist * 10")) == ["one", "two"]
        assert said(reader.do(f"CHATHISTORY BEFORE #hist msgid={oops} 10")) == ["one"]
    assert "UNKNOWN_MSGID" in alice.do(f"REDACT #hist {oops}")[-1]


def test_a_tagmsg_is_taken_back_too(visit: Visit) -> None:
    """IRCv3 message-redaction, "Deleting a TAGMSG"."""
    alice, bob = visit(0, "alice", CAPS, "#tag"), visit(1, "bob", CAPS, "#tag")
    alice.sync()
    react = msgid(alice.do("@+draft/react=x TAGMSG #tag"))
    alice.do(f"REDACT #tag {react}")
    assert redactions(bob.sync()) == [f"alice #tag {react}"]


def test_a_message_of_several_lines_is_taken_back_as_a_whole(visit: Visit) -> None:
    """IRCv3 multiline: one message with one id."""
    alice, bob = visit(0, "alice", PAST, "#lines"), visit(1, "bob", PAST, "#lines")
    alice.sync()
    has, _, _ = read_batch(alice.do(*batch("1", "#lines", ["one", "two"])))
    say(alice, "#lines", "three")
    alice.do(f"REDACT #lines {has['msgid']}")
    assert redactions(bob.sync()) == [f"alice #lines {has['msgid']}"]
    assert said(bob.do("CHATHISTORY LATEST #lines * 10")) == ["three"]


def test_to_a_person(visit: Visit) -> None:
    """IRCv3 message-redaction: "a target nickname"; its recipient is notified, and only its author may delete it."""
    alice, bob, eve = visit(0, "alice", CAPS), visit(1, "bob", CAPS), visit(1, "eve", CAPS)
    oops = say(alice, "bob")
    assert "oops" in bob.sync()[-1]
    for peer, target in ((eve, "bob"), (bob, "alice"), (alice, "eve"), (bob, "bob")):
        assert "UNKNOWN_MSGID" in peer.do(f"REDACT {target} {oops}")[-1]
    for peer, other in ((alice, "bob"), (bob, "alice")):
        assert any("oops" in line for line in peer.do(f"CHATHISTORY LATEST {other} * 10"))
    assert redactions(alice.do(f"@label=l REDACT BOB {oops} :sorry, bob")) == [f"alice bob {oops} :sorry, bob"]
    assert redactions(bob.sync()) == [f"alice bob {oops} :sorry, bob"]
    assert "UNKNOWN_MSGID" in alice.do(f"REDACT bob {oops}")[-1]
    for peer, other in ((alice, "bob"), (bob, "alice")):  # neither history has it any more
        assert not any("oops" in line for line in peer.do(f"CHATHISTORY LATEST {other} * 10"))


def test_to_a_person_who_has_not_the_capability(visit: Visit) -> None:
    """IRCv3 message-redaction: MUST NOT be forwarded to clients without the capability."""
    alice, bob = visit(0, "alice", CAPS), visit(1, "bob", "message-tags")
    oops = say(alice, "bob")
    assert redactions(alice.do(f"REDACT bob {oops}")) == [f"alice bob {oops}"]
    assert [line for line in bob.sync() if "oops" not in line] == []


def test_by_one_who_came_later_or_is_called_otherwise_now(visit: Visit) -> None:
    """IRCv3 message-redaction, "authorised": the author is a session, whatever its nick, not a nick."""
    alice, bob = visit(0, "alice", CAPS, "#names"), visit(1, "bob", CAPS, "#names")
    alice.do("MODE #names -o alice")
    oops = say(alice, "#names")
    alice.do("NICK alix")
    bob.do("NICK alice")
    assert "REDACT_FORBIDDEN" in bob.do(f"REDACT #names {oops}")[-1]
    assert redactions(alice.do(f"REDACT #names {oops}")) == [f"alix #names {oops}"]


def test_one_who_has_left_may_not(visit: Visit) -> None:
    """IRCv3 message-redaction, INVALID_TARGET."""
    op, alice = visit(0, "op", CAPS, "#left"), visit(1, "alice", CAPS, "#left")
    oops = say(alice, "#left")
    alice.do("PART #left")
    assert "INVALID_TARGET #left " in alice.do(f"REDACT #left {oops}")[-1]
    assert redactions(op.do(f"REDACT #left {oops}")) == [f"op #left {oops}"]
