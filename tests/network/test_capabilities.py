"""Capability negotiation, and the effect of each capability (IRCv3)."""

import pytest

from tests.network.harness import Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]

ALL = (
    "account-notify account-tag away-notify batch cap-notify chghost draft/chathistory draft/event-playback "
    "draft/extended-isupport draft/message-redaction draft/multiline "
    "draft/no-implicit-names draft/pre-away draft/read-marker echo-message extended-join "
    "extended-monitor invite-notify labeled-response message-tags multi-prefix no-implicit-names server-time setname "
    "soju.im/no-implicit-names standard-replies userhost-in-names znc.in/playback"
)
ALIASES = ("draft/no-implicit-names", "soju.im/no-implicit-names")
VALUES = {"draft/multiline": "max-bytes=16384,max-lines=100"}


def _cap(peer: Peer, *words: str) -> str:
    """Return the answer to one CAP command."""
    peer.send(f"CAP {' '.join(words)}")
    return peer.until(" CAP ")[-1]


@pytest.fixture
def fresh(shared: Network, pair: Pair) -> Peer:
    """Open a connection that has sent nothing yet."""
    return shared.peer(pair[0])


def _listed(peer: Peer, *words: str) -> list[str]:
    """Return the words of an answer of several lines, each but the last with an asterisk."""
    peer.send(f"CAP {' '.join(words)}")
    lines = peer.until(f" {words[0]} :")
    assert all(f" {words[0]} * :" in line and len(line.encode()) <= 510 for line in lines[:-1])
    return [word for line in lines for word in line.partition(" :")[2].split()]


def test_ls_lists_all_and_holds_registration_back_until_end(fresh: Peer) -> None:
    """IRCv3 capability-negotiation, "The CAP LS subcommand"; an asterisk until there is a nick."""
    assert _listed(fresh, "LS", "302") == [f"{a}={VALUES[a]}" if a in VALUES else a for a in ALL.split(" ")]
    fresh.send("NICK caplate", "USER u 0 * :u", "PING still-out")
    assert not [line for line in fresh.until("PONG") if " 001 " in line]
    fresh.send("CAP END")
    fresh.until(" 001 caplate ")


def test_req_holds_registration_back_too(fresh: Peer) -> None:
    """IRCv3 capability-negotiation, "The CAP REQ subcommand"."""
    assert _cap(fresh, "REQ", ":echo-message") == ":irc.test CAP * ACK :echo-message"
    fresh.send("NICK capreq", "USER u 0 * :u", "PING still-out")
    assert not [line for line in fresh.until("PONG") if " 001 " in line]
    fresh.send("CAP END")
    fresh.until(" 001 capreq ")


def test_req_is_granted_as_a_whole_or_not_at_all(fresh: Peer) -> None:
    """IRCv3 capability-negotiation, "The CAP REQ subcommand": accepted as a whole, or rejected entirely."""
    assert _cap(fresh, "REQ", ":echo-message no-such-thing") == ":irc.test CAP * NAK :echo-message no-such-thing"
    assert _cap(fresh, "LIST") == ":irc.test CAP * LIST :"
    assert _cap(fresh, "REQ", ":batch echo-message") == ":irc.test CAP * ACK :batch echo-message"
    assert _cap(fresh, "REQ", ":-batch server-time") == ":irc.test CAP * ACK :-batch server-time"
    assert _cap(fresh, "REQ", ":-batch") == ":irc.test CAP * ACK :-batch"
    assert _cap(fresh, "LIST") == ":irc.test CAP * LIST :echo-message server-time"


@pytest.mark.parametrize("name", ["no-implicit-names", *ALIASES])
def test_a_ratified_capability_is_granted_by_the_names_that_clients_still_use(fresh: Peer, name: str) -> None:
    """IRCv3 no-implicit-names; its draft, and a bouncer's, by which clients ask for it."""
    assert name in _listed(fresh, "LS", "302")
    assert _cap(fresh, "REQ", f":{name}") == f":irc.test CAP * ACK :{name}"
    assert name in _listed(fresh, "LIST")
    fresh.send(f"NICK ca{ALIASES.index(name) if name in ALIASES else 'r'}", "USER u 0 * :u", "CAP END")
    fresh.until(" 422 ")
    lines = fresh.do("JOIN #aliases")
    assert [line.split(" ")[1] for line in lines] == ["JOIN"]
    assert any(" 353 " in line for line in fresh.do("NAMES #aliases"))
    fresh.do(f"CAP REQ :-{name}", "PART #aliases")
    assert any(" 353 " in line for line in fresh.do("JOIN #aliases"))


