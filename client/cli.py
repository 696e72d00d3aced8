"""The program `hubbub`: its commands and options, and how the parts of the client are assembled for each.

Owns the decisions that depend on the environment: terminal or pipe, which nick to ask for, where the log goes. On the
main thread.
"""

import gc
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from client.buffers import Buffers
from client.events import Event
from client.files import Log
from client.line_mode import LineMode, interrupt_main_thread
from client.output import Output
from client.screen import PlainScreen
from client.settings import COMMANDS, Settings, remember_name
from client.start import (
    Destination,
    connect,
    destination,
    room_named,
    settings_from,
    settled_name,
    suggested_name,
)
from client.transport import Transport
from gateway.wire.casefold import casefold
from gateway.wire.names import suggest_nick, valid_nick

SCREEN_BACKLOG_MESSAGES = 100
BACKLOG_MESSAGES = 20  # messages from before the JOIN that a user sees; a pipe gets none
_WAIT_HELP = "How long to go on after the end of the input while nothing can be delivered."
_HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


class ChatByDefault(click.Group):
    """A group whose default command is `chat`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*COMMANDS, "-h", "--help", "--version"):
            args = ["chat", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ChatByDefault, context_settings=_HELP_OPTIONS)
@click.version_option(package_name="hubbub", prog_name="hubbub")
def main() -> None:
    """Chat on a Hubbub network, or any IRC server.

    Without a command, `hubbub [HOST:PORT ...|NETWORK]` is `hubbub chat`; see `hubbub chat --help`.
    """


def _goes_somewhere(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that all commands have: addresses, nick, password."""
    for decorate in (
        click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Another file of settings."),
        click.option("--ask-password", "asks_password", is_flag=True, help="Ask for the network's password."),
        click.option("--tls", "uses_tls", is_flag=True, help="Use TLS, as an address ircs://HOST:PORT does."),
        click.option("--name", "nick", help="Your name in the chat."),
        click.argument("addresses", metavar="[HOST:PORT ...|NETWORK]", nargs=-1),
    ):
        command = decorate(command)
    return command


def _destination(options: dict[str, Any]) -> tuple[Destination, Settings, Path]:
    settings, path = settings_from(options["config"])
    to = destination(
        options["addresses"], settings, uses_tls=options["uses_tls"], asks_password=options["asks_password"]
    )
    return to, settings, path


