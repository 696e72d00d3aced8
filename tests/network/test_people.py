"""WHO, WHOIS, WHOWAS, ISON, USERHOST, AWAY, NAMES: on one gateway about users of another."""

from tests.network.harness import Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]


def numerics(lines: list[str], code: str) -> list[str]:
    """Return the text after the client's nick in each reply with this code."""
    found = [line.split(" ", 3) for line in lines if f" {code} " in line]
    return [parts[3] for parts in found if parts[1] == code]


def with_mode(peer: Peer, modes: str) -> Peer:
    assert any(f" MODE {peer.nick} " in line for line in peer.do(f"MODE {peer.nick} {modes}"))
    return peer


# WHO


def test_who_of_a_room_shows_its_members_with_their_prefix(shared: Network, pair: Pair) -> None:
    """Modern IRC "RPL_WHOREPLY (352)": room, user, host, server, nick, flags, hops and real name."""
    shared.peer(pair[0], "wa", "", "#who1")
    asking = shared.peer(pair[1], "wb", "", "#who1")
    lines = asking.do("WHO #who1")
    rows = numerics(lines, "352")
    assert [(row.split(" ")[0], row.split(" ")[4:6]) for row in rows] == [
        ("#who1", ["wa", "H@"]),
        ("#who1", ["wb", "H"]),
    ]
    assert rows[0].startswith("#who1 wa ")
    assert rows[0].endswith(" irc.test wa H@ :0 wa the peer")
    assert rows[1].endswith(" irc.test wb H :0 wb the peer")
    assert numerics(lines, "315") == ["#who1 :End of WHO list"]


def test_who_says_who_is_away_on_any_gateway(shared: Network, pair: Pair) -> None:
    """Modern IRC "RPL_WHOREPLY (352)": G for gone, H for here; "AWAY message"."""
    away = shared.peer(pair[0], "wg", "", "#who2")
    asking = shared.peer(pair[1], "wh", "", "#who2")
    assert numerics(away.do("AWAY :at lunch"), "306") == [":You have been marked as being away"]
    assert " wg G@ :" in numerics(asking.do("WHO #who2"), "352")[0]
    assert numerics(away.do("AWAY"), "305") == [":You are no longer marked as being away"]
    assert " wg H@ :" in numerics(asking.do("WHO #who2"), "352")[0]


def test_who_shows_all_prefixes_with_multi_prefix(shared: Network, pair: Pair) -> None:
    """IRCv3 multi-prefix: all prefixes of a member in WHO and NAMES."""
    shared.peer(pair[0], "wm", "", "#who3").do("MODE #who3 +v wm")
    asking = shared.peer(pair[1], "wn", "multi-prefix", "#who3")
    assert " wm H@+ :" in numerics(asking.do("WHO #who3"), "352")[0]
    assert numerics(asking.do("NAMES #who3"), "353") == ["= #who3 :@+wm wn"]


def test_who_of_a_mask_finds_people_by_any_of_their_names(shared: Network, pair: Pair) -> None:
    """RFC 2812 3.6.1: a mask is matched against host, server, real name and nick."""
    shared.peer(pair[0], "maskone")
    shared.peer(pair[1], "masktwo")
    asking = shared.peer(pair[1], "maskask")
    lines = asking.do("WHO mask*")
    assert sorted(row.split(" ")[4] for row in numerics(lines, "352")) == ["maskask", "maskone", "masktwo"]
    assert numerics(lines, "315") == ["mask* :End of WHO list"]
    found = numerics(asking.do("WHO maskone?the*"), "352")
    assert [row.split(" ")[:1] + row.split(" ")[4:5] for row in found] == [["*", "maskone"]]


def test_who_of_a_mask_hides_the_invisible_from_strangers(shared: Network, pair: Pair) -> None:
    """Modern IRC "Invisible user mode": visible to users that share a room, and to requests for the exact nick."""
    with_mode(shared.peer(pair[0], "invone", "", "#inv1"), "+i")
    stranger = shared.peer(pair[1], "stranger1")
    friend = shared.peer(pair[1], "friend1", "", "#inv1")
    assert numerics(stranger.do("WHO invon*"), "352") == []
    assert len(numerics(friend.do("WHO invon*"), "352")) == 1
    assert len(numerics(stranger.do("WHO invone"), "352")) == 1


