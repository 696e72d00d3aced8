"""The process that runs the embedded server for as long as any gateway uses it.

    python -I -S supervisor.py DATA_DIR PROGRAM

One data directory holds everything that gateways, supervisor and server share:

    lock         flock: taken by the supervisor and inherited by the server, so that no second server
                 starts while the first still writes, even if its supervisor was killed
    users        FIFO: every gateway holds it open; end of file means that the last one is gone
    server.sock  where the server listens; nothing listens on the network
    server.log   what the server and the supervisor say

It has a session of its own (a ^C for the gateway does not reach it) and is nobody's child. If it is killed,
the kernel ends the server too (PR_SET_PDEATHSIG), and the next gateway to notice brings up both again.
Standard library only, and no site-packages: it has to be there within milliseconds. One thread.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

LOCK, USERS, SOCKET, LOG = "lock", "users", "server.sock", "server.log"
HIDDEN_SOCKET = "server.sock.closed"
READY, BUSY = "ready", "busy"

STOP_LIMIT_S = 10.0
LOG_LIMIT_BYTES = 1 << 20
RESTART_PAUSES_S = (0.05, 5.0)
PR_SET_PDEATHSIG = 1


def ping(path: str, timeout_s: float = 1.0) -> bool:
    """Whether a server answers PING at this socket; one that still loads its data does not count."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_s)
        connection.connect(path)
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False


def main(data_dir: str, program: str) -> None:
    """Take the lock or print "busy"; else go on as a daemon that prints "ready" or what is wrong."""
    os.umask(0o077)  # what the server writes is everything that was said
    os.chdir(data_dir)
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(BUSY, flush=True)
        return
    if os.fork() == 0:  # the gateway reaps its child at once and has no zombie to care for
        Supervisor(program, lock).run()


class Supervisor:
    """Keeps one server running while the FIFO has a writer."""

    def __init__(self, program: str, lock: int) -> None:
        self.command = _server_command(program)
        self.lock = lock
        self.log = _open_log()
        self.libc = ctypes.CDLL(None)  # loaded here, not between fork and exec
        self.users = os.open(USERS, os.O_RDONLY | os.O_NONBLOCK)
        self.signals, self.signalling = os.pipe()
        self.terminated = False

    def run(self) -> None:
        """Run servers until nobody uses them; one that dies is started again on the same data."""
        self._take_signals()
        shortest_s, longest_s = RESTART_PAUSES_S
        pause_s, launching = shortest_s, True
        while self._is_used():
            began = time.monotonic()
            server = self._start()
            ready = self._await_ready(server)
            if launching:
                self._tell_launcher(READY if ready else self._last_words())
                launching = False
                if not ready:
                    break
            while server.poll() is None and not self._is_left():
                self._wait(None)
            if server.poll() is None:
                self._stop(server)  # and look again: somebody may have come while it stopped
                continue
            self._say(f"the server ended with {server.returncode}; it is started again")
            pause_s = shortest_s if time.monotonic() - began > longest_s else min(2 * pause_s, longest_s)
            self._wait(pause_s)

    def _is_used(self) -> bool:
        try:
            return os.read(self.users, 4096) != b"" and not self.terminated
        except BlockingIOError:
            return not self.terminated

    def _wait(self, timeout_s: float | None) -> None:
        """Until the last user goes, a signal comes (a child's end is one) or the time is over."""
        poll = select.poll()
        poll.register(self.users, 0)  # hang-up is always reported
        poll.register(self.signals, select.POLLIN)
        for fd, _ in poll.poll(None if timeout_s is None else timeout_s * 1000):
            if fd == self.signals:
                os.read(self.signals, 4096)

    def _take_signals(self) -> None:
        for fd in (self.signals, self.signalling):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(self.signalling, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._terminate)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)

    def _terminate(self, *_: object) -> None:
        self.terminated = True

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            pass_fds=(self.lock,),
            preexec_fn=self._die_with_parent,  # noqa: PLW1509 - this process has one thread
        )

    def _die_with_parent(self) -> None:
        """Linux only; elsewhere a server whose supervisor was killed lives until it is ended by hand."""
        if sys.platform == "linux":
            self.libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def _await_ready(self, server: "subprocess.Popen[bytes]") -> bool:
        """Loading much data takes its time, so only the server's end or the last user's is a failure."""
        while server.poll() is None and self._is_used():
            if ping(SOCKET):
                return True
            self._wait(0.01)
        return False

    def _is_left(self) -> bool:
        """Whether the server may end: newcomers are kept out before the last look for users.

        So whoever opened the FIFO and then got a PONG is seen here, and its server stays.
        """
        if self._is_used():
            return False
        with contextlib.suppress(FileNotFoundError):
            Path(SOCKET).replace(HIDDEN_SOCKET)
            if self._is_used():
                Path(HIDDEN_SOCKET).replace(SOCKET)
                return False
            Path(HIDDEN_SOCKET).unlink()
        return True

    def _stop(self, server: "subprocess.Popen[bytes]") -> None:
        """SIGTERM is SHUTDOWN to the server: it writes and syncs what it has, then exits."""
        server.terminate()
        try:
            server.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._say(f"the server did not stop within {STOP_LIMIT_S:g} s; it is killed")
            server.kill()
            server.wait()

    def _tell_launcher(self, words: str) -> None:
        with contextlib.suppress(OSError):
            os.write(1, words.encode() + b"\n")
        os.dup2(self.log, 1)
        os.dup2(self.log, 2)

    def _last_words(self) -> str:
        lines = Path(LOG).read_text("utf-8", errors="replace").splitlines()
        return " / ".join(lines[-2:]) or "it said nothing"

    def _say(self, words: str) -> None:
        os.write(self.log, f"supervisor {os.getpid()}: {words}\n".encode())


def _server_command(program: str) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": SOCKET,
        "unixsocketperm": "700",
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return [program, *(word for option, value in options.items() for word in (f"--{option}", value))]


def _open_log() -> int:
    with contextlib.suppress(FileNotFoundError):
        if Path(LOG).stat().st_size > LOG_LIMIT_BYTES:
            Path(LOG).replace(LOG + ".1")
    return os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
