"""The main guarantees: all users see each other, messages come in one order and once, no user is shown who has left."""

from tests.network.harness import Gateway, Network

Pair = tuple[Gateway, Gateway]


def said(lines: list[str]) -> list[str]:
    """Return the texts of the PRIVMSGs among lines."""
    return [line.partition(" :")[2] for line in lines if " PRIVMSG " in line]


def test_a_message_reaches_everyone_on_all_gateways_but_its_sender(shared: Network, pair: Pair) -> None:
    alice = shared.peer(pair[0], "alice", "", "#b1")
    bob = shared.peer(pair[1], "bob", "", "#b1")
    carol = shared.peer(pair[0], "carol", "", "#b1")
    assert said(alice.do("PRIVMSG #b1 :hello")) == []
    assert said(bob.sync()) == ["hello"]
    assert said(carol.sync()) == ["hello"]


def test_all_see_one_order(network: Network) -> None:
    gateways = network.gateways(3)
    peers = [network.peer(gateway, f"p{i}", "echo-message", "#o") for i, gateway in enumerate(gateways)]
    sent = {f"{peer.nick}-{i}" for peer in peers for i in range(50)}
    for i in range(50):
        for peer in peers:
            peer.send(f"PRIVMSG #o :{peer.nick}-{i}")
    seen = [peer.sync() for peer in peers]  # each own message is in the log
    seen = [lines + peer.sync() for lines, peer in zip(seen, peers, strict=True)]  # and so are the others'
    orders = [said(lines) for lines in seen]
    assert orders[0] == orders[1] == orders[2]
    assert set(orders[0]) == sent
    assert len(orders[0]) == len(sent)


def test_ping_promises_that_what_was_acknowledged_elsewhere_has_come(shared: Network, pair: Pair) -> None:
    alice = shared.peer(pair[0], "alice2", "", "#b2")
    bob = shared.peer(pair[1], "bob2", "", "#b2")
    for i in range(100):
        alice.do(f"PRIVMSG #b2 :{i}")
        assert said(bob.sync()) == [str(i)]


def test_users_of_a_killed_gateway_quit_and_their_nicks_are_free(network: Network) -> None:
    first, second = network.gateways(2)
    network.peer(first, "ghost", "", "#k")
    bob = network.peer(second, "bob", "", "#k")
    first.kill()
    quit_line = bob.until(" QUIT ")[-1]
    assert quit_line.startswith(":ghost!ghost@")
    while " 433 " in " ".join(bob.do("NICK ghost")):
        pass  # free as soon as every room has removed its holder
    assert any(line.endswith("353 ghost = #k :@ghost") for line in bob.do("PART #k", "JOIN #k"))


def test_a_nick_is_one_session_s_on_the_whole_network(shared: Network, pair: Pair) -> None:
    shared.peer(pair[0], "unique")
    other = shared.peer(pair[1])
    other.send("NICK Unique", "USER u 0 * :u")
    assert " 433 * Unique :" in other.until(" 433 ")[-1]
    other.send("NICK another")
    other.until(" 001 another ")


def test_who_has_read_error_may_come_back_under_the_same_nick_at_once(shared: Network, pair: Pair) -> None:
    for i in range(20):
        peer = shared.peer(pair[i % 2], "comeback", "", "#b9")
        peer.send("QUIT")
        assert peer.until("ERROR")[-1] == "ERROR :Closing link: Client quit"
