"""The client on a real network: two gateway processes, one server, and kill -9."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.client.running import running
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
            timeout=30,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        bob.until_shown(lambda client: len(client.heard()) == 1000)
        assert bob.heard() == lines
