"""`hubbub send` and `hubbub tail` in scripts: pipes, exit codes, and gateways that die."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.wire.message import Message
from tests.client.fake_gateway import FakeNetwork
from tests.client.fake_server import DEADLINE_S, FakeServer, SharedNetwork


@pytest.fixture
def shared() -> SharedNetwork:
    return SharedNetwork(FakeNetwork(page=3))


@pytest.fixture
def server(shared: SharedNetwork) -> Iterator[FakeServer]:
    with FakeServer(shared) as server:
        yield server


def _run(*arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "client", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def _start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "client", *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _until_joined(shared: SharedNetwork) -> None:
    shared.until(lambda network: any("#dev" in connection.rooms for connection in network.connections))


# --- send --------------------------------------------------------------------------------------------------


def test_send_says_every_line_and_nothing_is_a_command(shared: SharedNetwork, server: FakeServer) -> None:
    ended = _run("send", "#dev", server.address, "--name", "bot", text="one\n/quit\n\n//two\n/me three\n")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert shared.network.texts("#dev") == ["one", "/quit", "//two", "/me three"]


def test_send_and_tail_format_nothing(shared: SharedNetwork, server: FakeServer) -> None:
    """The text is sent as it was typed, also if the full screen shows it formatted, or an emoji for a name."""
    said = ["**a** *b* `c` ~~d~~ :tada:", "> e", "- f", "```", "g", "```", "end"]
    assert _run("send", "#dev", server.address, text="".join(f"{line}\n" for line in said)).returncode == 0
    assert shared.network.texts("#dev") == said
    ended = _run("tail", "#dev", server.address, "--limit", "7", "--until-match", "^end$")
    assert [line.split("> ", 1)[1] for line in ended.stdout.splitlines()] == said


def test_send_to_one_person(shared: SharedNetwork, server: FakeServer) -> None:
    assert _run("send", "bob", server.address, text="psst\n").returncode == 0
    assert shared.network.texts("bob") == ["psst"]


def test_what_is_refused_is_exit_code_1_and_named(shared: SharedNetwork, server: FakeServer) -> None:
    shared.network.refuses.add("#dev")
    ended = _run("send", "#dev", server.address, text="hello\n")
    assert ended.returncode == 1
    assert "not delivered to #dev (Cannot send to channel): hello" in ended.stderr


def test_no_gateway_is_exit_code_1() -> None:
    ended = _run("send", "#dev", "127.0.0.1:1", "--wait", "0.2", text="hello\n")
    assert ended.returncode == 1
    assert "not delivered to #dev (there was no connection): hello" in ended.stderr


def test_send_goes_on_by_another_gateway(shared: SharedNetwork, server: FakeServer) -> None:
    lines = [f"line {number}" for number in range(2000)]
    with FakeServer(shared) as other:
        command = [sys.executable, "-m", "client", "send", "#dev", server.address, other.address]
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as program:
            assert program.stdin is not None
            program.stdin.write("\n".join(lines[:1000]) + "\n")
            program.stdin.flush()
            shared.until(lambda network: len(network.log) > 100)
            server.die()
            program.stdin.write("\n".join(lines[1000:]))
            program.stdin.close()
            assert program.wait(DEADLINE_S) == 0
    assert shared.network.texts("#dev") == lines


# --- tail --------------------------------------------------------------------------------------------------


def test_tail_begins_in_the_history_and_ends_with_a_match(shared: SharedNetwork, server: FakeServer) -> None:
    for number in range(10):
        shared.network.say("bob", "#dev", f"old {number}")
    with _start("tail", "#dev", server.address, "--limit", "7", "--until-match", "^DONE") as program:
        assert program.stdout is not None
        assert [program.stdout.readline().split("<bob> ")[1] for _ in range(7)] == [f"old {n}\n" for n in range(3, 10)]
        shared.say("bob", "#dev", "not DONE")
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d <bob> not DONE\n", program.stdout.readline())
        shared.say("bob", "#dev", "DONE now")
        shared.say("bob", "#dev", "after it")
        assert program.wait(DEADLINE_S) == 0
        assert [line.split("> ")[1] for line in program.stdout] == ["DONE now\n"]


def test_tail_since_some_time(shared: SharedNetwork, server: FakeServer) -> None:
    for number in range(10):
        shared.network.say("bob", "#dev", f"old {number}")
    ended = _run("tail", "#dev", server.address, "--since", "2023-11-14T22:13:24", "--until-match", "old 9")
    assert ended.returncode == 0
    assert re.findall(r"old \d", ended.stdout) == [f"old {number}" for number in range(4, 10)]


def test_tail_as_json(shared: SharedNetwork, server: FakeServer) -> None:
    shared.network.say("bob", "#dev", "\x01ACTION waves\x01")
    shared.network.put(Message("PRIVMSG", ["#dev", "one\ntwo"], "bob!u@h", {"+reply": "m0"}))
    ended = _run("tail", "dev", server.address, "--limit", "9", "--format", "jsonl", "--until-match", "two")
    assert ended.returncode == 0
    first, *others = [json.loads(line) for line in ended.stdout.splitlines()]
    assert first == {
        "time": "2023-11-14T22:13:20.000Z",
        "room": "#dev",
        "kind": "action",
        "nick": "bob",
        "text": "waves",
        "msgid": "m0",
        "reply_to": "",
    }
    assert [(other["text"], other["reply_to"]) for other in others] == [("one", "m0"), ("two", "")]


def test_tail_writes_everything_once_whatever_gateway_dies(shared: SharedNetwork, server: FakeServer) -> None:
    with FakeServer(shared) as other, _start("tail", "#dev", server.address, other.address) as program:
        assert program.stdout is not None
        _until_joined(shared)
        for number in range(40):
            shared.say("bob", "#dev", f"line {number}")
            if number == 20:
                server.die()
        texts = [program.stdout.readline().split("> ")[1] for _ in range(40)]
        assert texts == [f"line {number}\n" for number in range(40)]
        program.send_signal(signal.SIGINT)
        assert program.wait(DEADLINE_S) == 0
        assert program.stdout.read() == ""
        assert program.stderr is not None
        assert "Traceback" not in program.stderr.read()


def test_nothing_that_matches_in_time_is_exit_code_1(shared: SharedNetwork, server: FakeServer) -> None:
    assert _run("tail", "#dev", server.address, "--until-match", "x", "--timeout", "0.5").returncode == 1
    assert _run("tail", "#dev", server.address, "--timeout", "0.5").returncode == 0


def test_a_room_that_refuses_is_exit_code_1(shared: SharedNetwork, server: FakeServer) -> None:
    shared.network.refuses.add("#dev")
    ended = _run("tail", "#dev", server.address)
    assert ended.returncode == 1
    assert "you cannot join #dev: you are banned from it" in ended.stderr


def test_a_closed_reader_ends_tail_quietly(shared: SharedNetwork, server: FakeServer) -> None:
    with _start("tail", "#dev", server.address) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        _until_joined(shared)
        program.stdout.close()
        shared.say("bob", "#dev", "anyone?")
        assert program.wait(DEADLINE_S) == 0
        assert "Error" not in program.stderr.read()


# --- usage -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["send"], "Missing argument"),
        (["send", "a b"], "'a b' is neither a room nor a name"),
        (["tail", "a,b"], "is not a valid name for a room"),
        (["tail", "#a", "--limit", "1", "--since", "1h"], "one of them"),
        (["tail", "#a", "--since", "soon"], "'soon' is neither a time such as"),
        (["tail", "#a", "--until-match", "("], "unterminated subpattern"),
        (["--password", "secret"], "No such option"),
        (["password", "home"], "there is no [networks.home]"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_clear_line(arguments: list[str], complaint: str) -> None:
    ended = _run(*arguments)
    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_setting_is_named(settings_place: Path) -> None:
    settings_place.parent.mkdir(parents=True)
    settings_place.write_text("colour = 'red'\n")
    ended = _run()
    assert ended.returncode == 2
    assert f"{settings_place}: colour: there is no such setting" in ended.stderr


def test_a_network_by_its_name_and_the_default_one(
    shared: SharedNetwork, server: FakeServer, settings_place: Path
) -> None:
    settings_place.parent.mkdir(parents=True)
    settings_place.write_text(
        f"name = 'alice'\nnetwork = 'home'\n[networks.home]\naddresses = ['{server.address}']\nrooms = ['#dev']\n"
        "[networks.away]\naddresses = ['127.0.0.1:1']\n"
    )
    assert _run("home", text="by name\n").returncode == 0
    assert _run(text="by default\n").returncode == 0
    assert _run("away", "--wait", "0.1", text="nowhere\n").returncode == 1
    assert [(message.source, message.params) for message in shared.network.log] == [
        ("alice!u@h", ["#dev", "by name"]),
        ("alice!u@h", ["#dev", "by default"]),
    ]


def test_a_network_that_wants_a_password_says_so_where_none_is_kept(
    server: FakeServer, settings_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_place.parent.mkdir(parents=True)
    settings_place.write_text(f"[networks.home]\naddresses = ['{server.address}']\npassword = true\n")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    ended = _run("home")
    assert ended.returncode == 2
    assert "`hubbub password home` keeps one" in ended.stderr
    monkeypatch.setenv("HUBBUB_PASSWORD", "secret")
    assert _run("home", text="hi\n").returncode == 0


def test_a_password_that_was_kept_is_used(
    shared: SharedNetwork, server: FakeServer, settings_place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a keyring in a file. The system's keyring is not under test."""
    (tmp_path / "filering.py").write_text(_FILE_KEYRING)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "filering.FileKeyring")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("FILERING", str(tmp_path / "ring"))
    settings_place.parent.mkdir(parents=True)
    settings_place.write_text(f"[networks.home]\naddresses = ['{server.address}']\npassword = true\n")
    kept = _run("password", "home", text="secret\nsecret\n")
    assert kept.returncode == 0, kept.stderr
    assert "secret" not in kept.stdout + kept.stderr
    assert _run("home", text="hi\n").returncode == 0
    assert shared.network.passwords == ["secret"]


_FILE_KEYRING = """
import os
import keyring.backend

class FileKeyring(keyring.backend.KeyringBackend):
    priority = 1

    def set_password(self, service, username, password):
        with open(os.environ["FILERING"], "w") as file:
            file.write(f"{service} {username} {password}")

    def get_password(self, service, username):
        with open(os.environ["FILERING"]) as file:
            *owner, password = file.read().split()
        return password if owner == [service, username] else None
"""
