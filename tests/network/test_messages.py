"""PRIVMSG, NOTICE and TAGMSG to rooms and users, across gateways, and the parts of a line that no client can set."""

from collections.abc import Iterator

import pytest

from tests.network.harness import Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]


@pytest.fixture
def alice(pair: Pair) -> Iterator[Peer]:
    """A peer on the first gateway. Its nick is free when the next test begins."""
    peer = Peer(pair[0], "alice", "message-tags")
    yield peer
    peer.send("QUIT")
    assert peer.is_closed()
    peer.close()


@pytest.fixture
def bob(pair: Pair) -> Iterator[Peer]:
    """The same on the second gateway."""
    peer = Peer(pair[1], "bob")
    yield peer
    peer.send("QUIT")
    assert peer.is_closed()
    peer.close()


def test_to_a_person_on_another_gateway(alice: Peer, bob: Peer) -> None:
    """Modern IRC "PRIVMSG message", "NOTICE message": from the sender's full source, to the nick."""
    assert alice.do("PRIVMSG BOB :hello there", "NOTICE bob hi") == []
    first, second = bob.sync()
    assert first.startswith(":alice!alice@")
    assert first.endswith(" PRIVMSG bob :hello there")
    assert second.endswith(" NOTICE bob :hi")


def test_to_a_room_whatever_the_spelling_of_its_name(alice: Peer, bob: Peer) -> None:
    """Modern IRC "Casemapping"; a relayed line has the room's own name."""
    alice.do("JOIN #Words")
    bob.do("JOIN #wordS")
    alice.sync()
    bob.do("PRIVMSG #WORDS ::) two  spaces ")
    assert alice.sync()[-1].endswith(" PRIVMSG #Words ::) two  spaces ")


def test_a_client_s_own_source_is_ignored(alice: Peer, bob: Peer) -> None:
    """RFC 2812 2.3: the server sets the prefix."""
    alice.do(":eve!e@h PRIVMSG bob :from whom?")
    assert bob.sync()[0].startswith(":alice!alice@")


def test_several_targets_each_get_it_once(alice: Peer, bob: Peer) -> None:
    """Modern IRC "PRIVMSG message": <target>{,<target>}."""
    alice.do("JOIN #several")
    bob.do("JOIN #several")
    alice.do("PRIVMSG #several,bob,#Several,,bob :hi")
    targets = [line.split(" ")[2] for line in bob.sync()]
    assert targets.count("#several") == 1
    assert targets.count("bob") == 1


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("PRIVMSG nobody :hi", ":irc.test 401 alice nobody :No such nick/channel"),
        ("PRIVMSG #never-made :hi", ":irc.test 403 alice #never-made :No such channel"),
        ("PRIVMSG", ":irc.test 411 alice :No recipient given (PRIVMSG)"),
        ("TAGMSG", ":irc.test 411 alice :No recipient given (TAGMSG)"),
        ("PRIVMSG bob", ":irc.test 412 alice :No text to send"),
        ("PRIVMSG bob :", ":irc.test 412 alice :No text to send"),
        ("PRIVMSG a,b,c,d,e :hi", ":irc.test 407 alice a,b,c,d,e :Too many targets (at most 4)"),
    ],
)
def test_what_cannot_be_sent(alice: Peer, line: str, answer: str) -> None:
    """RFC 2812 3.3.1: ERR_NOSUCHNICK, ERR_NORECIPIENT, ERR_NOTEXTTOSEND, ERR_TOOMANYTARGETS; Modern IRC."""
    assert alice.do(line) == [answer]


@pytest.mark.parametrize("line", ["NOTICE nobody :hi", "NOTICE #never :hi", "NOTICE", "NOTICE bob", "NOTICE bob :"])
def test_a_notice_is_never_answered(alice: Peer, line: str) -> None:
    """RFC 2812 3.3.2: automatic replies must never be sent in response to a NOTICE."""
    assert alice.do(line) == []


def test_who_may_not_speak_is_told(alice: Peer, bob: Peer) -> None:
    """RFC 2812 3.3.1 ERR_CANNOTSENDTOCHAN: from outside (+n), without voice (+m), banned (+b)."""
    alice.do("JOIN #strict")
    assert bob.do("PRIVMSG #strict :from outside")[0].startswith(":irc.test 404 bob #strict :")
    bob.do("JOIN #strict")
    alice.do("MODE #strict +m")
    bob.sync()
    assert bob.do("PRIVMSG #strict :muted")[0].startswith(":irc.test 404 bob #strict :")
    assert bob.do("NOTICE #strict :muted") == []
    alice.do("MODE #strict -m+b bob!*@*")
    bob.sync()
    assert bob.do("PRIVMSG #strict :banned")[0].startswith(":irc.test 404 bob #strict :")
    assert not [line for line in alice.sync() if " PRIVMSG " in line]


