"""The command line: the options, output and exit status of each command."""

import sys
import types
from pathlib import Path

import argon2
import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.config import Settings


def invoke(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, arguments, input=stdin, prog_name="hubbub-gateway")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that a gateway would run with. No gateway runs."""
    found: list[Settings] = []

    def run(settings: Settings) -> int:
        found.append(settings)
        return 0

    app = types.ModuleType("gateway.app")
    app.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gateway.app", app)
    monkeypatch.setattr("gateway.ops.logs.configure", lambda form: None)
    for name in ("HUBBUB_REDIS", "HUBBUB_LISTEN", "HUBBUB_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return found


def test_serve_runs_a_gateway_with_the_options(served: list[Settings]) -> None:
    options = "--listen 127.0.0.1:1 --listen [::1]:2 --redis redis://r --data-dir /d --name a.b --network N"
    more = "--prefix p: --lanes 2 --admin 127.0.0.1:3 --trusted-proxies 10.0.0.0/8 --log-format json"
    result = invoke("serve", *options.split(), *more.split())
    assert (result.exit_code, result.output) == (0, "")
    (settings,) = served
    assert [str(address) for address in settings.listen] == ["127.0.0.1:1", "[::1]:2"]
    assert (settings.redis, settings.data_dir, settings.name) == ("redis://r", Path("/d"), "a.b")
    assert (settings.network, settings.prefix, settings.lanes, settings.log_format) == ("N", "p:", 2, "json")
    assert str(settings.admin) == "127.0.0.1:3"


@pytest.mark.parametrize("arguments", [(), ("--lanes", "2")])
def test_without_a_command_it_serves(served: list[Settings], arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments).exit_code == 0
    assert served[0].lanes == (2 if arguments else 1)


def test_the_exit_status_is_the_gateways(monkeypatch: pytest.MonkeyPatch, served: list[Settings]) -> None:
    monkeypatch.setattr(sys.modules["gateway.app"], "run", lambda settings: 3)
    assert invoke("serve").exit_code == 3


def test_a_wrong_setting_is_one_line_and_status_2(served: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_LANES", "many")
    result = invoke("serve")
    assert result.exit_code == 2
    assert result.stderr == "hubbub-gateway: lanes (variable HUBBUB_LANES): 'many' is not a whole number\n"
    assert served == []


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", ["serve", "demo", "log", "hash-password"])
def test_every_command_has_help(command: str, option: str) -> None:
    result = invoke(command, option)
    assert result.exit_code == 0
    assert command in result.output


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_the_commands(option: str) -> None:
    output = invoke(option).output
    assert [word in output for word in ("serve", "demo", "log", "hash-password")] == [True] * 4


def test_hash_password_prints_an_argon2id_hash_of_the_line() -> None:
    result = invoke("hash-password", stdin="correct horse\n")
    hashed = result.output.strip()
    assert hashed.startswith("$argon2id$")
    assert argon2.PasswordHasher().verify(hashed, "correct horse")


def test_hash_password_wants_a_password() -> None:
    assert invoke("hash-password", stdin="\n").exit_code == 2


def test_log_wants_a_time_it_understands() -> None:
    result = invoke("log", "lobby", "--since", "yesterday")
    assert result.exit_code == 2
    assert "yesterday" in result.stderr


def test_log_of_an_unreachable_redis_fails_in_one_line(tmp_path: Path) -> None:
    result = invoke("log", "lobby", "--redis", f"unix://{tmp_path}/none.sock")
    assert result.exit_code == 1
    assert result.stderr.startswith("hubbub-gateway: Redis cannot be read")
    assert result.stderr.count("\n") == 1


def test_log_without_redis_uses_the_embedded_server(tmp_path: Path) -> None:
    result = invoke("log", "lobby", "--data-dir", str(tmp_path))
    assert (result.exit_code, result.stderr) == (1, "hubbub-gateway: there is no log of #lobby\n")
