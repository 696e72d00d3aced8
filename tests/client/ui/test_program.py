"""The real program on a real terminal, with a network of two gateways of which one is killed."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.ui.tmux import DEADLINE_S, Tmux, has_tmux
from tests.network.harness import Gateway, Network

pytestmark = pytest.mark.skipif(not has_tmux(), reason="there is no tmux on this machine")


@pytest.fixture
def network(redis_url: str, prefix: str) -> Iterator[Network]:
    network = Network(redis_url, prefix)
    yield network
    network.close()


def hubbub(directory: Path, *gateways: Gateway, size: tuple[int, int] = (100, 40), name: str = "alice") -> Tmux:
    addresses = [f"127.0.0.1:{gateway.port}" for gateway in gateways]
    command = [sys.executable, "-m", "client", *addresses, *(["--name", name] if name else [])]
    home = str(directory)
    environ = {
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_STATE_HOME": f"{home}/state",
        "PYTHONPATH": str(Path.cwd()),
        "TZ": "UTC",
    }
    return Tmux(directory, command, size, environ)


def test_a_terminal_that_vanishes_without_a_signal_ends_the_program(network: Network, tmp_path: Path) -> None:
    """A terminal that controls no session: there is no SIGHUP, and output is lost or waits."""
    gateway = network.gateway()
    bob = network.peer(gateway, "bob", "", "#lobby")
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    directory = str(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "client", f"127.0.0.1:{gateway.port}", "--name", "alice"],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
        env={
            **os.environ,
            "TERM": "xterm",
            "HOME": directory,
            "XDG_CONFIG_HOME": directory,
            "XDG_STATE_HOME": directory,
        },
    ) as program:
        try:
            os.close(inside)
            written = b""
            while b"you joined" not in written:
                written += os.read(outside, 65536)
            os.close(outside)
            bob.send("PRIVMSG #lobby :is anybody there?")
            program.wait(DEADLINE_S)
        finally:
            program.kill()
    assert " QUIT " in bob.until(" QUIT ")[-1]


@pytest.mark.timeout(240)
def test_a_killed_gateway_costs_nothing_that_is_seen(network: Network, tmp_path: Path) -> None:
    one, other = network.gateways(2)
    bob = network.peer(other, "bob", "echo-message", "#lobby")
    said: list[str] = []

    def say(text: str) -> None:
        said.extend(line.partition(" :")[2] for line in bob.do(f"PRIVMSG #lobby :{text}") if " PRIVMSG #lobby " in line)

    with hubbub(tmp_path, one, other) as terminal:
        terminal.until(f"alice on 127.0.0.1:{one.port}")
        terminal.until("you joined #lobby")
        for number in range(10):
            say(f"bob before {number}")
            terminal.say(f"alice before {number}")
        terminal.until("alice before 9")
        one.kill()
        for number in range(10):
            say(f"bob meanwhile {number}")
            terminal.say(f"alice meanwhile {number}")
        terminal.until(f"alice on 127.0.0.1:{other.port}")
        said += [line.partition(" :")[2] for line in bob.until("alice meanwhile 9") if " PRIVMSG #lobby " in line]
        say("bob after")
        terminal.until("bob after")
        copy = tmp_path / "copy.txt"
        terminal.say(f"/export {copy}")
        terminal.until("lines are written to")
        terminal.press("C-q")
    shown = [line for line in copy.read_text().splitlines() if "> bob " in line or "> alice " in line]
    assert [line.partition("> ")[2] for line in shown] == said
    assert len(said) == len(set(said)) == 41


@pytest.mark.timeout(240)
def test_the_program_goes_on_where_it_was_left(network: Network, tmp_path: Path) -> None:
    one, other = network.gateways(2)
    bob = network.peer(other, "bob", "", "#lobby", "#dev")
    with hubbub(tmp_path, one, other) as terminal:
        terminal.until("you joined #lobby")
        terminal.say("/join dev")
        terminal.until("you joined #dev")
        bob.do("PRIVMSG #dev :seen")
        terminal.until("seen")
        terminal.write("half a thou")
        terminal.until("half a thou")
        terminal.press("C-q")
        bob.until(" QUIT ")
    bob.do("PRIVMSG #dev :missed", "PRIVMSG #lobby :missed here as well")
    one.kill()
    with hubbub(tmp_path, one, other) as terminal:
        screen = terminal.until("missed").splitlines()
        rule = next(number for number, row in enumerate(screen) if row.rstrip(" │").endswith("new ─"))
        assert "missed" in screen[rule + 1]
        assert any("half a thou" in row for row in screen)
        assert any(row.split()[:2] == ["#lobby", "1"] for row in terminal.until("you joined #dev").splitlines())
        terminal.press("C-q")
    (kept,) = (tmp_path / "state" / "hubbub").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.timeout(240)
def test_the_first_start_leads_into_a_conversation_and_is_remembered(network: Network, tmp_path: Path) -> None:
    gateway = network.gateway()
    bob = network.peer(gateway, "bob", "", "#lobby")
    with hubbub(tmp_path, gateway, size=(60, 16), name="") as terminal:
        terminal.until("What shall people here call you?")
        terminal.press("C-u")
        terminal.say("alice")
        terminal.until("alice on 127.0.0.1")
        terminal.until("you joined #lobby")
        terminal.say("hello from a small terminal")
        bob.until("hello from a small terminal")
        bob.do("PRIVMSG #lobby :hello alice")
        terminal.until("hello alice")
        terminal.press("C-q")
    with hubbub(tmp_path, gateway, size=(60, 16), name="") as terminal:
        terminal.until("alice on 127.0.0.1")
        terminal.until("hello alice")