def test_who_of_a_secret_room_tells_outsiders_nothing(shared: Network, pair: Pair) -> None:
    """Modern IRC "Secret channel mode"."""
    shared.peer(pair[0], "secretive", "", "#who4").do("MODE #who4 +s")
    outsider = shared.peer(pair[1], "outsider1")
    lines = outsider.do("WHO #who4", "NAMES #who4")
    assert numerics(lines, "352") == numerics(lines, "353") == []
    assert numerics(lines, "315") == ["#who4 :End of WHO list"]
    assert numerics(lines, "366") == ["#who4 :End of /NAMES list."]


def test_who_of_a_room_or_nick_that_is_not_there_is_empty(shared: Network, pair: Pair) -> None:
    """Modern IRC "WHO message": every answer ends with RPL_ENDOFWHO."""
    asking = shared.peer(pair[0], "whonone")
    lines = asking.do("WHO #nothing", "WHO nobody.at.all", "WHO #")
    assert numerics(lines, "352") == []
    assert [row.split(" ")[0] for row in numerics(lines, "315")] == ["#nothing", "nobody.at.all", "#"]


# NAMES


def test_names_of_a_room_asked_from_outside(shared: Network, pair: Pair) -> None:
    """Modern IRC "NAMES message": an outsider sees the members that are not invisible."""
    shared.peer(pair[0], "na", "", "#names1")
    with_mode(shared.peer(pair[0], "nb", "", "#names1"), "+i")
    asking = shared.peer(pair[1], "nc")
    lines = asking.do("NAMES #names1,#names-none")
    assert numerics(lines, "353") == ["= #names1 :@na"]
    assert numerics(lines, "366") == ["#names1 :End of /NAMES list.", "#names-none :End of /NAMES list."]
    assert numerics(asking.do("NAMES"), "366") == ["* :End of /NAMES list."]


# WHOIS, WHOWAS


def test_whois_tells_of_a_user_of_another_gateway_what_its_lane_knows(shared: Network, pair: Pair) -> None:
    """Modern IRC "WHOIS message": 311, 319, 312, 317 with idle and signon, 318."""
    shared.peer(pair[0], "ia", "", "#whois1,#whois2")
    asking = shared.peer(pair[1], "ib")
    lines = asking.do("WHOIS IA")
    assert numerics(lines, "311")[0].startswith("ia ia ")
    assert numerics(lines, "311")[0].endswith(".cloak * :ia the peer")
    assert numerics(lines, "319") == ["ia :@#whois1 @#whois2"]
    assert numerics(lines, "312")[0].startswith("ia irc.test :")
    nick, idle, signon, text = numerics(lines, "317")[0].split(" ", 3)
    assert (nick, text) == ("ia", ":seconds idle, signon time")
    assert 0 <= int(idle) < 60
    assert int(signon) > 0
    assert numerics(lines, "318") == ["ia :End of /WHOIS list"]
    assert numerics(lines, "338") == []  # the address is hidden from other users


def test_whois_hides_secret_rooms_from_those_who_are_not_in_them(shared: Network, pair: Pair) -> None:
    """Modern IRC "RPL_WHOISCHANNELS (319)": secret channels are shown to their members only."""
    shared.peer(pair[0], "is", "", "#whois3,#whois4").do("MODE #whois4 +s")
    stranger = shared.peer(pair[1], "it")
    member = shared.peer(pair[1], "iu", "", "#whois4")
    assert numerics(stranger.do("WHOIS is"), "319") == ["is :@#whois3"]
    assert numerics(member.do("WHOIS is"), "319") == ["is :@#whois3 @#whois4"]


def test_whois_of_oneself_shows_the_address_that_others_do_not_see(shared: Network, pair: Pair) -> None:
    """Modern IRC "RPL_WHOISACTUALLY (338)": for the user itself and for operators."""
    me = shared.peer(pair[0], "ime")
    assert numerics(me.do("WHOIS ime"), "338")[0].endswith(".cloak 127.0.0.1 :Is actually using host")


def test_whois_says_who_is_away(shared: Network, pair: Pair) -> None:
    """Modern IRC "RPL_AWAY (301)": in the answer to WHOIS."""
    shared.peer(pair[0], "iaway").do("AWAY :gone fishing")
    assert numerics(shared.peer(pair[1], "iasks").do("WHOIS irc.test iaway"), "301") == ["iaway :gone fishing"]


