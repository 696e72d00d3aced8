"""WHOX: the requested fields of users on any gateway (IRCv3 WHOX)."""

from tests.network.harness import Gateway, Network
from tests.network.test_people import numerics

Pair = tuple[Gateway, Gateway]


def test_isupport_has_whox(shared: Network, pair: Pair) -> None:
    """IRCv3 WHOX, "ISUPPORT token": without any value."""
    assert any(" WHOX" in line.partition(" :")[0] for line in shared.peer(pair[0], "wxtoken").welcome)


def test_all_fields_come_in_their_order(shared: Network, pair: Pair) -> None:
    """IRCv3 WHOX, "RPL_WHOSPCRPL": with placeholders for hidden values."""
    there = shared.peer(pair[0], "wxthere", "", "#wx")
    there.do("AWAY :x")
    asking = shared.peer(pair[1], "wxasking", "", "#wx")
    lines = asking.do("WHO #wx %roaldfnshiuct,123")
    assert not numerics(lines, "352")
    first, own = numerics(lines, "354")
    host = first.split(" ")[4]
    assert host.endswith(".cloak")
    head = f"123 #wx wxthere 255.255.255.255 {host} irc.test wxthere G@ 0 "
    assert first.startswith(head)
    idle, *rest = first.removeprefix(head).split(" ", 3)
    assert idle.isdigit()
    assert rest == ["0", "n/a", ":wxthere the peer"]
    assert own.startswith("123 #wx wxasking 127.0.0.1 "), "one's own address is no secret"
    assert numerics(lines, "315") == ["#wx :End of WHO list"]


def test_only_what_was_asked_for_comes(shared: Network, pair: Pair) -> None:
    """IRCv3 WHOX, "Examples": cuhnar of a nick; the room is one that both are in, or *."""
    shared.peer(pair[0], "wynick", "", "#wy")
    asking = shared.peer(pair[1], "wyasking", "", "#wy")
    [row] = numerics(asking.do("WHO wynick %cuhnar"), "354")
    host = row.split(" ")[2]
    assert row == f"#wy wynick {host} wynick 0 :wynick the peer"
    stranger = shared.peer(pair[1], "wystranger")
    assert numerics(stranger.do("WHO wynick %cn"), "354") == ["* wynick"]
    assert numerics(stranger.do("WHO wynick %afnt,42"), "354") == ["42 wynick H 0"]


def test_a_token_is_at_most_three_digits_and_unknown_fields_are_ignored(shared: Network, pair: Pair) -> None:
    """IRCv3 WHOX, "Extended WHO command"."""
    peer = shared.peer(pair[0], "wztoken")
    for token in ("", ",", ",1234", ",x"):
        assert numerics(peer.do(f"WHO wztoken %tn{token}"), "354") == ["0 wztoken"]
    assert numerics(peer.do("WHO wztoken %Znq"), "354") == ["wztoken"]


def test_operators_only_may_be_asked_for_before_the_fields(shared: Network, pair: Pair) -> None:
    """IRCv3 WHOX: flags before the percent character."""
    peer = shared.peer(pair[0], "wopeer")
    assert numerics(peer.do("WHO wopeer o%n"), "354") == []
    assert numerics(peer.do("WHO wopeer o%n"), "315") == ["wopeer :End of WHO list"]


def test_whether_somebody_idles_is_asked_of_his_own_lane(shared: Network, pair: Pair) -> None:
    """IRCv3 WHOX, "l": the number of seconds the user has been idle for, also on another gateway."""
    shared.peer(pair[0], "widle")
    [idle] = numerics(shared.peer(pair[1], "wiask").do("WHO widle %l"), "354")
    assert idle.isdigit()
