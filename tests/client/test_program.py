"""The program itself, in pipes and on a terminal, against a fake network."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.client.fake_gateway import MODERN_CAPS
from tests.client.fake_server import DEADLINE_S, FakeServer, SharedNetwork

# Give the new session its terminal, so that ^C reaches it, and exec the program.
_ON_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, sys.argv[1:])"
)


@pytest.fixture
def shared() -> SharedNetwork:
    return SharedNetwork()


@pytest.fixture
def server(shared: SharedNetwork) -> Iterator[FakeServer]:
    with FakeServer(shared) as server:
        yield server


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "client", *arguments]


def _run(text: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        _command(*arguments), input=text, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )


# --- pipes -------------------------------------------------------------------------------------------------


def test_a_pipe_is_said_line_by_line_and_delivered_before_it_ends(shared: SharedNetwork, server: FakeServer) -> None:
    lines = [f"line {number}" for number in range(2000)]
    ended = _run("\n".join(lines), server.address, "--name", "bot")
    assert ended.returncode == 0, ended.stderr
    assert shared.network.texts("#lobby") == lines
    assert ended.stdout.startswith("[")
    assert "line" not in ended.stdout


def test_commands_in_a_pipe_come_in_their_turn_and_paths_are_text(shared: SharedNetwork, server: FakeServer) -> None:
    text = (
        "one\n/join #dev\ntwo\n/me waves\n/usr/bin\n// comment\n//quit\n/msg bob hi\n/names\n/topic\n/nick dev\nthree\n"
    )
    ended = _run(text, server.address, "--name", "bot", "--room", "lobby")
    assert ended.returncode == 0, ended.stderr
    assert shared.network.texts("#lobby") == ["one"]
    assert shared.network.texts("#dev") == ["two", "\x01ACTION waves\x01", "/usr/bin", "// comment", "/quit", "three"]
    assert shared.network.texts("bob") == ["hi"]
    assert "in #dev: bot @boss" in ended.stdout


def test_a_pipe_talks_in_the_lobby_of_the_network(shared: SharedNetwork, server: FakeServer) -> None:
    shared.network.lobby = "#hall"
    ended = _run("hi\nhello\n", server.address, "--name", "bot")
    assert ended.returncode == 0, ended.stderr
    assert shared.network.texts("#hall") == ["hi", "hello"]


@pytest.mark.parametrize("arguments", [[], ["--plain"], ["tail", "lobby"], ["send", "#lobby"]])
def test_a_password_that_is_lacking_ends_it_with_one_line(
    shared: SharedNetwork, server: FakeServer, arguments: list[str]
) -> None:
    shared.network.password = "sesame"
    ended = _run(
        "hi\n" * 100, *arguments, server.address, "--name", "bot", *([] if "tail" in arguments else ["--wait", "99"])
    )
    assert ended.returncode == 1
    assert ended.stderr.count("requires a password: use hubbub --ask-password") == 1
    assert server.accepted_count == 1


def test_undelivered_is_exit_code_1(shared: SharedNetwork, server: FakeServer) -> None:
    shared.network.refuses.add("bob")
    ended = _run("/msg bob hi\n", server.address, "--name", "bot")
    assert ended.returncode == 1
    assert "not delivered to bob (Cannot send to channel): hi" in ended.stderr


def test_a_command_waits_for_no_gateway_forever() -> None:
    assert _run("/who\n", "127.0.0.1:1", "--name", "bot", "--wait", "0.2").returncode == 1


def test_no_gateway_is_exit_code_1() -> None:
    ended = _run("hi\n", "127.0.0.1:1", "[::1]:1", "--name", "bot", "--wait", "0.2", "--room", "lobby")
    assert ended.returncode == 1
    assert "no gateway can be reached (127.0.0.1:1: connection refused, [::1]:1:" in ended.stderr
    assert "not delivered to #lobby (there was no connection): hi" in ended.stderr
    assert ended.stdout == ""


def test_without_a_gateway_there_is_no_lobby_to_talk_in() -> None:
    ended = _run("hi\n", "127.0.0.1:1", "--name", "bot", "--wait", "0.2")
    assert ended.returncode == 1
    assert "not delivered (there is no connection yet): hi" in ended.stderr


def test_a_gateway_dies_while_a_pipe_is_said(shared: SharedNetwork, server: FakeServer) -> None:
    lines = [f"line {number}" for number in range(3000)]
    with FakeServer(shared) as other:
        program = subprocess.Popen(_command(server.address, other.address, "--name", "bot"), stdin=subprocess.PIPE)
        with program:
            assert program.stdin is not None
            program.stdin.write("\n".join(lines[:1500]).encode() + b"\n")
            program.stdin.flush()
            shared.until(lambda network: len(network.log) > 100)
            server.die()
            program.stdin.write("\n".join(lines[1500:]).encode())
            program.stdin.close()
            assert program.wait(DEADLINE_S) == 0
    assert shared.network.texts("#lobby") == lines


def test_what_is_said_is_written_at_once_and_without_escape_sequences(
    shared: SharedNetwork, server: FakeServer
) -> None:
    with subprocess.Popen(_command(server.address), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        shared.until(lambda network: any("#lobby" in connection.rooms for connection in network.connections))
        shared.say("eve", "#lobby", "\x1b]0;title\x07\x1b[2J\x03" + "04red\x9b31m")
        while b"eve" not in (line := program.stdout.readline()):
            assert line
        assert re.fullmatch(rb"\[\d\d:\d\d\] eve: \]0;titlered31m\n", line)
        assert program.stdin is not None
        program.stdin.close()
        assert program.wait(DEADLINE_S) == 0


def test_a_closed_reader_ends_it_quietly(shared: SharedNetwork, server: FakeServer) -> None:
    with subprocess.Popen(
        _command(server.address, "--name", "bot"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        shared.until(lambda network: any("#lobby" in connection.rooms for connection in network.connections))
        program.stdout.close()
        shared.say("bob", "#lobby", "anyone?")
        shared.until(lambda network: not network.connections)
        assert program.wait(DEADLINE_S) == 0
        assert b"Error" not in program.stderr.read()


def test_sigterm_leaves_cleanly(shared: SharedNetwork, server: FakeServer) -> None:
    with subprocess.Popen(
        _command(server.address), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as program:
        assert program.stderr is not None
        shared.until(lambda network: any("#lobby" in connection.rooms for connection in network.connections))
        connection = shared.network.connections[0]
        program.send_signal(signal.SIGTERM)
        assert program.wait(DEADLINE_S) == 0
        assert connection.has_quit
        assert b"Traceback" not in program.stderr.read()


def test_the_log_is_appended(shared: SharedNetwork, server: FakeServer, tmp_path: Path) -> None:
    log = tmp_path / "chat.log"
    log.write_text("what was there\n")
    assert _run("hi\n/me waves\n/msg bob psst\n", server.address, "--name", "bot", "--log", str(log)).returncode == 0
    written = log.read_text()
    assert written.startswith("what was there\n")
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    for line in (r"#lobby <bot> hi", r"#lobby \* bot waves", r"bob <bot> psst", r"-- connected to .* as bot"):
        assert re.search(rf"^{moment} {line}$", written, re.MULTILINE), (line, written)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--name", "two words"], "twowords is"),
        (["--room", "a,b"], "'a,b' is not a valid name for a room"),
        (["http://localhost"], "http:// is neither irc:// nor ircs://"),
        (["localhost:99999"], "is not an address HOST:PORT"),
        (["--log", "/"], "is a directory"),
    ],
)
def test_a_wrong_argument_is_one_clear_line(arguments: list[str], complaint: str) -> None:
    ended = _run("", *arguments)
    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


# --- a terminal --------------------------------------------------------------------------------------------


class Terminal:
    """The program on a pseudo-terminal: type, and wait for what is on the screen."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.program = subprocess.Popen(
            [sys.executable, "-c", _ON_TERMINAL, *_command(*arguments)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "INPUTRC": "/dev/null"},
        )
        os.close(slave)
        self.output = ""

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def until(self, text: str) -> None:
        """Wait for a text after the last one that was waited for."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.output:
            readable, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert readable, f"{text!r} did not come: {self.output!r}"
            self.output += os.read(self._master, 65536).decode(errors="replace")
        self.output = self.output.partition(text)[2]

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self._master)

    def exit_code(self) -> int:
        deadline = time.monotonic() + DEADLINE_S
        while self.program.poll() is None:
            assert time.monotonic() < deadline, self.output
            with suppress(OSError):  # the terminal ends with its last program
                if select.select([self._master], [], [], 0.05)[0]:
                    self.output += os.read(self._master, 65536).decode(errors="replace")
        return self.program.returncode


@contextmanager
def terminal(*arguments: str) -> Iterator[Terminal]:
    opened = Terminal(*arguments)
    try:
        yield opened
    finally:
        opened.close()


def test_the_first_start_asks_for_a_name_and_remembers_it(
    shared: SharedNetwork, server: FakeServer, settings_place: Path
) -> None:
    with terminal(server.address, "--plain") as screen:
        screen.until("Your name [")
        screen.type("not a name!\n")
        screen.until("Your name [notaname]: ")
        screen.type("alice\n")
        screen.until("* you joined #lobby")
        screen.type("hello\n")
        shared.until(lambda network: network.texts("#lobby") == ["hello"])
        screen.type("/help\n")
        screen.until("/topic [ROOM] [TEXT]")
        screen.type("/nosuch\n")
        screen.until("There is no command /nosuch")
        screen.type("/quit\n")
        assert screen.exit_code() == 0
        assert "alice: hello" not in screen.output
    assert settings_place.read_text() == "name = 'alice'\n"
    with terminal(server.address, "--plain") as screen:
        screen.until("as alice")
        screen.until("* you joined #lobby")


@pytest.mark.parametrize("keys", ["\x03", "\x04"])
def test_control_c_and_control_d_leave_cleanly(keys: str, shared: SharedNetwork, server: FakeServer) -> None:
    with terminal(server.address, "--name", "alice", "--plain") as screen:
        screen.until("* you joined #lobby")
        connection = shared.network.connections[0]
        screen.type(keys)
        assert screen.exit_code() == 0
        assert connection.has_quit
        assert "Traceback" not in screen.output


def test_plain_on_a_terminal_sends_no_control(shared: SharedNetwork, server: FakeServer) -> None:
    with terminal(server.address, "--name", "alice", "--plain") as screen:
        screen.until("* you joined #lobby")
        shared.say("bob", "#lobby", "hi")
        screen.until("bob: hi\r\n")
        screen.type("hello\n")
        shared.until(lambda network: network.texts("#lobby") == ["hi", "hello"])
        screen.type("/quit\n")
        assert screen.exit_code() == 0
        assert "\x1b" not in screen.output


def test_log_and_export_write_what_was_said(shared: SharedNetwork, server: FakeServer, tmp_path: Path) -> None:
    log, text, lines = tmp_path / "chat.log", tmp_path / "chat.txt", tmp_path / "chat.jsonl"
    with terminal(server.address, "--name", "alice", "--plain") as screen:
        screen.until("* in #lobby: alice")
        screen.type(f"/log {log}\n")
        screen.until(f"logging to {log}")
        shared.say("bob", "#lobby", "hi")
        screen.until("bob: hi")
        screen.type(f"/export {text}\n/export {lines}\n/log\n")
        screen.until(f"written to {lines}")
        screen.until("the log is closed")
        screen.type(f"/log {tmp_path}\n/export {tmp_path}\n")
        screen.until(f"cannot write to {tmp_path}: Is a directory")
        screen.until(f"cannot write to {tmp_path}: Is a directory")
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(rf"{moment} #lobby <bob> hi\n", log.read_text())
    assert re.fullmatch(rf"{moment} -- you joined #lobby\n{moment} <bob> hi\n", text.read_text())
    assert [json.loads(line)["text"] for line in lines.read_text().splitlines()] == ["you joined #lobby", "hi"]


def test_what_is_reacted_answered_and_taken_back_at_the_keyboard(shared: SharedNetwork, server: FakeServer) -> None:
    shared.network.caps = MODERN_CAPS
    with terminal(server.address, "--name", "alice", "--plain") as screen:
        screen.until("* you joined #lobby")
        shared.say("bob", "#lobby", "hi")
        screen.until("bob: hi")
        screen.type("/react +1\n/reply hello bob\n")
        shared.until(lambda network: network.texts("#lobby") == ["hi", "hello bob"])
        shared.say("bob", "#lobby", "hello alice")
        screen.until("bob: hello alice")  # behind the echo, without which there is nothing to take back
        screen.type("/redact a slip\n")
        shared.until(lambda network: len(network.log) == 5)
        screen.type("/search HELLO\n")
        screen.until("<bob> hello alice")
        screen.until("-- searched 5 messages")
        assert "<alice> hello bob" not in screen.output, "what was deleted is found nowhere"
    hi, reaction, reply, _, redaction = shared.network.log
    assert (reaction.tags["+draft/react"], reaction.tags["+reply"]) == ("+1", hi.tags["msgid"])
    assert reaction.tags["+draft/reply"] == reply.tags["+draft/reply"] == hi.tags["msgid"]
    assert reply.tags["+reply"] == hi.tags["msgid"]
    assert redaction.params == ["#lobby", reply.tags["msgid"], "a slip"]
