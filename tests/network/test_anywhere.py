"""One network on all gateways: a question about another gateway has the same answer as on that gateway."""

import pytest

from tests.network.conftest import Visit
from tests.network.harness import Network
from tests.network.test_people import numerics


def without_names(lines: list[str], nick: str) -> list[str]:
    """Return the answers without the asker's own nick."""
    return [line.replace(nick, "NICK") for line in lines]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("PART #here", "442"),
        ("PART #there", "403"),
        ("TOPIC #here", "332"),
        ("TOPIC #here :new", "442"),
        ("TOPIC #there", "403"),
        ("NAMES #here", "353"),
        ("NAMES #there", "366"),
        ("WHO #here", "352"),
        ("WHO #there", "315"),
        ("MODE #here", "324"),
        ("MODE #here b", "368"),
        ("MODE #here +m", "442"),
        ("MODE #there", "403"),
        ("KICK #here ann :x", "442"),
        ("INVITE near #here", "442"),
        ("PRIVMSG #here :hi", "404"),
        ("PRIVMSG #there :hi", "403"),
        ("LIST #here", "322"),
        ("PART #secret", "442"),
        ("TOPIC #secret", "442"),
        ("MODE #secret", "442"),
        ("NAMES #secret", "366"),
        ("WHO #secret", "315"),
    ],
)
def test_a_room_that_the_gateway_does_not_follow_is_answered_for_as_one_that_it_does(
    shared: Network, visit: Visit, command: str, code: str
) -> None:
    """Modern IRC "Channel Operations": 442 for a room that one is not in, 403 only for a room that does not exist.

    A new client asks on each gateway: the first question already has the right answer.
    """
    ann = visit(0, "ann", "", "#here", "#secret")
    ann.do("TOPIC #here :about", "MODE #secret +s")
    near, far = visit(0, "near"), visit(1, "far")
    answer = without_names(far.do(command), "far")
    assert answer == without_names(near.do(command), "near")
    assert answer[0 if code in ("353", "352", "324", "332") else -2 if code == "322" else -1].split(" ")[1] == code


def test_the_network_is_counted_alike_on_every_gateway(network: Network) -> None:
    """Modern IRC "LUSERS message", "LINKS message": every gateway gives the same answer."""
    gateways = network.gateways(3)
    peers = [network.peer(gateway, nick) for gateway, nick in zip(gateways, ("qx1", "qx2", "qx3"), strict=True)]
    network.peer(gateways[0], "dan").do("MODE dan +i", "JOIN #a")
    for command in ("LUSERS", "LINKS", "LIST", "WHO dan", "WHO dan %tdnr,7", "USERHOST dan", "WHOWAS nobody"):
        answers = [without_names(peer.do(command), peer.nick) for peer in peers]
        assert answers[0], command
        assert answers[0] == answers[1] == answers[2]
    lines = peers[2].do("LUSERS")
    assert numerics(lines, "251") == [":There are 3 users and 1 invisible on 3 servers"]
    assert numerics(lines, "255") == [":I have 4 clients and 3 servers"]
    assert numerics(lines, "265") == ["4 4 :Current local users 4, max 4"]
    assert numerics(lines, "266") == ["4 4 :Current global users 4, max 4"]


def test_names_of_several_rooms(visit: Visit) -> None:
    """Modern IRC "NAMES message": one by one, each with its RPL_ENDOFNAMES; no more than TARGMAX has."""
    visit(0, "ann", "", "#n1", "#n2", "#n3")
    bob = visit(1, "bob", "", "#n3")
    lines = bob.do("NAMES #n2,#none,#n1,#n3")
    assert [row.split(" ")[0] for row in numerics(lines, "366")] == ["#n2", "#none", "#n1", "#n3"]
    assert numerics(lines, "353") == ["= #n2 :@ann", "= #n1 :@ann", "= #n3 :@ann bob"]
    assert numerics(bob.do("NAMES #n1,#n2,#n3,#n4,#n5"), "407")


