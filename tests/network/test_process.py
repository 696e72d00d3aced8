"""A gateway as a process: its start, listening, reload, reported state, and end."""

import contextlib
import json
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.embedded.binary import find_server
from tests.conftest import await_server
from tests.network.harness import DEADLINE_S, Gateway, Network, get

END_LIMIT_S = 10.0


class Broker:
    """A server for one test. It may be started late and killed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = f"unix://{directory / 'own.sock'}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        path = self.directory / "own.sock"
        command = [str(find_server()), "--port", "0", "--unixsocket", str(path), "--save", "", *options]
        self._process = subprocess.Popen([*command, "--dir", str(self.directory)], stdout=subprocess.DEVNULL)
        await_server(path, self._process)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(DEADLINE_S)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    yield broker
    broker.kill()


@pytest.fixture
def alone(broker: Broker) -> Iterator[Network]:
    """Return a network on the test's own server."""
    network = Network(broker.url, f"t{secrets.token_hex(6)}:")
    yield network
    network.close()


def refusal(gateway: Gateway, status: int) -> str:
    """Return the one line of a gateway that cannot start."""
    assert gateway.process.wait(DEADLINE_S) == status
    (line,) = [line for line in gateway.log.splitlines() if not line.startswith("{")]
    assert line.startswith("hubbub-gateway: ")
    return line


# -- start --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--lanes", "0"), "lanes (option --lanes)"),
        (("--tls-cert", "cert.pem"), "tls_cert"),
        (("--listen", "nowhere"), "listen (option --listen)"),
    ],
)
def test_a_wrong_setting_is_one_line_and_status_2(network: Network, options: tuple[str, ...], named: str) -> None:
    assert named in refusal(network.start(*options), 2)


def test_a_file_that_cannot_be_read_is_named(network: Network, tmp_path: Path) -> None:
    missing = str(tmp_path / "motd")
    assert missing in refusal(network.start(HUBBUB_MOTD_FILE=missing), 2)


def test_an_address_in_use_is_one_line_and_status_1(network: Network) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert refusal(network.start("--listen", address), 1).endswith(f"listen {address}: Address already in use")
        assert "Address already in use" in refusal(network.start("--admin", address), 1)


def test_redis_may_come_later(alone: Network, broker: Broker) -> None:
    gateway = alone.start()
    gateway.wait_log("redis_unreachable")
    gateway.process.send_signal(signal.SIGHUP)
    assert '"listening"' not in gateway.log
    broker.start()
    gateway.wait_ready()
    assert gateway.log.count('"redis_unreachable"') == 1
    alone.peer(gateway, "alice", "", "#a")


