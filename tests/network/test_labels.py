"""IRCv3 labeled-response: each labeled command is answered by exactly one logical message with its label."""

from collections.abc import Iterator

import pytest

from tests.network.harness import Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]

CAPS = "batch labeled-response"
ECHO = f"{CAPS} echo-message message-tags"


def labeled(lines: list[str], label: str) -> list[str]:
    """Return the line with the label, without its tags."""
    return [line.partition(" ")[2] for line in lines if f"label={label}" in line.partition(" ")[0][1:].split(";")]


@pytest.fixture
def pip(pair: Pair) -> Iterator[Peer]:
    """Connect a peer without echo. Its nick is free when the next test begins."""
    peer = Peer(pair[0], "pip", CAPS)
    yield peer
    peer.send("QUIT")
    assert peer.is_closed()
    peer.close()


def test_one_line_is_tagged(pip: Peer) -> None:
    """IRCv3 labeled-response: a single message carries the label itself."""
    assert pip.do("@label=one PING here") == ["@label=one :irc.test PONG irc.test :here"]


def test_nothing_to_say_is_an_ack(pip: Peer) -> None:
    """IRCv3 labeled-response, "The ACK response"."""
    assert pip.do("@label=a PONG x") == ["@label=a :irc.test ACK"]
    assert pip.do("@label=b NOTICE nobody-there :hi") == ["@label=b :irc.test ACK"]


def test_several_lines_are_a_batch(pip: Peer) -> None:
    """IRCv3 labeled-response: the start of the batch has the label, its lines the batch's tag; own JOIN included."""
    lines = pip.do("@label=j JOIN #label-join")
    reference = lines[0].split("+")[1].split(" ")[0]
    assert lines[0] == f"@label=j :irc.test BATCH +{reference} labeled-response"
    assert lines[-1] == f":irc.test BATCH -{reference}"
    assert all(line.startswith(f"@batch={reference} ") for line in lines[1:-1])
    assert lines[1].endswith(" JOIN #label-join")
    assert any(" 366 " in line for line in lines)


def test_references_are_not_used_twice(pip: Peer) -> None:
    """IRCv3 batch: a reference belongs to one batch."""
    starts = [line for line in pip.do(*(f"@label={i} JOIN #lr{i}" for i in range(3))) if " BATCH +" in line]
    assert len({line.split("+")[1] for line in starts}) == 3


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("PRIVMSG nobody-there :hi", "401"),
        ("PRIVMSG #nowhere-at-all :hi", "403"),
        ("PRIVMSG", "411"),
        ("JOIN", "461"),
        ("NONSENSE", "421"),
        ("CAP FOO", "410"),
        ("NICK 1", "432"),
    ],
)
def test_an_error_carries_the_label(pip: Peer, command: str, code: str) -> None:
    """IRCv3 labeled-response, examples: "Failed PRIVMSG"."""
    [line] = labeled(pip.do(f"@label=e {command}"), "e")
    assert line.split(" ")[1] == code


def test_an_error_before_registration_carries_the_label(shared: Network, pair: Pair) -> None:
    """IRCv3 labeled-response: any message; capabilities are negotiated before registration."""
    peer = shared.peer(pair[0])
    peer.send(f"CAP REQ :{CAPS}", "@label=early JOIN #x")
    assert peer.until(" 451 ")[-1].startswith("@label=early ")


def test_the_echo_of_a_message_is_its_response(shared: Network, pair: Pair) -> None:
    """IRCv3 labeled-response with echo-message: the echo, and no ACK; nobody else sees the label."""
    alice = shared.peer(pair[0], "lralice", ECHO, "#lr")
    bob = shared.peer(pair[1], "lrbob", ECHO, "#lr")
    alice.sync()
    for command in ("PRIVMSG #lr :a", "NOTICE #lr :b", "PRIVMSG lrbob :c", "@+x TAGMSG #lr"):
        tags, text = (";+x", command[4:]) if command.startswith("@") else ("", command)
        lines = alice.do(f"@label=l{tags} {text}")
        assert len(lines) == 1
        assert len(labeled(lines, "l")) == 1
        assert "msgid=" in lines[0]
    heard = bob.sync()
    assert len(heard) == 4
    assert not any("label" in line for line in heard)