def test_an_empty_nick_is_answered(visit: Visit) -> None:
    """Modern IRC "NICK message": 431, also if it is the first line of a connection."""
    peer = visit(1)
    peer.send("NICK :")
    assert peer.until(" 431 ") == [":irc.test 431 * :No nickname given"]
    peer.send("NICK", "NICK eve", "USER eve 0 * :Eve")
    assert peer.until(" 001 ")[0] == ":irc.test 431 * :No nickname given"
    peer.nick = "eve"
    assert peer.do("NICK :")[-1] == ":irc.test 431 eve :No nickname given"


def test_a_key_that_is_too_long_is_refused_in_a_whole_line(visit: Visit) -> None:
    """Modern IRC "Key channel mode": ERR_INVALIDMODEPARAM (696), whose text is not cut off; 475 for a JOIN."""
    room = "#" + "k" * 63
    ann, bob = visit(0, "ann", "", room), visit(1, "bob")
    [line] = ann.do(f"MODE {room} +k {'k' * 400}")
    assert line.startswith(f":irc.test 696 ann {room} k kkk")
    assert line.endswith(" :A key is 1 to 32 visible characters without comma")
    assert len(line) < 510
    ann.do(f"MODE {room} +k {'k' * 32}")
    assert numerics(bob.do(f"JOIN {room} {'k' * 400}"), "475")
    assert numerics(bob.do(f"JOIN {room} {'k' * 32}"), "366")


def test_kick_of_several_members_with_a_message(visit: Visit) -> None:
    """Modern IRC "KICK message"; RFC 2812 3.2.8: one room, or as many rooms as there are nicks."""
    ann, bob = visit(0, "ann", "", "#k1", "#k2"), visit(1, "bob", "", "#k1", "#k2")
    cat = visit(0, "cat", "", "#k1")
    ann.sync()
    assert [line.partition(" ")[2] for line in ann.do("KICK #k1 bob,cat :bye all")] == [
        "KICK #k1 bob :bye all",
        "KICK #k1 cat :bye all",
    ]
    bob.do("JOIN #k1")
    cat.do("JOIN #k1")
    ann.sync()
    lines = ann.do("KICK #k1,#k2,#k1 bob,bob,cat :once more")
    assert sorted(line.partition(" ")[2] for line in lines) == [
        "KICK #k1 bob :once more",
        "KICK #k1 cat :once more",
        "KICK #k2 bob :once more",
    ]
    assert {line.split(" ")[2] for line in bob.sync() if " KICK " in line} == {"#k1", "#k2"}
    assert numerics(ann.do("KICK #k1,#k2 bob,cat,ann"), "461") == ["KICK :Not enough parameters"]


def test_names_that_are_not_utf8_are_shown_as_utf8(visit: Visit) -> None:
    """IRCv3 utf8-only; Modern IRC "USER message": the user name keeps its valid characters, or is a default."""
    peer, cat = visit(0), visit(1, "cat")
    peer.send("CAP REQ standard-replies", "NICK latin")
    peer.send_raw("USER \xe9mile 0 * :\xc9mile Zola\r\n".encode("latin-1"))
    peer.send("CAP END")
    assert any(" WARN USER INVALID_UTF8 " in line for line in peer.until(" 001 "))
    peer.nick = "latin"
    other = visit(0)
    other.send("NICK latin2")
    other.send_raw("USER \xe9\xe8 0 * :x\r\n".encode("latin-1"))
    other.until(" 001 ")
    other.nick = "latin2"
    [row] = numerics(cat.do("WHOIS latin"), "311")
    assert row.startswith("latin mile ")
    assert row.endswith(" * :\ufffdmile Zola")
    assert numerics(cat.do("WHOIS latin2"), "311")[0].startswith("latin2 user ")


@pytest.mark.parametrize("line", ["USER eve 0 * :", "USER"])
def test_an_empty_real_name_is_none(visit: Visit, line: str) -> None:
    """Modern IRC "USER message": 461, and the client may send a better one."""
    peer = visit(1)
    peer.send("NICK eve", line)
    assert peer.until(" 461 ")[-1] == ":irc.test 461 eve USER :Not enough parameters"
    peer.send("USER eve 0 * :Eve")
    peer.until(" 001 ")
    peer.nick = "eve"
