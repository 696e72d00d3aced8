"""A gateway slows down a flood by not reading it (TCP back pressure). Other clients are not affected."""

import select
import socket

from tests.network.harness import Network

MORE_THAN_TCP_KEEPS = 64 << 20
SILENCE_S = 1.0


def test_who_floods_is_not_read_and_others_are(network: Network) -> None:
    gateway = network.gateway(HUBBUB_FLOOD_RATE="4")
    ann, bob = (network.peer(gateway, nick, "", "#calm") for nick in ("ann", "bob"))
    connected = socket.create_connection(("127.0.0.1", gateway.port))
    flooder = network.peer(gateway, "flooder", connected=connected)
    flooder.send("JOIN #calm")
    ann.until(" JOIN #calm")
    connected.setblocking(False)
    flood, sent = b"PRIVMSG #calm :flood\r\n" * 4096, 0
    while select.select([], [connected], [], SILENCE_S)[1]:
        sent += connected.send(flood)
        assert sent < MORE_THAN_TCP_KEEPS, "it is read as fast as it is sent"
    ann.do("PRIVMSG #calm :hello")
    heard = bob.sync()
    assert ":hello" in " ".join(heard)
    assert sum("flood" in line for line in heard) < 60, "20 at once and 4 a second"
    assert not select.select([], [connected], [], 0)[1], "and it is still not read"
    assert "flooder" in " ".join(ann.do("NAMES #calm")), "slowed, not cut"