def test_whois_of_nobody(shared: Network, pair: Pair) -> None:
    """Modern IRC "WHOIS message": ERR_NOSUCHNICK, ERR_NONICKNAMEGIVEN."""
    asking = shared.peer(pair[0], "inone")
    lines = asking.do("WHOIS nosuch", "WHOIS")
    assert numerics(lines, "401") == ["nosuch :No such nick/channel"]
    assert numerics(lines, "318") == ["nosuch :End of /WHOIS list"]
    assert numerics(lines, "431") == [":No nickname given"]


def test_one_who_is_still_registering_is_nobody_yet(shared: Network, pair: Pair) -> None:
    """Modern IRC "Connection Registration": a nick is claimed at once, but there is no user before 001."""
    coming = shared.peer(pair[0])
    coming.send("CAP LS 302", "USER u 0 * :u", "NICK iunready", "CAP END")
    asking = shared.peer(pair[1], "iready")
    coming.until(" 001 iunready ")
    assert numerics(asking.do("WHOIS iunready"), "311") != []
    other = shared.peer(pair[0])
    other.send("CAP LS 302", "USER u 0 * :u", "NICK iunready2", "CAP LIST")
    other.until(" CAP iunready2 LIST")
    lines = asking.do("WHOIS iunready2", "ISON iunready iunready2")
    assert numerics(lines, "401") == ["iunready2 :No such nick/channel"]
    assert numerics(lines, "303") == [":iunready"]


def test_whowas_tells_who_had_a_nick(shared: Network, pair: Pair) -> None:
    """Modern IRC "WHOWAS message": RPL_WHOWASUSER, RPL_WHOISSERVER, RPL_ENDOFWHOWAS; ERR_WASNOSUCHNICK."""
    gone, asking = shared.peer(pair[0], "wasa"), shared.peer(pair[1], "wasb")
    assert numerics(asking.do("WHOWAS wasa"), "406") == ["wasa :There was no such nickname"]
    gone.do("NICK wasc")
    lines = asking.do("WHOWAS WASA")
    assert numerics(lines, "314")[0].startswith("wasa wasa ")
    assert numerics(lines, "314")[0].endswith(".cloak * :wasa the peer")
    assert numerics(lines, "312")[0].startswith("wasa irc.test :")
    assert numerics(lines, "369") == ["WASA :End of WHOWAS"]


# ISON, USERHOST


def test_ison_names_those_that_are_there(shared: Network, pair: Pair) -> None:
    """RFC 2812 4.9: the nicks in use, in the order asked, as one line."""
    shared.peer(pair[0], "ona")
    asking = shared.peer(pair[1], "onb")
    assert numerics(asking.do("ISON onb nosuch ONA"), "303") == [":onb ona"]
    assert numerics(asking.do("ISON :nosuch ona"), "303") == [":ona"]
    assert numerics(asking.do("ISON"), "461") == ["ISON :Not enough parameters"]


def test_userhost_of_at_most_five(shared: Network, pair: Pair) -> None:
    """RFC 2812 4.8 and Modern IRC "RPL_USERHOST (302)": nick=+user@host, - for one who is away."""
    shared.peer(pair[0], "uha").do("AWAY :x")
    asking = shared.peer(pair[1], "uhb")
    assert numerics(asking.do("USERHOST uha nosuch uhb"), "302")[0].startswith(":uha=-uha@")
    assert " uhb=+uhb@" in numerics(asking.do("USERHOST uha nosuch uhb"), "302")[0]
    assert numerics(asking.do("USERHOST a b c d e uhb"), "302") == [":"]


# AWAY


def test_a_message_to_one_who_is_away_is_answered(shared: Network, pair: Pair) -> None:
    """Modern IRC "RPL_AWAY (301)": for a PRIVMSG, not for a NOTICE."""
    away, other = shared.peer(pair[0], "awa"), shared.peer(pair[1], "awb")
    away.do("AWAY :back at nine")
    other.do("NOTICE awa :hello")
    away.do("AWAY :back at ten")
    other.send("PRIVMSG awa :hello")
    assert numerics(other.until(" 301 "), "301") == ["awa :back at ten"]


def test_one_who_joins_away_is_shown_away(shared: Network, pair: Pair) -> None:
    """Modern IRC "RPL_WHOREPLY (352)": the flag is the user's, not the room's."""
    away = shared.peer(pair[0], "awc")
    away.do("AWAY :x", "JOIN #away1")
    assert " awc G@ :" in numerics(shared.peer(pair[1], "awd", "", "#away1").do("WHO #away1"), "352")[0]