def test_a_redis_that_may_evict_keys_is_refused(alone: Network, broker: Broker) -> None:
    broker.start("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    assert "noeviction" in refusal(alone.start(), 2)


def test_a_redis_that_hides_its_settings_is_used_with_a_warning(alone: Network, broker: Broker) -> None:
    broker.start("--rename-command", "CONFIG", "")
    gateway = alone.gateway()
    assert "noeviction" in gateway.wait_log("redis_unchecked")


# -- listening ----------------------------------------------------------------------------------------


def test_it_listens_on_ipv6_and_unix_sockets_too(network: Network, tmp_path: Path) -> None:
    path = str(tmp_path / "chat.sock")
    options = ["--listen", f"unix:{path}"]
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        options += ["--listen", "[::1]:0"]
    gateway = network.gateway(*options)
    addresses = json.loads(gateway.wait_log("listening"))["addresses"]
    assert f"unix:{path}" in addresses
    local = socket.socket(socket.AF_UNIX)
    local.connect(path)
    alice = network.peer(gateway, "alice", "", "#a", connected=local)
    for address in addresses:
        if address.startswith("[::1]:"):
            sixth = socket.create_connection(("::1", int(address.rpartition(":")[2])), DEADLINE_S)
            network.peer(gateway, "bob", "", "#a", connected=sixth).do("PRIVMSG #a :by IPv6")
            assert alice.sync()[-1].endswith(" PRIVMSG #a :by IPv6")
    gateway.stop()
    assert not Path(path).exists()


def test_the_start_message_has_the_address_of_the_page(network: Network) -> None:
    gateway = network.gateway()
    page = json.loads(gateway.wait_log("listening"))["page"]
    assert page == f"http://127.0.0.1:{gateway.port}/"
    status, body = get(gateway.port, "/")
    assert (status, "<html" in body) == (200, True)


def test_two_processes_share_a_port(network: Network) -> None:
    """socket(7) SO_REUSEPORT: the kernel spreads the connections."""
    with socket.socket() as reserved:  # bound, but never listening: reserves the port
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        both = network.gateways(2, "--listen", f"127.0.0.1:{port}")
        for i in range(200):
            connected = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
            network.peer(both[0], f"p{i}", connected=connected)
            if all('"registered"' in gateway.log for gateway in both):
                return
    raise AssertionError("one of the processes never got a connection")


# -- running ------------------------------------------------------------------------------------------


def test_sighup_takes_what_is_reloadable_and_names_the_rest(network: Network, tmp_path: Path) -> None:
    motd, config = tmp_path / "motd", tmp_path / "hubbub.toml"
    motd.write_text("first words\n")
    config.write_text(f'motd_file = "{motd}"\n')
    gateway = network.gateway("--config", str(config))
    old = network.peer(gateway, "old")
    assert any(line.endswith("372 old :- first words") for line in old.welcome)
    motd.write_text("second words\n")
    config.write_text(f'motd_file = "{motd}"\npassword = "sesame"\nnetwork = "Other"\n')
    gateway.process.send_signal(signal.SIGHUP)
    assert json.loads(gateway.wait_log("reloaded"))["needs_restart"] == ["network"]
    refused = network.peer(gateway, "new", register=False)
    refused.send("NICK new", "USER new 0 * :new")
    assert " 464 " in refused.until(" 464 ")[-1]
    admitted = network.peer(gateway, "newer", register=False)
    admitted.send("PASS sesame", "NICK newer", "USER newer 0 * :newer")
    assert any(line.endswith("372 newer :- second words") for line in admitted.until(" 376 "))
    assert old.sync() == []


def test_sighup_changes_the_flood_rate_of_those_who_are_in(network: Network, tmp_path: Path) -> None:
    config = tmp_path / "hubbub.toml"
    config.write_text("flood_rate = 0\n")
    gateway = network.gateway("--config", str(config), "--lanes", "2", HUBBUB_FLOOD_RATE="")
    alice = network.peer(gateway, "alice", "", "#a")
    config.write_text("flood_rate = 20\nflood_burst = 1\n")
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_log("reloaded")
    alice.sync()
    began = time.monotonic()
    alice.do(*["PRIVMSG #a :x"] * 20)
    assert time.monotonic() - began > 0.8


def test_the_admin_port_tells_readiness_and_numbers(alone: Network, broker: Broker) -> None:
    broker.start()
    gateway = alone.gateway("--admin", "127.0.0.1:0")
    port = json.loads(gateway.wait_log("admin"))["port"]
    alone.peer(gateway, "alice", "", "#a")
    assert get(port, "/healthz") == (200, "alive\n")
    assert get(port, "/readyz") == (200, "ready\n")
    numbers = get(port, "/metrics")[1].splitlines()
    assert 'hubbub_users{lane="0"} 1.0' in numbers
    assert 'hubbub_rooms{lane="0"} 1.0' in numbers
    assert 'hubbub_link_up{lane="0"} 1.0' in numbers
    broker.kill()
    gateway.wait_log("redis_unavailable")
    status, reason = get(port, "/readyz")
    assert (status, reason.split(":")[0]) == (503, "no connection to Redis")
    assert get(port, "/healthz") == (200, "alive\n")


# -- end ----------------------------------------------------------------------------------------------


def test_sigterm_tells_everyone_and_leaves_cleanly(network: Network) -> None:
    first, second = network.gateways(2)
    alice = network.peer(first, "alice", "", "#a")
    bob = network.peer(second, "bob", "", "#a")
    opening = network.peer(first)
    first.process.terminate()
    assert alice.until("ERROR ")[-1] == "ERROR :Closing link: The gateway is shutting down"
    assert alice.is_closed()
    assert opening.is_closed()
    assert bob.until(" QUIT ")[-1].endswith(" QUIT :The gateway is shutting down")
    assert first.process.wait(END_LIMIT_S) == 0
    assert '"clean": true' in first.log.splitlines()[-1]
    bob.do("NICK alice")  # free at once
    assert bob.do("MODE alice")[0].split(" ")[1:3] == ["221", "alice"]


def test_sigterm_ends_it_in_time_without_redis(alone: Network, broker: Broker) -> None:
    broker.start()
    gateway = alone.gateway()
    alice = alone.peer(gateway, "alice", "", "#a")
    broker.kill()
    gateway.wait_log("redis_unavailable")
    assert gateway.stop() == 0
    assert alice.is_closed()
    assert "Traceback" not in gateway.log


def test_a_fault_of_the_main_thread_ends_the_gateway_and_signs_its_users_off(network: Network, tmp_path: Path) -> None:
    """Without this, the other threads would continue, and no signal would end them."""
    (tmp_path / "sitecustomize.py").write_text("import gateway.config\ngateway.config.reload = None\n")
    first, second = network.gateway(PYTHONPATH=f"{tmp_path}:{Path.cwd()}"), network.gateway()
    alice = network.peer(first, "alice", "", "#a")
    bob = network.peer(second, "bob", "", "#a")
    first.process.send_signal(signal.SIGHUP)
    assert alice.until("ERROR ")[-1] == "ERROR :Closing link: The gateway is shutting down"
    assert bob.until(" QUIT ")[-1].endswith(" QUIT :The gateway is shutting down")
    assert first.process.wait(END_LIMIT_S) == 1
    assert json.loads(first.wait_log("fault"))["where"] == "main"
