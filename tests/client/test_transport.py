"""The two threads of the transport, over real sockets."""

import socket
from contextlib import ExitStack

from client.events import ConnectionState
from client.session import Session
from tests.client.fake_server import FakeServer, SharedNetwork
from tests.client.running import running


def test_talks_and_leaves() -> None:
    shared = SharedNetwork()
    with FakeServer(shared) as server, running(server.address) as client:
        client.until(lambda session: session.is_settled)
        client.say("hello")
        shared.say("bob", "#lobby", "hi alice")
        client.until_shown(lambda client: sorted(client.heard()) == ["hello", "hi alice"])
        client.transport.do(Session.finish)
        client.until(lambda session: session.is_finished)
        shared.until(lambda network: not network.connections)
    assert f"connected to {server.address} as alice" in client.statuses()


def test_a_lost_gateway_is_replaced_by_the_next_and_nothing_is_lost() -> None:
    shared = SharedNetwork()
    with ExitStack() as stack:
        first = stack.enter_context(FakeServer(shared))
        second = stack.enter_context(FakeServer(shared))
        client = stack.enter_context(running(first.address, second.address))
        client.until(lambda session: session.is_settled)
        for number in range(100):
            client.say(f"line {number}")
            if number == 50:
                first.die()
                shared.say("bob", "#lobby", "while nobody listens")
        client.until(lambda session: session.is_settled)
        client.until_shown(lambda client: len(client.heard()) == 101)
        assert client.heard() == shared.network.texts("#lobby")
        assert [text for text in client.heard() if text.startswith("line")] == [
            f"line {number}" for number in range(100)
        ]
        assert second.accepted_count == 1


def test_a_gateway_that_refuses_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        refusing = f"127.0.0.1:{unused.getsockname()[1]}"
    shared = SharedNetwork()
    with FakeServer(shared) as server, running(refusing, server.address) as client:
        client.until(lambda session: session.is_settled)
        assert not any("no gateway" in text for text in client.statuses())
        assert client.links()[:4] == [
            (ConnectionState.CONNECTING, refusing),
            (ConnectionState.WAITING, refusing),
            (ConnectionState.CONNECTING, server.address),
            (ConnectionState.CONNECTED, server.address),
        ]


def test_says_once_that_no_gateway_can_be_reached_and_keeps_trying() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        refusing = f"127.0.0.1:{unused.getsockname()[1]}"
    with running(refusing) as client:
        client.until_shown(lambda client: bool(client.statuses()))
        client.until_shown(lambda client: (ConnectionState.WAITING, refusing) in client.links())
        client.say("hello")
        listener = socket.create_server(("127.0.0.1", int(refusing.rpartition(":")[2])))
        with listener:
            listener.accept()[0].close()
    assert client.statuses() == [
        f"no gateway can be reached ({refusing}: connection refused); trying again, and keeping what you say"
    ]


def test_receives_while_the_gateway_takes_nothing() -> None:
    """One thread receives, one sends: a connection that is full in one direction is open in the other."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with running(f"127.0.0.1:{listener.getsockname()[1]}") as client:
            accepted, _ = listener.accept()
            with accepted:
                accepted.sendall(b":fake 001 alice :Welcome\r\n:alice!u@h JOIN #lobby\r\n")
                client.until(lambda session: session.is_settled)
                ping = b"PING :" + b"x" * 400 + b"\r\n"
                accepted.sendall(ping * 20_000)  # answers of 8 MB, which nobody reads
                accepted.sendall(b":bob!u@h PRIVMSG #lobby :still here\r\n")
                client.until_shown(lambda client: client.heard() == ["still here"])