@main.command(context_settings=_HELP_OPTIONS)
@_goes_somewhere
@click.option("--room", "rooms", multiple=True, help="Room to join; more than once for several.  [default: the lobby]")
@click.option("--plain", is_flag=True, help="Plain lines, without any control of the terminal.")
@click.option("--log", "log_path", type=click.Path(dir_okay=False, path_type=Path), help="Append a readable log.")
@click.option("--wait", "wait_s", default=30.0, show_default=True, metavar="SECONDS", help=_WAIT_HELP)
def chat(
    *, nick: str | None, rooms: tuple[str, ...], plain: bool, log_path: Path | None, wait_s: float, **options: Any
) -> None:
    """Chat through any gateway of a network (default: that of the settings, or localhost:6667).

    Several addresses are tried in turn. When a connection is lost, hubbub connects to the next one and fetches what
    you missed. What you type is sent to the room; /help lists the commands.

    Text from a pipe is sent line by line: tail -f FILE | hubbub --name bot. When the pipe ends, hubbub leaves as
    soon as everything is delivered. Exit code 0: everything was delivered.
    """
    to, settings, path = _destination(options)
    room_names = [room_named(room) for room in rooms or to.network.rooms]
    name = settled_name(nick, to, settings)
    log = _open_log(log_path)
    _be_lenient()
    is_pipe = not sys.stdin.isatty()
    if not (is_pipe or plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb"):
        focused = room_names[0] if rooms else ""
        sys.exit(_run_full_screen(to, settings, path, name, room_names, focused, log))
    if not name:
        name = suggested_name() if is_pipe else _ask_name(path)
    screen = PlainScreen()
    output = Output(screen, log, Buffers(name), lambda: mode.here, interrupt_main_thread)
    backlog = 0 if is_pipe else BACKLOG_MESSAGES
    transport = connect(to, name, room_names, output.show, backlog=backlog, joins_lobby=not room_names)
    mode = LineMode(transport, screen, output)
    sys.exit(mode.run_for_pipe(wait_s) if is_pipe else mode.run_for_person())


@main.command(context_settings=_HELP_OPTIONS)
@click.argument("target", metavar="ROOM|NAME")
@_goes_somewhere
@click.option("--wait", "wait_s", default=30.0, show_default=True, metavar="SECONDS", help=_WAIT_HELP)
def send(*, target: str, nick: str | None, wait_s: float, **options: Any) -> None:
    """Send every line of the standard input to a room ('#dev') or a person.

    Exit code 0: everything was delivered; 1: something was not, and is printed; 2: wrong usage.
    """
    to, settings, _ = _destination(options)
    rooms = [room_named(target)] if target.startswith("#") else []
    if not rooms and not valid_nick(target):
        raise click.UsageError(f"{target!r} is neither a room nor a name")
    name = settled_name(nick, to, settings) or suggested_name()
    _be_lenient()
    screen = PlainScreen(chat=None)
    output = Output(screen, Log(), Buffers(name), lambda: mode.here, interrupt_main_thread)
    mode = LineMode(connect(to, name, rooms, output.show), screen, output)
    sys.exit(mode.run_for_text(target, wait_s))


@main.command(context_settings=_HELP_OPTIONS)
@click.argument("room")
@_goes_somewhere
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
@click.option("--limit", type=click.IntRange(min=0), default=0, help="Begin with the last N messages.", metavar="N")
@click.option("--since", metavar="T", help="Begin with what was said since: ISO 8601 (UTC), or ago: 30s 10m 2h 1d.")
@click.option("--until-match", metavar="REGEX", help="End with the first message that matches.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0), metavar="SECONDS", help="End after this time.")
def tail(
    *,
    room: str,
    nick: str | None,
    form: str,
    limit: int,
    since: str | None,
    until_match: str | None,
    timeout_s: float | None,
    **options: Any,
) -> None:
    """Write the messages of a room to the standard output: from --limit or --since on, then live.

    Exit code 0: a message matched, or it was ended (^C, --timeout without --until-match, a closed pipe); 1: nothing
    matched within the time, or the room cannot be joined; 2: wrong usage.
    """
    from client.tail import Tail, Wanted, parse_time

    if limit and since:
        raise click.UsageError("--limit and --since: one of them")
    try:
        since_at = parse_time(since, datetime.now(UTC)) if since else None
        pattern = re.compile(until_match) if until_match else None
    except (ValueError, re.error) as error:
        raise click.UsageError(str(error)) from None
    to, settings, _ = _destination(options)
    name = settled_name(nick, to, settings) or suggested_name()
    _be_lenient()
    wanted = Wanted(room_named(room), form, since_at, pattern, timeout_s)
    tail = Tail(wanted, name)
    sys.exit(tail.run(connect(to, name, [wanted.room], tail.show, backlog=limit, since=since_at)))


@main.command(context_settings=_HELP_OPTIONS)
@click.argument("network")
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Another file of settings.")
def password(network: str, config: Path | None) -> None:
    """Store the password of a network in the system's keyring."""
    from client.password import NoKeyringError, keep

    settings, path = settings_from(config)
    if network not in settings.networks:
        raise click.UsageError(f"there is no [networks.{network}] in {path}")
    try:
        keep(network, click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    except NoKeyringError as error:
        raise click.ClickException(str(error)) from None
    if not settings.networks[network].password:
        click.echo(f"Now put `password = true` under [networks.{network}] in {path}", err=True)


def _run_full_screen(
    to: Destination, settings: Settings, path: Path, name: str, rooms: list[str], focused: str, log: Log
) -> int:
    """Restore the last run, with the given rooms added; `focused` is the room to show, if any."""
    gc.disable()  # imports make no garbage; the interface turns it on again
    from client.state_file import load_state, save_state, state_path
    from client.ui.app import Preferences
    from client.ui.kept_state import KeptState
    from client.ui.run import run

    kept_in = state_path(to.name)
    found, notice = load_state(kept_in)
    known = {casefold(each.name) for each in found.rooms}
    rooms = [*(each.name for each in found.rooms), *(room for room in rooms if casefold(room) not in known)]

    def begin(chosen: str, show: Callable[[Event], None]) -> Transport:
        if not name:
            _remember(path, chosen)
        return connect(to, chosen, rooms, show, backlog=SCREEN_BACKLOG_MESSAGES, joins_lobby=not rooms)

    kept_state = KeptState(replace(found, focused=focused or found.focused), notice, partial(save_state, kept_in))
    preferences = Preferences(
        theme=settings.theme, rings=settings.bell, notifies=settings.notify, highlights=settings.highlights
    )
    return run(begin, name, preferences, kept_state, suggestion=suggested_name(), log=log)


def _ask_name(path: Path) -> str:
    suggestion = suggested_name()
    while True:
        answer: str = click.prompt("Your name", default=suggestion, err=True)
        if valid_nick(answer):
            _remember(path, answer)
            return answer
        suggestion = suggest_nick(answer)
        click.echo("A name has up to 30 letters (a-z), digits, - or _, and begins with a letter.", err=True)


def _remember(path: Path, name: str) -> None:
    with suppress(OSError):  # the next start asks again
        remember_name(path, name)


def _open_log(path: Path | None) -> Log:
    log = Log()
    try:
        if path is not None:
            log.open(path)
    except OSError as error:
        raise click.BadParameter(f"cannot write to {path}: {error.strerror}", param_hint="--log") from None
    return log


def _be_lenient() -> None:
    """Replace characters that a stream cannot encode."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
