"""LIST, LUSERS, LINKS, MOTD and other commands about the whole network, on one gateway."""

from pathlib import Path

from tests.network.harness import Gateway, Network
from tests.network.test_people import numerics

Pair = tuple[Gateway, Gateway]


# LIST


def test_list_shows_rooms_of_other_gateways_with_size_and_topic(shared: Network, pair: Pair) -> None:
    """Modern IRC "LIST message": 321, a 322 for each room, 323."""
    shared.peer(pair[0], "la", "", "#list1").do("TOPIC #list1 :tea and biscuits")
    shared.peer(pair[1], "lb", "", "#list1")
    asking = shared.peer(pair[1], "lc")
    lines = asking.do("LIST")
    assert numerics(lines, "321") == ["Channel :Users  Name"]
    assert "#list1 2 :tea and biscuits" in numerics(lines, "322")
    assert numerics(lines, "323") == [":End of /LIST"]


def test_list_of_some_rooms(shared: Network, pair: Pair) -> None:
    """Modern IRC "LIST message": only the named channels."""
    shared.peer(pair[0], "ld", "", "#list2,#list3,#list4")
    asking = shared.peer(pair[1], "le")
    assert numerics(asking.do("LIST #LIST2,#list4,#nosuch"), "322") == ["#list2 1 :", "#list4 1 :"]


def test_a_secret_room_is_listed_for_its_members_only(shared: Network, pair: Pair) -> None:
    """Modern IRC "Secret channel mode"."""
    shared.peer(pair[0], "lf", "", "#list5").do("MODE #list5 +s")
    member = shared.peer(pair[1], "lg", "", "#list5")
    stranger = shared.peer(pair[1], "lh")
    assert numerics(member.do("LIST #list5"), "322") == ["#list5 2 :"]
    assert numerics(stranger.do("LIST #list5"), "322") == []


def test_an_empty_room_is_no_longer_listed(shared: Network, pair: Pair) -> None:
    """RFC 2811 3: a channel ceases with its last user."""
    leaving = shared.peer(pair[0], "li", "", "#list6")
    asking = shared.peer(pair[1], "lj")
    assert numerics(asking.do("LIST #list6"), "322") == ["#list6 1 :"]
    leaving.do("PART #list6")
    assert numerics(asking.do("LIST #list6"), "322") == []


def test_list_conditions(shared: Network, pair: Pair) -> None:
    """Modern IRC "LIST message", ISUPPORT ELIST=MNU: masks, masks that must not fit, numbers of users."""
    shared.peer(pair[0], "lk", "", "#elist-one,#elist-two")
    shared.peer(pair[1], "ll", "", "#elist-two")
    asking = shared.peer(pair[1], "lm")
    assert numerics(asking.do("LIST #elist-*"), "322") == ["#elist-two 2 :", "#elist-one 1 :"]
    assert numerics(asking.do("LIST #elist-*,!*one"), "322") == ["#elist-two 2 :"]
    assert numerics(asking.do("LIST #elist-*,>1"), "322") == ["#elist-two 2 :"]
    assert numerics(asking.do("LIST #elist-*,<2"), "322") == ["#elist-one 1 :"]


def test_rooms_of_a_killed_gateway_are_listed_as_they_are_now(network: Network) -> None:
    """Modern IRC "LIST message", after SIGKILL: the followers of a room write its listing again."""
    first, second = network.gateways(2)
    network.peer(first, "ghost", "", "#both")
    staying = network.peer(second, "staying", "", "#both")
    first.kill()
    staying.until(" QUIT ")
    assert numerics(staying.do("LIST #both"), "322") == ["#both 1 :"]
    other = network.gateway()
    assert numerics(network.peer(other, "other").do("LIST #both"), "322") == ["#both 1 :"]


# LUSERS, LINKS


def test_lusers_counts_the_network(network: Network) -> None:
    """Modern IRC "LUSERS message": 251, 254, 255, 265, 266; zero counts are left out (RFC 2812 3.4.2)."""
    first, second = network.gateways(2)
    network.peer(first, "ua", "", "#lusers")
    hidden = network.peer(first, "ub")
    hidden.do("MODE ub +i")
    lines = network.peer(second, "uc").do("LUSERS")
    assert numerics(lines, "251") == [":There are 2 users and 1 invisible on 2 servers"]
    assert numerics(lines, "252") == []
    assert numerics(lines, "254") == ["1 :channels formed"]
    assert numerics(lines, "255") == [":I have 3 clients and 2 servers"]
    assert numerics(lines, "265") == ["3 3 :Current local users 3, max 3"]
    assert numerics(lines, "266") == ["3 3 :Current global users 3, max 3"]


def test_lusers_forgets_a_killed_gateway(network: Network) -> None:
    """Modern IRC "LUSERS message": only living gateways count."""
    first, second = network.gateways(2)
    network.peer(first, "ghost2", "", "#gone")
    staying = network.peer(second, "staying2", "", "#gone")
    first.kill()
    staying.until(" QUIT ")
    while numerics(lines := staying.do("LUSERS"), "255") != [":I have 1 clients and 1 servers"]:
        pass  # the reaper handles its rooms first and its lease last
    assert numerics(lines, "251") == [":There are 1 users and 0 invisible on 1 servers"]


