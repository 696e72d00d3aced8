"""Fixtures of all tests: one real server for each worker, a new prefix for each test, no thread that is left over."""

import contextlib
import secrets
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from gateway.embedded.binary import find_server
from gateway.embedded.supervisor import ping
from tests.stage.worlds import Real, Simulated, Stage

# The time of an example depends on the machine and its load.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# A shell starts its background jobs with SIGINT ignored, and children inherit that: those that tests start and
# interrupt would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SERVER_START_LIMIT_S = 60.0
THREAD_END_LIMIT_S = 30.0


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL (unix:///path) of a real server, shared by all tests of a worker: use `prefix` for keys."""
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory:
        socket_path = Path(directory, "server.sock")
        command = [str(find_server()), "--port", "0", "--unixsocket", str(socket_path), "--save", ""]
        with subprocess.Popen([*command, "--dir", directory], stdout=subprocess.DEVNULL) as server:
            try:
                await_server(socket_path, server)
                yield f"unix://{socket_path}"
            finally:
                server.terminate()


def await_server(socket_path: Path, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + SERVER_START_LIMIT_S
    while not ping(str(socket_path)):
        assert server.poll() is None, "the test server ended at once"
        assert time.monotonic() < deadline, "the test server does not answer"
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.01)


@pytest.fixture
def prefix() -> str:
    """Return a prefix of keys that no other test uses."""
    return f"t{secrets.token_hex(6)}:"


@pytest.fixture(params=["simulated", "simulated-replies-first", "real"])
def stage(request: pytest.FixtureRequest, prefix: str) -> Iterator[Stage]:
    """A Redis and lanes' connections to it, in three variants: the simulated server with both orders of reply and
    push for a connection that publishes to itself, and a real server."""
    kind: str = request.param
    world = Real(request.getfixturevalue("redis_url")) if kind == "real" else Simulated("first" in kind)
    made = Stage(world, prefix)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREAD_END_LIMIT_S
    for thread in set(threading.enumerate()) - before:
        thread.join(max(0.0, deadline - time.monotonic()))
        assert not thread.is_alive(), f"the test left thread {thread.name!r} running"
