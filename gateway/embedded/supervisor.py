"""The process that runs the embedded server while any gateway uses it.

    python -I -S supervisor.py DATA_DIR PROGRAM

Gateways, supervisor and server share one data directory:

    lock         flock: the supervisor takes it and the server inherits it. So no second server starts while
                 the first still writes, even if its supervisor was killed
    users        FIFO: every gateway holds it open. End of file means that the last gateway has ended
    server.sock  the socket of the server, which does not listen on the network
    server.log   the log of the server and the supervisor

The supervisor has its own POSIX session, so a ^C for the gateway does not reach it, and init is its parent. If it is
killed, the kernel ends the server too (PR_SET_PDEATHSIG), and the next gateway that detects this starts both again.
It uses the standard library only and no site-packages, because it must start within milliseconds. One thread.
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
    """Return whether a server answers PING at this socket. A server that is loading its data does not."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_s)
        connection.connect(path)
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False


def main(data_dir: str, program: str) -> None:
    """Take the lock and continue as a daemon that prints "ready" or an error; print "busy" if it is taken."""
    os.umask(0o077)  # the server's files contain all messages
    os.chdir(data_dir)
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(BUSY, flush=True)
        return
    if os.fork() == 0:  # the gateway waits for its child at once, so there is no zombie process
        Supervisor(program, lock).run()


class Supervisor:
    """Run one server while the FIFO has a writer."""

    def __init__(self, program: str, lock: int) -> None:
        self.command = _server_command(program)
        self.lock = lock
        self.log = _open_log()
        self.libc = ctypes.CDLL(None)  # loaded here, not between fork and exec
        self.users = os.open(USERS, os.O_RDONLY | os.O_NONBLOCK)
        self.signals, self.signalling = os.pipe()
        self.terminated = False

    def run(self) -> None:
        """Run a server until nobody uses it. A server that dies is restarted on the same data."""
        self._take_signals()
        shortest_s, longest_s = RESTART_PAUSES_S
        pause_s, launching = shortest_s, True
        while self._is_used():
            began = time.monotonic()
            server = self._start()
            ready = self._await_ready(server)
            if launching:
                self._answer_launcher(READY if ready else self._last_log_lines())
                launching = False
                if not ready:
                    break
            while server.poll() is None and not self._may_end():
                self._wait(None)
            if server.poll() is None:
                self._stop(server)  # and check again: a new user may have come meanwhile
                continue
            self._write_log(f"the server ended with {server.returncode}; restarting it")
            pause_s = shortest_s if time.monotonic() - began > longest_s else min(2 * pause_s, longest_s)
            self._wait(pause_s)

    def _is_used(self) -> bool:
        try:
            return os.read(self.users, 4096) != b"" and not self.terminated
        except BlockingIOError:
            return not self.terminated

    def _wait(self, timeout_s: float | None) -> None:
        """Wait for the end of the last user, a signal (SIGCHLD is one) or the timeout."""
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
        """Let the kernel end the server with its supervisor: on Linux only. Elsewhere it must be ended by hand."""
        if sys.platform == "linux":
            self.libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    def _await_ready(self, server: "subprocess.Popen[bytes]") -> bool:
        """Wait until the server answers. Loading data may take long: only the end of the server or its users fails."""
        while server.poll() is None and self._is_used():
            if ping(SOCKET):
                return True
            self._wait(0.01)
        return False

    def _may_end(self) -> bool:
        """Return whether the server may end. The socket is hidden before the last check for users.

        So the check sees every gateway that opened the FIFO and then got a PONG, and the server stays.
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
        """Send SIGTERM, which is SHUTDOWN to the server: it writes and syncs its data, then exits."""
        server.terminate()
        try:
            server.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._write_log(f"the server did not stop within {STOP_LIMIT_S:g} s; killing it")
            server.kill()
            server.wait()

    def _answer_launcher(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(1, text.encode() + b"\n")
        os.dup2(self.log, 1)
        os.dup2(self.log, 2)

    def _last_log_lines(self) -> str:
        lines = Path(LOG).read_text("utf-8", errors="replace").splitlines()
        return " / ".join(lines[-2:]) or "it wrote no log"

    def _write_log(self, text: str) -> None:
        os.write(self.log, f"supervisor {os.getpid()}: {text}\n".encode())


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
