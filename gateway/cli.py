"""The commands of hubbub-gateway, their options and their errors.

A wrong setting gives one line and exit status 2. An error of the environment gives exit status 1. Each command imports
only the modules that it needs. Main thread.
"""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

import click

from gateway.config import ConfigError, Settings, load, table

PROGRAM = "hubbub-gateway"
HELP_OPTIONS = ("-h", "--help")


class ServeByDefault(click.Group):
    """A group whose default command is `serve`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in (*HELP_OPTIONS, "--version")):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ServeByDefault, context_settings={"help_option_names": HELP_OPTIONS})
@click.version_option(package_name="hubbub", prog_name=PROGRAM)
def main() -> None:
    """Run a gateway of a chat network with any number of equal gateways.

    The default command is serve: see `hubbub-gateway serve --help`. For a first try, run `hubbub-gateway demo`.
    """


def fail(problem: object, status: int = 1) -> NoReturn:
    """Exit with one line on standard error."""
    click.echo(f"{PROGRAM}: {problem}", err=True)
    raise SystemExit(status)


def _takes_settings(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options of these settings to a command (of all settings with an option, if none is named)."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        config_help = "TOML file of settings; its keys are the options' names with underscores"
        command = click.option("--config", metavar="FILE", help=config_help)(command)
        for row in reversed(table()):
            if row.option and (not names or row.name in names):
                text = f"{row.help}  [{row.variable}; default: {row.shown}]"
                option = click.option(row.flag, row.name, metavar=row.option, multiple=row.many, help=text)
                command = option(command)
        return command

    return decorate


def _settings(options: dict[str, str | Sequence[str] | None]) -> Settings:
    try:
        return load(options, dict(os.environ))
    except ConfigError as error:
        fail(error, status=2)


@main.command()
@_takes_settings()
def serve(**options: Any) -> None:
    """Run a gateway until SIGTERM or ^C.

    SIGHUP reloads certificates and the settings that can change at run time.

    Every option is also an environment variable and a key of the file. An option overrides a variable,
    and a variable overrides the file. docs/operations.md lists all settings, also those without an option.
    """
    settings = _settings(options)
    import structlog

    from gateway.embedded.binary import EmbeddedServerError
    from gateway.ops import logs

    logs.configure(settings.log_format)
    for warning in settings.warnings:
        structlog.get_logger().warning("unknown_setting", problem=warning)
    from gateway.app import run
    from gateway.binding import CannotBind
    from gateway.broker.requirements import UnsuitableRedis

    try:
        sys.exit(run(settings))
    except (ConfigError, UnsuitableRedis) as error:
        fail(error, status=2)
    except (CannotBind, EmbeddedServerError) as error:
        fail(error)


@main.command()
@click.option("--gateways", default=3, show_default=True, type=click.IntRange(1, 20), help="number of gateways")
@click.option("--port", default=7001, show_default=True, type=click.IntRange(1, 65500), help="first port")
@_takes_settings("data_dir")
def demo(gateways: int, port: int, **options: Any) -> None:
    """Start a small network on this machine.

    The output shows how to connect to it.
    """
    settings = _settings(options)
    from gateway.demo import DemoError, run
    from gateway.embedded.binary import EmbeddedServerError

    try:
        sys.exit(run(gateways, port, settings))
    except (DemoError, EmbeddedServerError) as error:
        fail(error)


@main.command()
@click.argument("room")
@click.option("--follow", is_flag=True, help="continue with new events, until ^C")
@click.option("--since", metavar="T", help="first time: ISO 8601 (UTC if without a zone), or an age: 30s 10m 2h 1d")
@click.option("--until", metavar="T", help="last time, in the same form")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="only the newest N events")
@click.option("--format", "form", type=click.Choice(["text", "jsonl", "irc"]), default="text", show_default=True)
@_takes_settings("redis", "data_dir", "prefix")
def log(*, room: str, since: str | None, until: str | None, **options: Any) -> None:
    """Write a room's chat log to standard output.

    ROOM is the room's name; `lobby` means `#lobby`. Times are UTC.
    """
    from gateway import chatlog
    from gateway.embedded.binary import EmbeddedServerError

    now = datetime.now(UTC)
    chosen = {name: options.pop(name) for name in ("form", "follow", "limit")}
    try:
        since_ms, until_ms = chatlog.parse_time(since, now), chatlog.parse_time(until, now)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    query = chatlog.Query(room, since_ms=since_ms, until_ms=until_ms, **chosen)
    settings = _settings(options)
    try:
        sys.exit(chatlog.run(settings, query, sys.stdout))
    except (chatlog.ChatLogError, EmbeddedServerError) as error:
        fail(error)


@main.command("hash-password")
def hash_password() -> None:
    """Print the argon2id hash of a password.

    The password is read from standard input. The hash is for [operators.NAME] in the settings file.
    """
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        fail("no password on standard input", status=2)
    from argon2 import PasswordHasher

    click.echo(PasswordHasher().hash(password))
