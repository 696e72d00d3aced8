"""A gateway that receives SIGTERM while clients talk: they leave one after the other, and no message is lost."""

import http.client
import json
import re
import signal
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from tests.network.harness import DEADLINE_S, Gateway, Network, Peer
from tests.network.history import CAPS, text, texts

DRAIN_S = 2.0
FAREWELL = "ERROR :Closing link: The gateway is shutting down"
ECHOING = "echo-message labeled-response message-tags"


def moment(line: str) -> float:
    """Return the time of a JSON line of the log, in seconds of its hour."""
    _, minutes, seconds = json.loads(line)["timestamp"].split(":")
    return float(minutes) * 60 + float(seconds.rstrip("Z"))


def stopped(gateway: Gateway) -> dict[str, object]:
    entry: dict[str, object] = json.loads(gateway.wait_log("stopped"))
    return entry


def in_threads(peers: list[Peer], work: Callable[[Peer], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, args=(peer,), name=peer.nick) for peer in peers]
    for thread in threads:
        thread.start()
    return threads


def test_fifty_clients_leave_one_after_the_other_and_nothing_that_they_said_is_lost(network: Network) -> None:
    first, second = network.gateways(2, HUBBUB_DRAIN_S=str(DRAIN_S))
    watcher = network.peer(second, "watcher", "server-time", "#a")
    peers = [network.peer(first, f"p{number}", ECHOING, "#a") for number in range(50)]
    watcher.sync()
    echoed: dict[str, list[str]] = {}
    refused: list[str] = []

    def talk(peer: Peer) -> None:
        """Send messages, each after the echo of the one before, until the gateway announces its end."""
        echoed[peer.nick] = []
        number = 0
        while True:
            peer.send(f"@label={number} PRIVMSG #a :{peer.nick} {number}")
            for line in iter(peer.line, FAREWELL):
                if line.startswith((f"@label={number};", f"@label={number} ")):
                    (echoed[peer.nick] if " PRIVMSG #a :" in line else refused).append(line.rpartition(":")[2])
                    break
            else:
                return
            number += 1

    threads = in_threads(peers, talk)
    for _ in range(200):
        watcher.until(" PRIVMSG ")
    first.process.terminate()
    seen = [line for _ in peers for line in watcher.until(" QUIT :The gateway is shutting down")]
    for thread in threads:
        thread.join(DEADLINE_S)
    assert first.process.wait(DEADLINE_S) == 0
    assert stopped(first) | {"clean": True, "left": 50, "cut": 0} == stopped(first)

    quits = [line for line in seen if " QUIT " in line]
    tenths = Counter(re.findall(r"time=\S+T\d+:(\d+:\d+\.\d)", " ".join(quits)))
    assert len(tenths) >= 8, "they leave in a spread of seconds"
    assert max(tenths.values()) <= 25, "and not all at once"
    assert not refused
    said = Counter(texts(network.peer(second, "reader", CAPS, "#a"), "#a"))
    assert set(said.values()) == {1}
    assert said.keys() >= {one for ones in echoed.values() for one in ones}
    for nick, ones in echoed.items():
        assert ones == [f"{nick} {number}" for number in range(len(ones))]
    assert all(echoed.values())


def test_what_was_sent_before_is_carried_out_and_answered_before_error(network: Network) -> None:
    """Also if flood control holds it back."""
    other = network.gateway()
    limited = network.gateway(HUBBUB_FLOOD_RATE="2", HUBBUB_FLOOD_BURST="4")
    bob = network.peer(other, "bob", "", "#a")
    alice = network.peer(limited, "alice")
    alice.do("CAP REQ :echo-message", "JOIN #a")
    bob.until(" JOIN ")
    alice.send(*[f"PRIVMSG #a :line {number}" for number in range(40)])
    alice.until("line 0")
    limited.process.terminate()
    heard = alice.until(FAREWELL)
    assert [line for line in heard if "PRIVMSG" in line][-1].endswith(":line 39")
    assert [text(line) for line in bob.until(" QUIT ")[:-1]] == [f"line {number}" for number in range(40)]


