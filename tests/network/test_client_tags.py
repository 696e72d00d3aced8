"""Client-only tags between gateways: typing, replies, reactions (IRCv3 message-tags, client-tags)."""

import pytest

from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES, TAGS_LIMIT_BYTES
from tests.network.conftest import Visit

TAGS = "message-tags server-time"
ECHO = "message-tags echo-message labeled-response"
PAST = "batch draft/chathistory message-tags"

REPLY = "+draft/reply=1700000000000-0-0-0badcafe"


def tags(line: str) -> dict[str, str]:
    text = line.partition(" ")[0].removeprefix("@") if line.startswith("@") else ""
    return dict(tag.partition("=")[::2] for tag in text.split(";") if tag)


@pytest.mark.parametrize(
    "sent",
    [
        "+typing=active",
        "+typing=paused",
        "+typing=done",
        f"{REPLY};+draft/react=\N{THUMBS UP SIGN}",
        f"{REPLY};+draft/unreact=:)",
        "+reply=x;+react=lol",
        "+example.org/anything=a\\sb\\:c",
    ],
)
def test_they_are_relayed_by_tagmsg_to_those_who_have_message_tags(visit: Visit, sent: str) -> None:
    """IRCv3 message-tags, "TAGMSG": MUST NOT be delivered to others; typing, reply, react."""
    alice = visit(0, "alice", "message-tags", "#tags")
    near, far = visit(0, "near", TAGS, "#tags"), visit(1, "far", TAGS, "#tags")
    plain, timed = visit(1, "plain", "", "#tags"), visit(1, "timed", "server-time", "#tags")
    person = visit(1)
    person.send("person", "/join #tags")
    person.until("joined #tags")
    for peer in (alice, near, far, plain, timed):
        peer.sync()
    assert alice.do(f"@{sent};unknown=x TAGMSG #tags", f"@{sent} TAGMSG far", f"@{sent} TAGMSG plain") == []
    wanted = dict(tag.partition("=")[::2] for tag in sent.split(";"))
    for peer, lines in ((near, near.sync()), (far, far.sync())):
        assert [line.partition(" TAGMSG ")[2] for line in lines] == ["#tags", "far"][: 1 + (peer is far)]
        for line in lines:
            has = tags(line)
            assert has.pop("time").endswith("Z")
            has.pop("msgid", None)
            assert has == wanted
    assert plain.sync() == timed.sync() == []
    person.send("/nick persona")
    assert not [line for line in person.until("you are now") if "alice" in line and "in #tags" not in line]


@pytest.mark.parametrize("sent", [f"{REPLY};+draft/react=lol", REPLY, "+typing=done"])
def test_they_are_relayed_by_messages(visit: Visit, sent: str) -> None:
    """IRCv3 message-tags: client-only tags MUST be relayed on PRIVMSG and NOTICE; others see the text alone."""
    alice = visit(0, "alice", "message-tags", "#said")
    far, plain = visit(1, "far", "message-tags", "#said"), visit(1, "plain", "", "#said")
    alice.sync()
    far.sync()
    alice.do(f"@{sent} PRIVMSG #said :lol", f"@{sent} NOTICE far :note")
    shown = [tags(line) for line in far.sync() if "lol" in line or "note" in line]
    assert all(has.pop("msgid") for has in shown)
    assert shown == [dict(tag.partition("=")[::2] for tag in sent.split(";"))] * 2
    assert [line.startswith(":alice!") for line in plain.sync()] == [True]


def test_the_echo_of_typing(visit: Visit) -> None:
    """IRCv3 echo-message, labeled-response: one answer, stored in a log or not."""
    alice, bob = visit(0, "alice", ECHO, "#echo"), visit(1, "bob", ECHO)
    alice.sync()
    for target in ("#echo", "bob"):
        [echo] = alice.do(f"@label=l;+typing=active TAGMSG {target}")
        assert tags(echo) == {"label": "l", "+typing": "active"}
        assert echo.endswith(f" TAGMSG {target}")
    assert len(bob.sync()) == 1


def test_who_may_not_speak_may_not_type(visit: Visit) -> None:
    """RFC 2812 3.3.1 ERR_CANNOTSENDTOCHAN, for TAGMSG as for PRIVMSG; ERR_NOSUCHNICK."""
    op, bob = visit(0, "op", TAGS, "#mute"), visit(1, "bob", ECHO, "#mute")
    eve = visit(1, "eve", ECHO)
    op.do("MODE #mute +m")
    bob.sync()
    op.sync()
    for peer in (bob, eve):
        assert f" 404 {peer.nick} #mute " in peer.do("@+typing=active TAGMSG #mute")[0]
    assert " 401 eve nobody-there " in eve.do("@+typing=active TAGMSG nobody-there")[0]
    assert op.sync() == []
    op.do("MODE #mute -mn")
    bob.sync()
    assert len(eve.do("@+typing=active TAGMSG #mute")) == 1
    assert [tags(line)["+typing"] for line in op.sync() if " TAGMSG " in line] == ["active"]


@pytest.mark.parametrize("reaction", ["two\\swords", "x" * 17, "\N{THUMBS UP SIGN}" * 2, "", "a\u200bb"])
def test_what_is_no_reaction_is_refused_by_name(visit: Visit, reaction: str) -> None:
    """docs/protocol.md, "Reactions"."""
    alice, bob = visit(0, "alice", f"{ECHO} standard-replies", "#react"), visit(1, "bob", TAGS, "#react")
    alice.sync()
    for key, line in (("react", "TAGMSG #react"), ("unreact", "TAGMSG #react"), ("react", "PRIVMSG #react :text")):
        (answer,) = alice.do(f"@label=1;{REPLY};+draft/{key}={reaction} {line}")
        assert f" FAIL {line.split()[0]} INVALID_REACTION #react :" in answer
    assert bob.sync() == []


def test_no_line_is_relayed_with_more_tags_than_clients_take(visit: Visit) -> None:
    """IRCv3 message-tags, "Size limit" (8191 bytes): a key of broken UTF-8 would grow to three times its size."""
    alice, bob = visit(0, "alice", ECHO, "#size"), visit(1, "bob", f"{TAGS} account-tag batch", "#size")
    alice.sync()
    largest = b"+a=" + b"x" * (CLIENT_TAGS_LIMIT_BYTES - len("@+a= "))
    for sent in (b"+" + b"\xff" * 4000, b";".join(b"+\xff%d" % n for n in range(500)), largest):
        alice.send_raw(b"@" + sent + b" PRIVMSG #size :text\r\n")
    alice.sync()
    heard = [line.partition(" ")[0] for line in bob.sync()]
    assert ["+" in one for one in heard] == [False, False, True]
    assert max(len(one.encode()) for one in heard) < TAGS_LIMIT_BYTES


def test_typing_is_in_no_log_and_reactions_are(visit: Visit) -> None:
    """docs/protocol.md, "Following": an ephemeral message does not change a replica's position."""
    alice, bob = visit(0, "alice", f"{PAST} echo-message", "#log"), visit(1, "bob", PAST, "#log")
    alice.sync()
    assert "msgid" not in tags(alice.do("@+typing=active TAGMSG #log")[-1])
    assert "msgid" in tags(alice.do(f"@{REPLY};+draft/react=x TAGMSG #log")[-1])
    alice.do("PRIVMSG #log :typed")
    assert [line.rpartition(" :")[2] for line in bob.sync() if " PRIVMSG " in line] == ["typed"]
    past = bob.do("CHATHISTORY LATEST #log * 10")
    assert [line.rpartition(" :")[2] for line in past if "BATCH" not in line] == ["typed"]
