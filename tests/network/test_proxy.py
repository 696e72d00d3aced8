"""The PROXY protocol (versions 1 and 2) from trusted addresses, and the limit of connections by the real address."""

import json
import socket
import struct
from collections.abc import Callable

import pytest

from tests.network.harness import DEADLINE_S, Gateway, Network, Peer, get

TRUSTED = ("--trusted-proxies", "127.0.0.0/8")


def version_1(address: str) -> bytes:
    """PROXY protocol 2.1, the human-readable header."""
    return f"PROXY TCP4 {address} 192.0.2.1 40000 6667\r\n".encode()


def version_2(address: str) -> bytes:
    """PROXY protocol 2.2, the binary header: PROXY command, TCP over IPv4."""
    addresses = socket.inet_aton(address) + socket.inet_aton("192.0.2.1") + struct.pack("!HH", 40000, 6667)
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, 0x11, len(addresses)) + addresses


HEADERS = pytest.mark.parametrize("header", [version_1, version_2])


def proxied(gateway: Gateway, header: bytes) -> socket.socket:
    connected = socket.create_connection(("127.0.0.1", gateway.port), DEADLINE_S)
    connected.sendall(header)
    return connected


def host_of(peer: Peer) -> str:
    """Return the shown host of a peer, from its 001."""
    return next(line for line in peer.welcome if " 001 " in line).rpartition("@")[2]


@HEADERS
def test_the_address_is_the_one_in_the_header(network: Network, header: Callable[[str], bytes]) -> None:
    first, second = network.gateways(2, *TRUSTED)
    alice = network.peer(first, "alice", connected=proxied(first, header("198.51.100.7")))
    bob = network.peer(second, "bob", connected=proxied(second, header("198.51.100.7")))
    carol = network.peer(first, "carol", connected=proxied(first, header("198.51.100.8")))
    direct = network.peer(first, "direct")
    assert host_of(alice) == host_of(bob)
    assert len({host_of(peer) for peer in (alice, carol, direct)}) == 3
    assert "198.51.100.7" not in host_of(alice)


@HEADERS
def test_what_comes_through_a_proxy_may_be_a_browser_s_spare_connection(
    network: Network, header: Callable[[str], bytes]
) -> None:
    """It is not greeted: the browser may have sent its request to another gateway."""
    gateway = network.gateway(*TRUSTED)
    with (
        proxied(gateway, header("198.51.100.7")) as spare,
        socket.create_connection(("127.0.0.1", gateway.port), DEADLINE_S) as person,
    ):
        assert b"Welcome" in person.recv(512)  # which opened later
        spare.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert spare.recv(512).startswith(b"HTTP/1.1 200 OK\r\n")


@HEADERS
def test_the_limit_is_an_address_s(network: Network, header: Callable[[str], bytes]) -> None:
    gateway = network.gateway(*TRUSTED, HUBBUB_MAX_PER_IP="2")
    full, other = header("198.51.100.7"), header("198.51.100.8")
    alice = network.peer(gateway, "alice", connected=proxied(gateway, full))
    network.peer(gateway, "bob", connected=proxied(gateway, full))
    for _ in range(3):  # a refused connection is not counted, neither at its begin nor at its end
        refused = network.peer(gateway, connected=proxied(gateway, full))
        assert refused.line() == "ERROR :Too many connections from your address"
        assert refused.is_closed()
    network.peer(gateway, "carol", connected=proxied(gateway, other))
    alice.send("QUIT")
    assert alice.is_closed()
    network.peer(gateway, "dave", connected=proxied(gateway, full))


@HEADERS
def test_an_address_that_connects_too_fast_waits(network: Network, header: Callable[[str], bytes]) -> None:
    gateway = network.gateway(*TRUSTED, "--admin", "127.0.0.1:0", HUBBUB_CONNECT_RATE="0.001", HUBBUB_CONNECT_BURST="2")
    fast, other = header("198.51.100.7"), header("198.51.100.8")
    for nick in ("alice", "bob"):
        peer = network.peer(gateway, nick, connected=proxied(gateway, fast))
        peer.send("QUIT")
        assert peer.is_closed()
    for _ in range(3):
        refused = network.peer(gateway, connected=proxied(gateway, fast))
        assert refused.line() == "ERROR :Too many connections from your address"
        assert refused.is_closed()
    network.peer(gateway, "carol", connected=proxied(gateway, other))
    _, metrics = get(json.loads(gateway.wait_log("admin"))["port"], "/metrics")
    assert 'hubbub_connections_refused_total{reason="fast"} 3.0' in metrics


def test_loopback_has_no_limit(network: Network) -> None:
    gateway = network.gateway(HUBBUB_MAX_PER_IP="1", HUBBUB_CONNECT_BURST="1")
    for nick in ("alice", "bob", "carol"):
        network.peer(gateway, nick)


def test_loopback_in_a_header_is_an_address_like_any(network: Network) -> None:
    """It is a client on the proxy's machine, not on this one."""
    gateway = network.gateway(*TRUSTED, HUBBUB_MAX_PER_IP="1")
    network.peer(gateway, "alice", connected=proxied(gateway, version_1("127.0.0.1")))
    refused = network.peer(gateway, connected=proxied(gateway, version_1("127.0.0.1")))
    assert refused.line() == "ERROR :Too many connections from your address"
    for nick in ("carol", "dave"):
        network.peer(gateway, nick)  # without a header it is a client on this machine


def test_a_broken_header_closes_the_connection(network: Network) -> None:
    """PROXY protocol 2: a receiver that finds no valid header must abort the connection."""
    gateway = network.gateway(*TRUSTED)
    assert network.peer(gateway, connected=proxied(gateway, b"PROXY TCP4 nonsense\r\n")).is_closed()
    gateway.wait_log("refused")


def test_others_are_not_believed(shared: Network, pair: tuple[Gateway, Gateway]) -> None:
    """PROXY protocol 5: only from configured addresses. From others it is a line of text."""
    witness = shared.peer(pair[1], "witness", "", "#px")
    liar = shared.peer(pair[0], connected=proxied(pair[0], version_1("198.51.100.7")))
    liar.send("liar", "/join #px")
    joined = witness.until(" JOIN ")[-1]
    assert joined.split(" ")[0].endswith(f"@{host_of(witness)}")


def test_an_address_may_make_so_many_rooms(network: Network) -> None:
    """docs/operations.md, `new_rooms_per_hour`: existing rooms may be joined without limit."""
    gateway = network.gateway(*TRUSTED, HUBBUB_NEW_ROOMS_PER_HOUR="2")
    eve, mallory = (
        network.peer(gateway, n, connected=proxied(gateway, version_1("198.51.100.7"))) for n in ("eve", "mallory")
    )
    other = network.peer(gateway, "other", connected=proxied(gateway, version_1("198.51.100.8")))
    other.do("JOIN #theirs")
    assert " JOIN #one" in eve.do("JOIN #one")[0]
    assert " JOIN #two" in mallory.do("JOIN #two")[0]
    (refused,) = eve.do("JOIN #three")
    assert " 405 eve #three :Too many new channels from your address" in refused
    for room in ("#theirs", "#two"):
        assert f" JOIN {room}" in eve.do(f"JOIN {room}")[0]
    eve.do("PART #one")
    assert " JOIN #one" in eve.do("JOIN #one")[0], "its log is still there"
    assert " JOIN #four" in " ".join(other.do("JOIN #four"))
