"""RPL_ISUPPORT at registration, before it, and on demand (IRCv3 extended-isupport)."""

from tests.network.conftest import Visit
from tests.network.harness import Network, Peer

EXTENDED = "batch draft/extended-isupport"


def tokens(lines: list[str]) -> list[str]:
    """Return all tokens of RPL_ISUPPORT among these lines."""
    found = [line.partition(" 005 ")[2].partition(" :")[0].split(" ")[1:] for line in lines if " 005 " in line]
    return [token for line in found for token in line]


def in_one_batch(lines: list[str]) -> list[str]:
    """Return the lines inside the only batch, which must be a batch of ISUPPORT."""
    [opening] = [line for line in lines if "draft/isupport" in line]
    reference = opening.split("+")[1].split(" ")[0]
    assert opening.endswith(f":irc.test BATCH +{reference} draft/isupport")
    inside = [line for line in lines if line.startswith(f"@batch={reference} ")]
    assert all(" 005 " in line for line in inside)
    assert [line for line in lines if " 005 " in line] == inside
    assert f":irc.test BATCH -{reference}" in lines
    return inside


def test_before_registration_for_those_who_negotiate_it(visit: Visit) -> None:
    """IRCv3 extended-isupport, "ISUPPORT command": all tokens, to a client that has no nick yet."""
    peer = visit(1)
    peer.send("CAP LS 302", "ISUPPORT", f"CAP REQ :{EXTENDED}")
    assert peer.until(" ACK ")[-2] == ":irc.test 451 * :You have not registered"
    peer.send("ISUPPORT")
    inside = in_one_batch(peer.until(" BATCH -"))
    assert inside[0].partition(" ")[2].startswith(":irc.test 005 * AWAYLEN=")
    peer.send("NICK early", "USER e 0 * :e", "CAP END")
    peer.nick = "early"
    assert tokens(in_one_batch(peer.until(" 422 "))) == tokens(inside)


def test_on_demand_and_never_outside_its_batch(visit: Visit) -> None:
    """IRCv3 extended-isupport, "draft/isupport batch"; batch, "Nested batches"; labeled-response."""
    plain, able = visit(0, "plain"), visit(1, "able", f"{EXTENDED} labeled-response")
    assert tokens(plain.do("ISUPPORT")) == tokens(plain.welcome) == tokens(in_one_batch(able.welcome))
    labeled = able.do("@label=i ISUPPORT")
    assert labeled[0].startswith("@label=i ")
    in_one_batch(labeled)
    outer, version, inner, *_, last = able.do("@label=v VERSION")
    reference = outer.split("+")[1].split(" ")[0]
    assert outer == f"@label=v :irc.test BATCH +{reference} labeled-response"
    assert version.startswith(f"@batch={reference} :irc.test 351 ")
    assert inner.startswith(f"@batch={reference} :irc.test BATCH +")
    assert last == f":irc.test BATCH -{reference}"


def icon(peer: Peer) -> list[str]:
    return [token for token in tokens(peer.welcome) if "ICON" in token]


def test_the_icon_and_the_lobby_are_those_of_the_settings(network: Network) -> None:
    """IRCv3 network-icon: only if it is set; Modern IRC "RPL_ISUPPORT Parameters": how a value is escaped."""
    bare, dressed = network.gateway(), network.gateway(HUBBUB_ICON="https://chat.example/i.svg?v=2")
    assert icon(network.peer(bare, "ann")) == []
    assert icon(network.peer(dressed, "bob")) == ["draft/ICON=https://chat.example/i.svg?v\\x3D2"]


def test_no_client_is_cut_off_for_the_rate_of_its_lines(network: Network) -> None:
    """ISUPPORT SAFERATE: a client that sends too fast is slowed down, and loses nothing."""
    gateway = network.gateway(HUBBUB_FLOOD_RATE="200", HUBBUB_FLOOD_BURST="5")
    peer, other = network.peer(gateway, "ann", "", "#fast"), network.peer(gateway, "bob", "", "#fast")
    assert "SAFERATE" in tokens(peer.welcome)
    peer.send(*(f"PRIVMSG #fast :{i}" for i in range(600)))
    heard = other.until(" :599")
    assert [line.rpartition(":")[2] for line in heard if " PRIVMSG " in line] == [str(i) for i in range(600)]