def test_away_is_told_across_gateways(alice: Peer, bob: Peer) -> None:
    """Modern IRC "AWAY message": RPL_AWAY answers a PRIVMSG."""
    bob.do("AWAY :gone fishing")
    alice.send("PRIVMSG bob :hi")
    assert alice.until(" 301 ")[-1] == ":irc.test 301 alice bob :gone fishing"


def test_a_message_follows_the_person_not_the_nick(alice: Peer, bob: Peer) -> None:
    """Modern IRC "NICK message": the old nick has no owner any more, and the new one is known at once."""
    bob.do("NICK robert")
    assert alice.do("PRIVMSG robert :hi", "PRIVMSG bob :hi") == [":irc.test 401 alice bob :No such nick/channel"]
    assert bob.sync()[0].endswith(" PRIVMSG robert :hi")


def test_a_relayed_line_is_cut_to_512_bytes_between_characters(alice: Peer, bob: Peer) -> None:
    """RFC 2812 2.3: 512 bytes with CRLF; what the source adds must fit too."""
    for text in ("x" * 490, "ä" * 245, "🙂" * 122):
        alice.do(f"PRIVMSG bob :{text}")
        [line] = bob.sync()
        assert 506 <= len(line.encode()) <= 510
        assert set(line.partition(" :")[2]) == {text[0]}


def test_a_line_over_512_bytes_is_refused_whole(alice: Peer, bob: Peer) -> None:
    """Modern IRC ERR_INPUTTOOLONG. The connection continues with the next line."""
    fits = f"PRIVMSG bob :{'x' * (510 - len('PRIVMSG bob :'))}"
    assert alice.do(fits) == []
    assert len(bob.sync()) == 1
    assert alice.do(f"{fits}x") == [":irc.test 417 alice :Input line was too long"]
    assert alice.do(f"PRIVMSG bob :{'x' * 100_000}", "PRIVMSG bob :next") == [
        ":irc.test 417 alice :Input line was too long"
    ]
    assert [line.partition(" :")[2] for line in bob.sync()] == ["next"]


def test_tags_have_their_own_limit(alice: Peer, bob: Peer) -> None:
    """IRCv3 message-tags, "Size limit": 4094 bytes of tag data from a client, else ERR_INPUTTOOLONG."""
    data = f"+a={'x' * 4091}"
    assert len(data) == 4094
    assert alice.do(f"@{data} PRIVMSG bob :{'y' * 400}") == []
    assert len(bob.sync()) == 1
    assert alice.do(f"@{data}x PRIVMSG bob :hi") == [":irc.test 417 alice :Input line was too long"]
    assert bob.sync() == []


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"one\rtwo", "onetwo"),
        (b"a\0b", "ab"),
        (b"\xff\xfe broken \xc3", "\ufffd\ufffd broken \ufffd"),
        (b"half \xe2\x82", "half \ufffd"),
        ("line\u2028separator\x85next\x0b\x0c".encode(), "line\u2028separator\x85next\x0b\x0c"),
        (b"\x01ACTION waves\x01", "\x01ACTION waves\x01"),
    ],
)
def test_nothing_breaks_a_line_out_of_its_frame(alice: Peer, bob: Peer, sent: bytes, received: str) -> None:
    """RFC 2812 2.3.1: NUL, CR and LF are in no parameter; Modern IRC "Character Encodings"."""
    alice.do("JOIN #frame")
    bob.do("JOIN #frame")
    for target in (b"bob", b"#frame"):
        alice.send_raw(b"PRIVMSG " + target + b" :" + sent + b"\r\n")
        alice.sync()
        [line] = bob.sync()
        assert line.partition(" :")[2] == received


def test_who_sends_what_is_no_utf8_is_warned(shared: Network, pair: Pair, bob: Peer) -> None:
    """IRCv3 UTF8ONLY: WARN INVALID_UTF8, a standard reply, if the message was modified but accepted."""
    eve = shared.peer(pair[0], "utfeve", "standard-replies")
    eve.send_raw(b"PRIVMSG bob :caf\xe9\r\nPRIVMSG bob :caf\xc3\xa9\r\n")
    [line] = eve.sync()
    assert line.startswith(":irc.test WARN PRIVMSG INVALID_UTF8 :")
    assert [line.partition(" :")[2] for line in bob.sync()] == ["caf\ufffd", "caf\xe9"]


def test_the_other_fields_that_a_client_fills_keep_to_the_frame(shared: Network, pair: Pair, bob: Peer) -> None:
    """RFC 2812 2.3.1, for a user name, a real name and a reason as others see them."""
    eve = shared.peer(pair[0])
    eve.send_raw(b"NICK eve\r\nUSER e\0\xff!@: 0 * :real\rname\xff\r\n")
    eve.until(" 001 eve ")
    bob.do("JOIN #fields")
    eve.send_raw(b"JOIN #fields\r\nPART #fields :one\rtwo\xff\0\r\n")
    eve.sync()
    joined, left = bob.sync()
    assert joined.startswith(":eve!e@")
    assert left.endswith(" PART #fields :onetwo\ufffd")