def test_without_echo_a_message_is_acknowledged(shared: Network, pair: Pair) -> None:
    """IRCv3 labeled-response, "The ACK response"."""
    alice = shared.peer(pair[0], "ackalice", CAPS, "#ack")
    assert alice.do("@label=x PRIVMSG #ack :hi") == ["@label=x :irc.test ACK"]


def test_a_refused_message_answers_once(shared: Network, pair: Pair) -> None:
    """IRCv3 labeled-response: exactly one logical message, also in place of an echo."""
    bob = shared.peer(pair[1], "muted-op", "", "#lr-muted")
    alice = shared.peer(pair[0], "muted", ECHO, "#lr-muted")
    bob.do("MODE #lr-muted +m")
    alice.sync()
    [line] = alice.do("@label=m PRIVMSG #lr-muted :hi")
    assert labeled([line], "m")[0].split(" ")[1] == "404"
    assert alice.do("@label=n NOTICE #lr-muted :hi") == ["@label=n :irc.test ACK"]


@pytest.mark.parametrize("verb", ["PRIVMSG", "TAGMSG"])
def test_a_message_to_several_is_answered_by_one_batch(shared: Network, pair: Pair, verb: str) -> None:
    """IRCv3 labeled-response, "Batches": all echoes and errors in one batch, which ends after the last of them."""
    alice = shared.peer(pair[0], f"mt{verb}", ECHO, f"#mt{verb}", f"#mu{verb}")
    bob = shared.peer(pair[1], f"mtb{verb}", ECHO, f"#mt{verb}")
    alice.sync()
    bob.do(f"MODE #mu{verb} +n")
    text = " :hi" if verb == "PRIVMSG" else ""
    lines = alice.do(f"@label=t;+x=y {verb} #mt{verb},mtb{verb},#mu{verb},nobody-there{text}")
    reference = lines[0].split("+")[1].split(" ")[0]
    assert lines[0] == f"@label=t :irc.test BATCH +{reference} labeled-response"
    assert lines[-1] == f":irc.test BATCH -{reference}"
    inside = lines[1:-1]
    assert all(line.startswith(f"@batch={reference}") for line in inside)
    assert len([line for line in inside if f" {verb} " in line]) == 3
    assert len([line for line in inside if " 401 " in line]) == 1
    assert not any("label" in line or "batch" in line for line in bob.sync())


def test_without_echo_a_message_to_several_is_acknowledged_or_refused(pip: Peer) -> None:
    """IRCv3 labeled-response, "The ACK response"; a single error has the label itself."""
    assert pip.do("@label=s PRIVMSG pip,nobody-there :hi")[0].startswith("@label=s :irc.test 401 ")
    pip.sync()
    assert "@label=s :irc.test ACK" in pip.do("@label=s NOTICE pip,nobody-there :hi")


def test_a_label_is_sent_back_as_it_came(pip: Peer) -> None:
    """IRCv3 labeled-response, "Tag value": opaque, so escaped again; more than 64 bytes are no label."""
    assert pip.do(r"@label=a\sb\:c PING x") == [r"@label=a\sb\:c :irc.test PONG irc.test :x"]
    assert pip.do(f"@label={'x' * 65} PING x") == [":irc.test PONG irc.test :x"]


def test_without_the_capability_labels_mean_nothing(shared: Network, pair: Pair) -> None:
    """IRCv3 labeled-response: only for clients that negotiated it."""
    alice = shared.peer(pair[0], "nolabel")
    assert alice.do("@label=x PING y") == [":irc.test PONG irc.test :y"]


def test_quit_is_answered_with_its_label(shared: Network, pair: Pair) -> None:
    """IRCv3 labeled-response: the ERROR is the response to QUIT (Modern IRC "QUIT message")."""
    alice = shared.peer(pair[0], "lrquit", CAPS)
    alice.send("@label=q QUIT :bye")
    assert alice.until("ERROR")[-1] == "@label=q ERROR :Closing link: Quit: bye"
    assert alice.is_closed()