def test_it_takes_nobody_new_and_is_not_ready_while_it_drains(network: Network) -> None:
    gateway = network.gateway("--admin", "127.0.0.1:0", HUBBUB_DRAIN_S="60")
    port = json.loads(gateway.wait_log("admin"))["port"]
    network.peer(gateway, "alice")
    opening = network.peer(gateway)
    registering = network.peer(gateway, "bob", register=False)
    registering.send("NICK bob")
    registering.send("PING 1")
    registering.line()
    gateway.process.terminate()
    assert json.loads(gateway.wait_log("draining"))["clients"] == 2
    assert opening.is_closed()
    assert registering.is_closed()
    assert readiness(port) == (503, "shutting down")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", gateway.port), DEADLINE_S)
    gateway.process.send_signal(signal.SIGTERM)  # the second one: at once
    assert gateway.process.wait(DEADLINE_S) == 0
    assert stopped(gateway) | {"clean": True, "left": 2, "cut": 0} == stopped(gateway)


def readiness(port: int) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    connection.request("GET", "/readyz")
    response = connection.getresponse()
    text = response.read().decode().strip()
    connection.close()
    return response.status, text


def test_two_clients_who_wait_for_their_turn_go_on_talking(network: Network) -> None:
    gateway, other = network.gateways(2, HUBBUB_DRAIN_S="60")
    alice, bob = network.peer(gateway, "alice", "", "#a"), network.peer(other, "bob", "", "#a")
    gateway.process.terminate()
    gateway.wait_log("draining")
    alice.do("PRIVMSG #a :still here")
    assert bob.sync()[-1].endswith(":still here")


def test_a_direct_message_to_one_who_leaves_is_never_swallowed(network: Network) -> None:
    """Each message is either delivered before ERROR, or its sender gets an error."""
    first, second = network.gateways(2, HUBBUB_DRAIN_S="1")
    peers = [network.peer(first, f"p{number}", "", "#a") for number in range(20)]
    bob = network.peer(second, "bob", ECHOING, "#a")
    bob.sync()
    heard: list[str] = []

    def listen(peer: Peer) -> None:
        heard.extend(line.rpartition(":")[2] for line in iter(peer.line, FAREWELL) if " PRIVMSG " in line)

    threads = in_threads(peers, listen)
    first.process.terminate()
    told: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    number = 0
    while first.process.poll() is None:
        lines = [f"@label={number + at} PRIVMSG {peer.nick} :{peer.nick}" for at, peer in enumerate(peers)]
        number += len(peers)
        sent.update(peer.nick for peer in peers)
        told.update(nicks_refused(bob.do(*lines)))
    for thread in threads:
        thread.join(DEADLINE_S)
    told.update(nicks_refused(bob.sync()))
    assert told, "the last ones can reach nobody"
    assert Counter(heard) + told == sent


def nicks_refused(lines: list[str]) -> list[str]:
    """Return the targets of 401, and of messages that a closed inbox did not accept any more."""
    found = (re.search(r" 401 bob (\w+) | NOTICE bob :PRIVMSG (\w+) failed", line) for line in lines)
    return [match[1] or match[2] for match in found if match is not None]


# -- what a client leaves unsaid ----------------------------------------------------------------------


def test_half_a_line_is_not_said(network: Network) -> None:
    """RFC 2812 2.3: a message ends with CR-LF. A line without its end is not carried out if the connection is lost."""
    first, second = network.gateways(2)
    bob = network.peer(second, "bob", "", "#a")
    alice = network.peer(first, "alice", "", "#a")
    bob.until(" JOIN ")
    alice.send_raw(b"PRIVMSG #a :whole\r\nPRIVMSG #a :half of a li")
    alice.close()
    lines = bob.until(" QUIT ")
    assert [text(line) for line in lines if " PRIVMSG " in line] == ["whole"]


def test_who_floods_and_vanishes_leaves_no_ghost(network: Network) -> None:
    first = network.gateway(HUBBUB_FLOOD_RATE="20", HUBBUB_FLOOD_BURST="5")
    bob = network.peer(first, "bob", "", "#a")
    connected = socket.create_connection(("127.0.0.1", first.port), DEADLINE_S)
    alice = network.peer(first, "alice", connected=connected)
    alice.do("JOIN #a")
    alice.send(*[f"PRIVMSG #a :{number}" for number in range(30)])
    bob.until(" PRIVMSG ")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    alice.close()  # a reset, not an end
    bob.until(" QUIT ")
