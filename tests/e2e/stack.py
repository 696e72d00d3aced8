"""The compose project of the tests: with its own name, on free ports, with a short lease."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

Address = tuple[str, int]

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "PORT": "127.0.0.1:0",
    "WEB_PORT": "127.0.0.1:0",
    "GATEWAY_PORTS": "127.0.0.1:0",
    "HUBBUB_FLOOD_RATE": "0",
    "HUBBUB_MAX_PER_IP": "0",
    "HUBBUB_LEASE_S": "5",
}
GATEWAYS = 3
_ASK_BALANCER = (
    "exec 3<>/dev/tcp/127.0.0.1/8404 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q ' 200 ' <&3"
)


def why_there_is_no_engine() -> str | None:
    """Return None if a container engine with Compose answers, or else the reason."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    asked = subprocess.run(["docker", "info"], capture_output=True, text=True, timeout=30, check=False)
    if asked.returncode:
        return "no container engine answers: " + asked.stderr.strip().splitlines()[-1]
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, text=True, timeout=30, check=False)
    return "docker has no compose command" if asked.returncode else None


def compose(*arguments: str, timeout_s: float = 60) -> str:
    """Run one command of Compose to its end. Return its output, or fail with it."""
    ended = subprocess.run(
        _command(*arguments),
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert ended.returncode == 0, f"docker compose {' '.join(arguments)}:\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def begin(*arguments: str) -> "subprocess.Popen[bytes]":
    """Start a command of Compose that runs during the test."""
    return subprocess.Popen(
        _command(*arguments),
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def up() -> None:
    """Start the project and wait until every container is healthy."""
    down()
    compose("build", timeout_s=600)
    compose("up", "--detach", "--wait", "--wait-timeout", "120", "--scale", f"gateway={GATEWAYS}", timeout_s=180)


def down() -> None:
    compose("down", "--volumes", "--timeout", "15", timeout_s=120)


def gateway(index: int) -> Address:
    """Return the port of gateway 1, 2 or 3. It changes with every start."""
    return _published("--index", str(index), "gateway", "6667")


def balancer(limit_s: float = 60) -> Address:
    """Return the port of the load balancer when it has a ready gateway. None is ready without Redis."""
    deadline = time.monotonic() + limit_s
    asked = _command("exec", "--no-TTY", "haproxy", "bash", "-c", _ASK_BALANCER)
    while subprocess.run(asked, cwd=ROOT, env=_environment(), capture_output=True, timeout=30, check=False).returncode:
        assert time.monotonic() < deadline, f"the load balancer has had no gateway for {limit_s} s"
    return _published("haproxy", "6667")


def await_gateway(index: int, limit_s: float = 60) -> Address:
    """Wait until a gateway is healthy again."""
    name = f"gateway-{index}"
    deadline = time.monotonic() + limit_s
    while (state := _health_of(name)) != "healthy":
        assert time.monotonic() < deadline, f"{name} is still {state} after {limit_s} s"
    return gateway(index)


def kill_arguments(index: int) -> list[str]:
    """Return the command for `begin` that kills a gateway's process from inside, as a crash. Restart policies then act.

    `docker kill` counts as a manual stop. Process 1 is the init of Compose.
    """
    script = "kill -9 $(cat /proc/1/task/1/children)"
    return ["exec", "--no-TTY", "--index", str(index), "gateway", "sh", "-c", script]


def address_of(service: str) -> str:
    """The address of a service's first container on the project's network."""
    return _network_of(service)["IPAddress"]


def address_of_host() -> str:
    """The address under which this host appears on the project's network."""
    return _network_of("haproxy")["Gateway"]


def _network_of(service: str) -> dict[str, str]:
    container = compose("ps", "--quiet", service).split()[0]
    command = ["docker", "inspect", "--format", "{{json .NetworkSettings.Networks}}", container]
    networks = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)
    network: dict[str, str] = next(iter(networks.values()))
    return network


def _health_of(name: str) -> str:
    listed = [json.loads(line) for line in compose("ps", "--all", "--format", "json").splitlines()]
    return next((row["Health"] or row["State"] for row in listed if row["Name"].endswith(name)), "missing")


def _published(*arguments: str) -> Address:
    host, _, port = compose("port", *arguments).strip().rpartition(":")
    return host, int(port)


def _command(*arguments: str) -> list[str]:
    return ["docker", "compose", "--project-name", "hubbub-e2e", *arguments]


def _environment() -> dict[str, str]:
    return os.environ | SETTINGS