def test_version_302_implies_cap_notify_for_good(fresh: Peer) -> None:
    """IRCv3 capability-negotiation, "cap-notify"."""
    _cap(fresh, "LS", "303")
    assert _cap(fresh, "LIST").endswith(" LIST :cap-notify")
    assert _cap(fresh, "REQ", ":cap-notify").endswith(" ACK :cap-notify")
    assert _cap(fresh, "REQ", ":-cap-notify").endswith(" NAK :-cap-notify")


def test_without_302_cap_notify_can_be_given_back(fresh: Peer) -> None:
    """IRCv3 capability-negotiation, "cap-notify"."""
    _cap(fresh, "LS")
    assert _cap(fresh, "LIST").endswith(" LIST :")
    assert _cap(fresh, "REQ", ":cap-notify").endswith(" ACK :cap-notify")
    assert _cap(fresh, "REQ", ":-cap-notify").endswith(" ACK :-cap-notify")


def test_cap_is_accepted_after_registration(shared: Network, pair: Pair) -> None:
    """IRCv3 capability-negotiation: at any time; END is then ignored."""
    alice = shared.peer(pair[0], "capalice", "", "#caps")
    bob = shared.peer(pair[1], "capbob", "", "#caps")
    assert _cap(alice, "LS").startswith(":irc.test CAP capalice LS :")
    assert _cap(alice, "REQ", ":message-tags server-time").endswith(" ACK :message-tags server-time")
    assert alice.do("CAP END") == []
    bob.do("PRIVMSG #caps :tagged now")
    assert alice.sync()[-1].startswith("@time=")
    assert _cap(alice, "REQ", ":-message-tags -server-time").endswith(" ACK :-message-tags -server-time")
    bob.do("PRIVMSG #caps :and now not")
    assert alice.sync()[-1].startswith(":capbob!")


def test_an_unknown_subcommand_is_named(fresh: Peer) -> None:
    """IRCv3 capability-negotiation, "Error message": ERR_INVALIDCAPCMD."""
    fresh.send("CAP FOO")
    assert fresh.until(" 410 ")[-1] == ":irc.test 410 * FOO :Invalid CAP command"


def test_echo_comes_only_to_those_who_asked_for_it(shared: Network, pair: Pair) -> None:
    """IRCv3 echo-message: the final version, in rooms and to people, also of a TAGMSG."""
    alice = shared.peer(pair[0], "echoalice", "echo-message message-tags", "#echo")
    bob = shared.peer(pair[1], "echobob", "message-tags", "#echo")
    alice.sync()
    [echo] = alice.do("PRIVMSG #Echo :hi")
    [heard] = bob.sync()
    assert echo == heard
    assert echo.endswith(" PRIVMSG #echo :hi")
    [echo] = alice.do("PRIVMSG EchoBob :psst")
    assert bob.sync() == [echo]
    [echo] = alice.do("@+typing=active TAGMSG #echo")
    assert bob.sync() == [echo]
    assert bob.do("PRIVMSG #echo :mine", "PRIVMSG echoalice :mine") == []


def test_echo_to_oneself_comes_besides_the_message(shared: Network, pair: Pair) -> None:
    """IRCv3 labeled-response: only the echo carries the label."""
    alice = shared.peer(pair[0], "selfalice", "echo-message labeled-response batch message-tags")
    lines = alice.do("@label=me PRIVMSG selfalice :note")
    assert len(lines) == 2
    assert len([line for line in lines if "label=me" in line]) == 1


def test_echo_of_what_is_said_in_a_room_from_outside(shared: Network, pair: Pair) -> None:
    """IRCv3 echo-message: each sender gets the echo, member or not, with its label (labeled-response)."""
    bob = shared.peer(pair[1], "outbob", "message-tags", "#outside")
    bob.do("MODE #outside -n")
    alice = shared.peer(pair[0], "outalice", "echo-message labeled-response batch message-tags")
    lines = alice.do("@label=x PRIVMSG #outside :from outside")
    [heard] = bob.sync()
    assert lines == [f"@label=x;{heard[1:]}"]


