"""The echo bot of docs/bots.md, unchanged, on a real gateway."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.harness import DEADLINE_S, Network

DOCUMENT = Path(__file__).parents[2] / "docs" / "bots.md"


@pytest.fixture
def network(redis_url: str, prefix: str) -> Iterator[Network]:
    network = Network(redis_url, prefix)
    yield network
    network.close()


def test_the_echo_bot_echoes(network: Network) -> None:
    pytest.importorskip("irc.bot", reason="the library irc is not installed: pip install '.[test]'")
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 10
    bots, others = network.gateways(2)
    assert '"localhost", 7001' in code
    alice = network.peer(others, "alice")
    alice.do("JOIN #lobby")
    with subprocess.Popen(
        [sys.executable, "-c", code.replace('"localhost", 7001', f'"127.0.0.1", {bots.port}')]
    ) as bot:
        try:
            alice.until(":echo!")  # it joins
            alice.send("PRIVMSG #lobby :echo hello there", "PRIVMSG #lobby :not this")
            assert alice.until("PRIVMSG #lobby")[-1].endswith(" PRIVMSG #lobby :hello there")
            assert any(" 335 " in line for line in alice.do("WHOIS echo")), "it is sent nothing that was said before"
        finally:
            bot.terminate()
            bot.wait(DEADLINE_S)