def test_links_shows_every_gateway(network: Network) -> None:
    """Modern IRC "LINKS message": RPL_LINKS for each, RPL_ENDOFLINKS."""
    first, _second = network.gateways(2)
    lines = network.peer(first, "links").do("LINKS")
    assert [row.rpartition(" ")[0] for row in numerics(lines, "364")] == ["irc.test irc.test :0 gateway"] * 2
    assert numerics(lines, "365") == ["* :End of /LINKS list"]


# The greeting and the message of the day


def test_the_greeting_ends_with_lusers_and_motd(shared: Network, pair: Pair) -> None:
    """Modern IRC "Connection Registration": 001 to 005, LUSERS, then the MOTD or ERR_NOMOTD."""
    codes = [line.split(" ")[1] for line in shared.peer(pair[0], "greeted").welcome]
    codes = [code for code in codes if code.isdigit() and code not in ("253", "254")]
    first = [code for at, code in enumerate(codes) if code not in codes[:at]]
    assert first == ["001", "002", "003", "004", "005", "251", "255", "265", "266", "422"]


def test_005_names_the_lobby_of_the_network(network: Network) -> None:
    """Vendor token (Modern IRC "RPL_ISUPPORT Parameters"): clients join this room when their user names none."""
    gateway = network.gateway(HUBBUB_LOBBY="#käfer=tee")
    tokens = [token for row in numerics(network.peer(gateway, "ann").welcome, "005") for token in row.split(" ")]
    assert "hubbub/LOBBY=#käfer\\x3Dtee" in tokens


def test_without_a_message_of_the_day_the_greeting_says_where_the_others_are(shared: Network, pair: Pair) -> None:
    """Modern IRC "ERR_NOMOTD (422)": its text is for people, and a new user knows no room yet."""
    assert "/join #lobby" in shared.peer(pair[0], "stranger").welcome[-1]


def test_what_follows_the_registration_is_answered_after_the_greeting(shared: Network, pair: Pair) -> None:
    """Modern IRC "Connection Registration": a client may send JOIN after USER without waiting."""
    eager = shared.peer(pair[0])
    eager.send("NICK eager", "USER e 0 * :e", "JOIN #eager")
    assert any(" 422 " in line for line in eager.until(" JOIN #eager"))


def test_motd_of_a_file_is_cut_to_fit(network: Network, tmp_path: Path) -> None:
    """Modern IRC "MOTD message": 375, 372 for each line, 376."""
    path = tmp_path / "motd"
    path.write_text("Be kind.\n\n" + "ä" * 600 + "\n", "utf-8")
    gateway = network.gateway(HUBBUB_MOTD_FILE=str(path))
    peer = network.peer(gateway, "motd")
    assert numerics(peer.welcome, "376") == [":End of /MOTD command."]
    lines = peer.do("MOTD")
    assert numerics(lines, "375") == [":- irc.test Message of the day - "]
    first, empty, long = numerics(lines, "372")
    assert (first, empty) == (":- Be kind.", ":- ")
    assert long.startswith(":- äää")
    assert max(len(line.encode()) for line in lines) <= 510


# The server


def test_queries_of_the_server(shared: Network, pair: Pair) -> None:
    """Modern IRC VERSION (351, 005), TIME (391), INFO (371, 374), ADMIN (423), STATS u (242, 219)."""
    peer = shared.peer(pair[0], "serverq")
    lines = peer.do("VERSION", "TIME", "INFO", "ADMIN", "STATS u", "STATS z")
    assert numerics(lines, "351")[0].startswith("hubbub-")
    assert any("CASEMAPPING=ascii" in row for row in numerics(lines, "005"))
    assert numerics(lines, "391")[0].endswith(" UTC")
    assert len(numerics(lines, "371")) > 1
    assert numerics(lines, "374") == [":End of /INFO list"]
    assert numerics(lines, "423") == ["irc.test :No administrative info available"]
    assert numerics(lines, "242")[0].startswith(":Server Up 0 days 0:0")
    assert numerics(lines, "219") == ["u :End of /STATS report", "z :End of /STATS report"]


def test_a_query_of_another_server(shared: Network, pair: Pair) -> None:
    """Modern IRC "ERR_NOSUCHSERVER (402)"; a mask of the server's name is equivalent to the name."""
    peer = shared.peer(pair[0], "serverr")
    lines = peer.do("MOTD other.server", "TIME irc.*", "LUSERS * other.server")
    assert numerics(lines, "402") == ["other.server :No such server"] * 2
    assert len(numerics(lines, "391")) == 1


def test_help(shared: Network, pair: Pair) -> None:
    """Modern IRC "HELP message": 704, 705, 706; ERR_HELPNOTFOUND."""
    peer = shared.peer(pair[0], "helped")
    lines = peer.do("HELP", "HELP join", "HELP nonsense")
    assert numerics(lines, "704") == [
        "* :HELP <command> explains each:",
        "JOIN :JOIN room[,room] [key[,key]]",
    ]
    assert any("PRIVMSG" in row for row in numerics(lines, "705"))
    assert numerics(lines, "706") == ["* :End of /HELP.", "JOIN :End of /HELP."]
    assert numerics(lines, "524") == ["nonsense :No help available on this topic"]