def test_the_time_and_id_of_a_message_are_the_same_for_everyone(shared: Network, pair: Pair) -> None:
    """IRCv3 server-time and message-ids: each tag only to clients that negotiated its capability."""
    caps = "message-tags server-time"
    alice = shared.peer(pair[0], "idalice", f"{caps} echo-message", "#ids")
    bob = shared.peer(pair[1], "idbob", caps, "#ids")
    timed = shared.peer(pair[1], "idtimed", "server-time", "#ids")
    tagged = shared.peer(pair[0], "idtagged", "message-tags", "#ids")
    plain = shared.peer(pair[1], "idplain", "", "#ids")
    for peer in (alice, bob, timed, tagged, plain):
        peer.sync()
    [echo] = alice.do("PRIVMSG #ids :one for all")
    tags, _, line = echo.partition(" ")
    time, msgid = tags[1:].split(";")
    assert bob.sync() == [echo]
    assert timed.sync() == [f"@{time} {line}"]
    assert tagged.sync() == [f"@{msgid} {line}"]
    assert plain.sync() == [line]
    assert time.startswith("time=20")
    assert time.endswith("Z")
    assert msgid.startswith("msgid=")


def test_client_tags_go_to_those_who_know_tags_and_others_are_dropped(shared: Network, pair: Pair) -> None:
    """IRCv3 message-tags, "Client-only tags": relayed as they are; a client sets no tag of the server's."""
    alice = shared.peer(pair[0], "tagalice", "message-tags", "#tags")
    bob = shared.peer(pair[1], "tagbob", "message-tags", "#tags")
    plain = shared.peer(pair[1], "tagplain", "", "#tags")
    bob.sync()
    alice.sync()
    alice.do(r"@+draft/reply=a\sb\:c;time=1999-01-01T00:00:00.000Z;msgid=mine;hubbub/sids=x PRIVMSG #tags :hi")
    [line] = bob.sync()
    tags = line.partition(" ")[0][1:].split(";")
    assert tags[-1] == r"+draft/reply=a\sb\:c"
    assert len(tags) == 2
    assert tags[0].startswith("msgid=")
    assert tags[0] != "msgid=mine"
    assert plain.sync()[-1].startswith(":tagalice!")
    alice.do("@+typing=active TAGMSG #tags", "@+typing=active TAGMSG tagplain", "@typing=active TAGMSG #tags")
    assert [line.rpartition(" TAGMSG ")[2] for line in bob.sync()] == ["#tags"]
    assert plain.sync() == []
    plain.do("@+typing=active PRIVMSG #tags :I have no tags")
    assert "+typing" not in bob.sync()[-1]


def test_multi_prefix_shows_all_ranks_in_names_and_who(shared: Network, pair: Pair) -> None:
    """IRCv3 multi-prefix: highest first; without it only the highest."""
    alice = shared.peer(pair[0], "mpalice", "", "#mp")
    alice.do("MODE #mp +v mpalice")
    bob = shared.peer(pair[1], "mpbob", "multi-prefix", "#mp")
    carol = shared.peer(pair[0], "mpcarol", "", "#mp")
    assert any(line.endswith(":@+mpalice mpbob mpcarol") for line in bob.do("NAMES #mp"))
    assert any(line.endswith(":@mpalice mpbob mpcarol") for line in carol.do("NAMES #mp"))
    assert any(" 352 " in line and " mpalice H@+ " in line for line in bob.do("WHO #mp"))
    assert any(" 352 " in line and " mpalice H@ " in line for line in carol.do("WHO #mp"))


def test_an_id_is_one_message_s_on_the_whole_network(shared: Network, pair: Pair) -> None:
    """IRCv3 message-ids: each is unique, also among messages of several rooms in the same millisecond."""
    alice = shared.peer(pair[0], "uniqalice", "message-tags echo-message", "#uniq1", "#uniq2")
    lines = alice.do(*["PRIVMSG #uniq1,#uniq2,uniqalice :x"] * 50)
    ids = [line.partition(" ")[0] for line in lines if " PRIVMSG #" in line]
    assert len(set(ids)) == 100
    assert len({id.rpartition("-")[2] for id in ids}) == 2


@pytest.mark.parametrize("version", ["\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT THREE}", "-302", "x"])
def test_a_version_that_is_no_number_is_none(fresh: Peer, version: str) -> None:
    """IRCv3 capability-negotiation, "CAP LS Version"."""
    names = [name for name in ALL.split(" ") if name not in ALIASES]
    assert _cap(fresh, "LS", version) == f":irc.test CAP * LS :{' '.join(names)}"
    assert not [line for line in fresh.do("CAP LIST") if "302" in line or "ERROR" in line]
