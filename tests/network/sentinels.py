"""A master, a replica and three sentinels for one test, as processes on loopback."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import redis

from gateway.embedded.binary import find_server
from tests.network.harness import DEADLINE_S

SERVICE = "chat"
PASSWORD = "hush"


class Sentinels:
    """The processes. ``url`` names the sentinels. The servers require a password, the sentinels another one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.ports = _free_ports(5)
        self.master_port, replica, *watching = self.ports
        secret = f"requirepass {PASSWORD}\nmasterauth {PASSWORD}\nsave ''\nrepl-diskless-sync-delay 0\n"
        self._start(self.master_port, secret)
        self._start(replica, f"{secret}replicaof 127.0.0.1 {self.master_port}\n")
        self._await(partial(self._is_in_step, replica))
        for port in watching:
            self._start(
                port,
                f"requirepass of-{PASSWORD}\nsentinel monitor {SERVICE} 127.0.0.1 {self.master_port} 2\n"
                f"sentinel auth-pass {SERVICE} {PASSWORD}\nsentinel down-after-milliseconds {SERVICE} 500\n"
                f"sentinel failover-timeout {SERVICE} 3000\nsentinel sentinel-pass of-{PASSWORD}\n",
                "--sentinel",
            )
        for port in watching:
            self._await(partial(self._knows_all, port))
        hosts = ",".join(f"127.0.0.1:{port}" for port in watching)
        self.url = f"redis+sentinel://:{PASSWORD}@{hosts}/{SERVICE}/1?sentinel_password=of-{PASSWORD}"

    def _start(self, port: int, text: str, *options: str) -> None:
        directory = self._directory / str(port)
        directory.mkdir()
        config = directory / "server.conf"
        config.write_text(f"port {port}\nbind 127.0.0.1\ndir {directory}\n{text}")
        self._processes[port] = subprocess.Popen(
            [str(find_server()), str(config), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @staticmethod
    def _await(has_come: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not _quietly(has_come):
            assert time.monotonic() < deadline, "the servers did not find each other"

    @staticmethod
    def _is_in_step(port: int) -> bool:
        with redis.Redis("127.0.0.1", port, password=PASSWORD) as connection:
            told: Any = connection.info("replication")
            return bool(told.get("master_link_status") == "up")

    @staticmethod
    def _knows_all(port: int) -> bool:
        with redis.Redis("127.0.0.1", port, password=f"of-{PASSWORD}") as connection:
            masters: Any = connection.sentinel_masters()
            known = masters[SERVICE]
            return bool(known["num-slaves"] == 1 and known["num-other-sentinels"] == 2)

    def kill_master(self) -> None:
        process = self._processes[self.master_port]
        process.kill()
        process.wait(DEADLINE_S)

    def pause_replica(self) -> None:
        """Stop a sentinel. The others consider it dead, but have a master."""
        self._processes[self.ports[1]].send_signal(signal.SIGSTOP)

    def continue_replica(self) -> None:
        self._processes[self.ports[1]].send_signal(signal.SIGCONT)

    def close(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()
            process.wait(DEADLINE_S)


def _quietly(has_come: Callable[[], bool]) -> bool:
    try:
        return has_come()
    except redis.RedisError:
        return False


def _free_ports(count: int) -> list[int]:
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in listening]
    for one in listening:
        one.close()
    return ports
