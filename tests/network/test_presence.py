"""Notifications about other users on any gateway: away-notify, extended-join, setname ..."""

import pytest

from tests.network.harness import Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]


def of(lines: list[str], *verbs: str) -> list[str]:
    """Return the lines with these verbs, without user and host: "nick VERB ..."."""
    parts = [line[1:].split(" ", 1) for line in lines]
    return [f"{source.partition('!')[0]} {rest}" for source, rest in parts if rest.split(" ")[0] in verbs]


# away-notify


def test_whoever_asks_is_told_once_of_awayness_however_many_rooms_are_shared(shared: Network, pair: Pair) -> None:
    """IRCv3 away-notify: when a user sharing a channel sets, changes or removes their away state; not oneself."""
    mover = shared.peer(pair[0], "awmover", "away-notify", "#aw1", "#aw2")
    asking = shared.peer(pair[1], "awasking", "away-notify", "#aw1", "#aw2")
    beside = shared.peer(pair[0], "awbeside", "away-notify", "#aw2")
    plain = shared.peer(pair[1], "awplain", "", "#aw1")
    mover.sync()
    assert of(mover.do("AWAY :lunch", "AWAY :lunch", "AWAY :sleep", "AWAY"), "AWAY") == []
    told = ["awmover AWAY :lunch", "awmover AWAY :sleep", "awmover AWAY"]
    assert of(asking.sync(), "AWAY") == of(beside.sync(), "AWAY") == told
    assert of(plain.sync(), "AWAY") == []


def test_who_joins_away_is_shown_so(shared: Network, pair: Pair) -> None:
    """IRCv3 away-notify: as well as when a user joins and has an away message set; not for users that have none."""
    asking = shared.peer(pair[1], "ajasking", "away-notify", "#aj")
    asking.sync()
    plain = shared.peer(pair[1], "ajplain", "", "#aj")
    gone = shared.peer(pair[0], "ajgone", "away-notify")
    gone.do("AWAY :not here")
    assert of(gone.do("JOIN #aj"), "AWAY") == []
    shared.peer(pair[0], "ajhere", "", "#aj")
    told = ["ajplain JOIN #aj", "ajgone JOIN #aj", "ajgone AWAY :not here", "ajhere JOIN #aj"]
    assert of(asking.sync(), "JOIN", "AWAY") == told
    assert of(plain.sync(), "AWAY") == []


# extended-join


def test_a_join_tells_account_and_real_name_to_those_who_ask(shared: Network, pair: Pair) -> None:
    """IRCv3 extended-join: an asterisk if the user has not logged in, also in one's own JOIN."""
    asking = shared.peer(pair[1], "ejasking", "extended-join", "#ej")
    plain = shared.peer(pair[1], "ejplain", "", "#ej")
    asking.sync()
    own = shared.peer(pair[0], "ejnew", "extended-join").do("JOIN #ej")
    line = "ejnew JOIN #ej * :ejnew the peer"
    assert of(own, "JOIN") == of(asking.sync(), "JOIN") == [line]
    assert of(plain.sync(), "JOIN") == ["ejnew JOIN #ej"]


# setname


def test_a_new_real_name_is_confirmed_and_told_once(shared: Network, pair: Pair) -> None:
    """IRCv3 setname: to all clients in common channels and to its origin, if they have the capability."""
    mover = shared.peer(pair[0], "snmover", "setname", "#sn1", "#sn2")
    asking = shared.peer(pair[1], "snasking", "setname", "#sn1", "#sn2")
    plain = shared.peer(pair[1], "snplain", "", "#sn1")
    for peer in (mover, asking, plain):
        peer.sync()
    told = ["snmover SETNAME :Bruce Wayne <bruce@wayne>"]
    assert of(mover.do("SETNAME :Bruce Wayne <bruce@wayne>"), "SETNAME") == told
    assert of(asking.sync(), "SETNAME") == told
    assert plain.sync() == []


def test_a_new_real_name_is_seen_on_all_gateways(shared: Network, pair: Pair) -> None:
    """IRCv3 setname: in WHO and WHOIS, and in the JOINs that follow; without the capability there is no reply."""
    mover = shared.peer(pair[0], "srmover", "", "#sr")
    assert mover.do("SETNAME :Somebody else") == []
    asking = shared.peer(pair[1], "srasking", "extended-join", "#sr", "#sr2")
    assert [line for line in asking.do("WHO #sr") if " srmover " in line and line.endswith(":0 Somebody else")]
    assert [line for line in asking.do("WHOIS srmover") if " 311 " in line and line.endswith(":Somebody else")]
    mover.do("JOIN #sr2")
    assert of(asking.sync(), "JOIN") == ["srmover JOIN #sr2 * :Somebody else"]


def test_a_new_real_name_is_confirmed_also_outside_of_rooms(shared: Network, pair: Pair) -> None:
    """IRCv3 setname: the client must assume that no change has happened until the server confirms it."""
    alone = shared.peer(pair[0], "snalone", "setname")
    assert of(alone.do("SETNAME :Just me"), "SETNAME") == ["snalone SETNAME :Just me"]


