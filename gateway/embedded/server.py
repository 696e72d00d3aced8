"""A gateway's use of the embedded server: start or share it, restart it, leave it.

Owns this process's end of the FIFO by which the supervisor detects its users. The server itself belongs to the
supervisor process; supervisor.py also lists the files of the data directory. `start` and `close` run on the main
thread, `ensure` on the heartbeat thread. All may block.
"""

import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

from gateway.embedded import supervisor
from gateway.embedded.binary import EmbeddedServerError, find_server

START_LIMIT_S = 120.0
"""A server with much data needs a long time to load it."""

RETRY_PAUSE_S = 0.05
SOCKET_PATH_LIMIT_BYTES = 100
"""sun_path holds 108 bytes on Linux and 104 elsewhere (unix(7))."""


class EmbeddedServer:
    """One gateway's use of the server of one data directory; `url` is a unix:// URL for redis-py."""

    def __init__(self, data_dir: Path, program: Path) -> None:
        self.data_dir = data_dir
        self._program = program
        self._launching = threading.Lock()
        self._fifo = _open_fifo(data_dir / supervisor.USERS)
        self.socket_path = _short_path(data_dir) / supervisor.SOCKET
        self.url = f"unix://{quote(str(self.socket_path))}"

    @classmethod
    def start(cls, data_dir: Path, limit_s: float = START_LIMIT_S) -> "EmbeddedServer":
        """Use the server of this directory, and start it if it is not running; raise EmbeddedServerError."""
        program = find_server()
        data_dir = data_dir.expanduser().absolute()
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            share = cls(data_dir.resolve(), program)
        except OSError as error:
            raise EmbeddedServerError(f"cannot use the data directory {data_dir}: {error}") from error
        try:
            share._start_server(time.monotonic() + limit_s)
        except BaseException:
            share.close()
            raise
        return share

    def ensure(self, limit_s: float = 10.0) -> bool:
        """Restart the server if its supervisor has died; return whether the server answers. Never raises."""
        try:
            self._start_server(time.monotonic() + limit_s)
        except (EmbeddedServerError, OSError):
            return False
        return True

    def close(self) -> None:
        """Leave the server. If no other gateway uses it, the supervisor stops it cleanly."""
        fifo, self._fifo = self._fifo, -1
        if fifo >= 0:
            os.close(fifo)

    def _start_server(self, deadline: float) -> None:
        """Start a supervisor until the server answers. Others may start or stop it meanwhile: the lock decides."""
        with self._launching:
            while not supervisor.ping(str(self.socket_path)):
                left_s = deadline - time.monotonic()
                answer = self._launch(left_s) if left_s > 0 else supervisor.BUSY
                if answer == supervisor.BUSY and left_s <= 0:
                    raise EmbeddedServerError(
                        f"the embedded server does not answer; see {self.data_dir / supervisor.LOG}"
                    )
                if answer not in (supervisor.READY, supervisor.BUSY):
                    raise EmbeddedServerError(f"the embedded server does not start: {answer}")
                if answer == supervisor.BUSY:
                    time.sleep(RETRY_PAUSE_S)

    def _launch(self, limit_s: float) -> str:
        """Start a supervisor and return its answer: READY, BUSY or an error text."""
        command = [sys.executable, "-I", "-S", supervisor.__file__, str(self.data_dir), str(self._program)]
        try:
            launched = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return supervisor.BUSY
        return launched.stdout.decode(errors="replace").strip()


def _open_fifo(path: Path) -> int:
    """Open the users' FIFO, and make it if missing; for reading too, as a write-only open needs a reader."""
    try:
        os.mkfifo(path, 0o600)
    except FileExistsError:
        if not stat.S_ISFIFO(path.stat().st_mode):
            raise OSError(f"{path} is not a FIFO") from None
    return os.open(path, os.O_RDWR | os.O_NONBLOCK)


def _short_path(data_dir: Path) -> Path:
    """Return a path of the data directory that is short enough for a socket, by a symbolic link if needed."""
    if len(os.fsencode(data_dir)) + len(supervisor.SOCKET) < SOCKET_PATH_LIMIT_BYTES:
        return data_dir
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    link = Path("/tmp" if sys.platform == "darwin" else tempfile.gettempdir()) / f"hubbub-{os.getuid()}-{digest}"
    try:
        link.symlink_to(data_dir)
    except FileExistsError:
        if link.lstat().st_uid != os.getuid() or link.resolve() != data_dir:
            raise OSError(f"{link} exists and is not a link to {data_dir}") from None
    return link
