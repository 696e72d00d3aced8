"""The client on a real network: two gateway processes, one server, and kill -9."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from client.conversation import Position
from client.session import Session
from tests.client.running import Running, running
from tests.network.harness import Gateway, Network


@pytest.fixture
def gateways(redis_url: str, prefix: str) -> Iterator[list[Gateway]]:
    network = Network(redis_url, prefix)
    yield network.gateways(2)
    network.close()


def _address(gateway: Gateway) -> str:
    return f"127.0.0.1:{gateway.port}"


def test_two_clients_talk_across_gateways_in_one_order(gateways: list[Gateway]) -> None:
    one, other = map(_address, gateways)
    with running(one, name="alice") as alice, running(other, name="bob") as bob:
        alice.until(lambda session: session.is_settled)
        bob.until(lambda session: session.is_settled)
        for number in range(100):
            alice.say(f"alice {number}")
            bob.say(f"bob {number}")
        alice.until_shown(lambda client: len(client.heard()) == 200)
        bob.until_shown(lambda client: len(client.heard()) == 200)
        assert alice.heard() == bob.heard()
        for name in ("alice", "bob"):
            own = [text for text in alice.heard() if text.startswith(name)]
            assert own == [f"{name} {number}" for number in range(100)]


def test_a_killed_gateway_costs_no_message_and_no_name(gateways: list[Gateway]) -> None:
    one, other = map(_address, gateways)
    with running(one, other, name="alice") as alice, running(other, name="bob") as bob:
        alice.until(lambda session: session.is_settled)
        bob.until(lambda session: session.is_settled)
        for number in range(300):
            alice.say(f"alice {number}")
            bob.say(f"bob {number}")
            if number == 150:
                alice.until_shown(lambda client: len(client.heard()) > 50)
                gateways[0].kill()
        alice.until_shown(lambda client: len(client.heard()) == 600)
        bob.until_shown(lambda client: len(client.heard()) == 600)
        assert alice.heard() == bob.heard()
        assert len(set(alice.heard())) == 600
        alice.until(lambda session: session.naming.current == "alice" and session.is_settled)
        assert alice.session.has_delivered_all


def test_the_program_in_a_pipe_delivers_all_to_everyone(gateways: list[Gateway]) -> None:
    one, other = map(_address, gateways)
    lines = [f"line {number}" for number in range(1000)]
    with running(other, name="bob") as bob:
        bob.until(lambda session: session.is_settled)
        ended = subprocess.run(
            [sys.executable, "-m", "client", one, "--name", "bot"],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        bob.until_shown(lambda client: len(client.heard()) == 1000)
        assert bob.heard() == lines


def test_older_pages_are_loaded_back_to_the_first_message(gateways: list[Gateway]) -> None:
    """IRCv3 chathistory, BEFORE: every message of the room once and in order, over two gateways."""
    one, other = map(_address, gateways)
    with running(one, name="alice") as alice, running(other, name="bob") as bob:
        bob.until(lambda session: session.is_settled)
        for number in range(250):
            alice.say(f"line {number}")
        alice.until(lambda session: session.is_settled)
        bob.until_shown(lambda client: len(client.heard()) == 250)
        before: Position | None = None
        texts: list[str] = []
        while not bob.pages() or bob.pages()[-1].has_more:
            known = len(bob.pages())
            bob.transport.do(partial(_load_older, before))
            bob.until_shown(partial(_has_another_page, known))
            page = bob.pages()[-1]
            assert page.problem == ""
            if page.messages:
                before = Position(page.messages[0].tags["msgid"], 0.0)
            texts[:0] = [message.params[1] for message in page.messages if message.verb == "PRIVMSG"]
        assert texts == [f"line {number}" for number in range(250)]


def _has_another_page(known: int, client: Running) -> bool:
    return len(client.pages()) > known


def _load_older(before: Position | None, session: Session, now: float) -> None:
    session.load_older("#lobby", before, now)


def test_send_and_tail_lose_and_double_nothing_when_their_gateway_is_killed(gateways: list[Gateway]) -> None:
    one, other = map(_address, gateways)
    program = [sys.executable, "-m", "client"]
    lines = [f"line {number}" for number in range(1500)]
    tail = [*program, "tail", "#lobby", one, other, "--name", "reader", "--until-match", f"^{lines[-1]}$"]
    send = [*program, "send", "#lobby", one, other, "--name", "writer"]
    with (
        running(other, name="bob") as bob,
        subprocess.Popen(tail, stdout=subprocess.PIPE, text=True) as reader,
        subprocess.Popen(send, stdin=subprocess.PIPE, text=True) as writer,
    ):
        bob.until_shown(lambda client: {"reader", "writer"} <= client.joined())
        assert writer.stdin is not None
        writer.stdin.write("\n".join(lines[:700]) + "\n")
        writer.stdin.flush()
        bob.until_shown(lambda client: len(client.heard()) > 100)
        gateways[0].kill()
        writer.stdin.write("\n".join(lines[700:]))
        writer.stdin.close()
        assert reader.stdout is not None
        assert [line.partition("> ")[2].rstrip("\n") for line in reader.stdout] == lines
        assert (writer.wait(60), reader.wait(60)) == (0, 0)
        bob.until_shown(lambda client: len(client.heard()) == len(lines))
        assert bob.heard() == lines