@pytest.mark.parametrize("realname", ["", "x" * 151])
def test_a_real_name_that_is_none_is_refused(shared: Network, pair: Pair, realname: str) -> None:
    """IRCv3 setname, "Errors": FAIL SETNAME INVALID_REALNAME; ISUPPORT NAMELEN is the limit."""
    peer = shared.peer(pair[0], f"snbad{len(realname)}", "setname standard-replies")
    assert any(" NAMELEN=150 " in line for line in peer.welcome)
    [line] = peer.do(f"SETNAME :{realname}")
    assert line.startswith(":irc.test FAIL SETNAME INVALID_REALNAME :")


# invite-notify


def test_invitations_are_told_to_those_who_might_invite(shared: Network, pair: Pair) -> None:
    """IRCv3 invite-notify, "Notes": a server may choose those who have the privilege to invite themselves."""
    caps = "invite-notify"
    oper = shared.peer(pair[0], "inoper", caps, "#in")
    other = shared.peer(pair[1], "inother", caps, "#in")
    plain = shared.peer(pair[1], "inplain", "", "#in")
    guest = shared.peer(pair[1], "inguest", caps)
    for peer in (oper, other, plain):
        peer.sync()
    assert of(oper.do("INVITE inguest #in"), "INVITE") == []
    assert of(other.sync(), "INVITE") == of(guest.sync(), "INVITE") == ["inoper INVITE inguest #in"]
    assert plain.sync() == []
    oper.do("MODE #in +i")
    oper.do("INVITE inguest #in")
    assert of(other.sync(), "INVITE") == [], "in a +i room only operators may invite"
    oper.do("MODE #in +o inother", "INVITE inguest #in")
    assert of(other.sync(), "INVITE") == ["inoper INVITE inguest #in"]


# userhost-in-names, no-implicit-names


def test_names_tell_user_and_host_to_those_who_ask(shared: Network, pair: Pair) -> None:
    """IRCv3 userhost-in-names."""
    shared.peer(pair[0], "unfirst", "", "#un")
    asking = shared.peer(pair[1], "unasking", "userhost-in-names")
    [names] = [line for line in asking.do("JOIN #un") if " 353 " in line]
    first, own = names.partition(" = #un :")[2].split(" ")
    assert first.startswith("@unfirst!unfirst@")
    assert own.startswith("unasking!unasking@")
    [names] = [line for line in shared.peer(pair[1], "unplain").do("JOIN #un") if " 353 " in line]
    assert names.endswith(" = #un :@unfirst unasking unplain")


def test_names_come_only_when_asked_for_to_those_who_want_it_so(shared: Network, pair: Pair) -> None:
    """IRCv3 no-implicit-names: no NAMES reply after JOIN, and the usual one to NAMES."""
    peer = shared.peer(pair[0], "nonames", "no-implicit-names")
    assert [line.split(" ")[1] for line in peer.do("JOIN #nn")] == ["JOIN"]
    assert [line.split(" ")[1] for line in peer.do("NAMES #nn")] == ["353", "366"]


# bot-mode, pre-away


def test_a_bot_is_marked_as_one_on_every_gateway(shared: Network, pair: Pair) -> None:
    """IRCv3 bot-mode: ISUPPORT BOT is the user mode and the flag in WHO; RPL_WHOISBOT (335)."""
    bot = shared.peer(pair[0], "bmbot")
    assert any(" BOT=B " in line for line in bot.welcome)
    [line] = bot.do("MODE bmbot +B")
    assert line.endswith(" MODE bmbot :+B")
    assert bot.do("MODE bmbot") == [":irc.test 221 bmbot +B"]
    asking = shared.peer(pair[1], "bmasking")
    assert any(" bmbot HB :0 " in line for line in asking.do("WHO bmbot"))
    assert any(" 335 bmasking bmbot :" in line for line in asking.do("WHOIS bmbot"))
    bot.do("MODE bmbot -B")
    assert not any(" 335 " in line for line in asking.do("WHOIS bmbot"))


def test_who_has_asked_for_it_may_be_away_before_it_is_there(shared: Network, pair: Pair) -> None:
    """IRCv3 pre-away: AWAY before registration is complete; 451 without the capability."""
    early = shared.peer(pair[0], "paearly", register=False)
    early.send("CAP REQ :draft/pre-away", "AWAY *", "NICK paearly", "USER u 0 * :u", "CAP END")
    assert any(" 306 " in line for line in early.until(" 001 "))
    asking = shared.peer(pair[1], "paasking", "away-notify", "#pa")
    assert any(" 301 paasking paearly :*" in line for line in asking.do("WHOIS paearly"))
    early.do("JOIN #pa")
    assert of(asking.sync(), "AWAY") == ["paearly AWAY :*"]
    late = shared.peer(pair[0], "palate", register=False)
    late.send("NICK palate", "AWAY *", "PING end")
    assert [line for line in late.until("PONG") if " 451 " in line]


def test_plain_text_reads_nothing_of_all_this(shared: Network, pair: Pair) -> None:
    reader = Peer(pair[1], register=False)
    reader.send("ptreader")
    reader.until("* ")
    other = shared.peer(pair[0], "ptother", "", "#lobby")
    other.do("AWAY :x", "SETNAME :y", "PRIVMSG #lobby :end")
    assert not [line for line in reader.until("ptother: end") if "away" in line.lower() or "setname" in line.lower()]
    reader.close()
