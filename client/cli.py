"""The command `hubbub`: its options, and the parts of the client put together.

Owns what the environment decides: terminal or pipe, which name to ask for, where the log goes. On the main
thread.
"""

import getpass
import os
import random
import secrets
import sys
from pathlib import Path
from typing import TextIO

import click

from client.line import LineMode, interrupt_main_thread
from client.output import Output
from client.route import Address, Route, parse_address
from client.screen import PlainScreen, TerminalScreen
from client.session import Session
from client.transport import Transport
from gateway.wire.names import suggest_nick, valid_nick, valid_room

BACKLOG_MESSAGES = 20  # what a person sees of what was said before; a pipe sees nothing of it
_WAIT_HELP = "How long to go on after the end of a pipe while nothing can be delivered."


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("addresses", metavar="[HOST:PORT ...]", nargs=-1)
@click.option("--name", help="Your name in the chat; on a terminal you are asked for it.")
@click.option("--room", "rooms", multiple=True, default=["#lobby"], show_default=True, help="Room to join.")
@click.option("--plain", is_flag=True, help="Plain lines, without any control of the terminal.")
@click.option("--log", "log_path", type=click.Path(dir_okay=False, path_type=Path), help="Append a readable log.")
@click.option("--tls", is_flag=True, help="Use TLS, as an address ircs://HOST:PORT does.")
@click.option("--password", envvar="HUBBUB_PASSWORD", default="", help="The network's password, if it has one.")
@click.option("--wait", "wait_s", default=30.0, show_default=True, metavar="SECONDS", help=_WAIT_HELP)
def main(
    *,
    addresses: tuple[str, ...],
    name: str | None,
    rooms: tuple[str, ...],
    plain: bool,
    log_path: Path | None,
    tls: bool,
    password: str,
    wait_s: float,
) -> None:
    """Chat through any gateway of a Hubbub network, or any IRC server (localhost:6667 if none is named).

    Several addresses are tried in turn; when a connection is lost the next one is tried, and what you missed is
    fetched. What you type is said in the room; /help lists the commands.

    Text from a pipe is said line by line: tail -f FILE | hubbub --name bot. When the pipe ends, hubbub leaves as
    soon as all is delivered. Exit code 0: all that you said was delivered.
    """
    route = _route(addresses or ("localhost",), uses_tls=tls)
    room_names = [_room(room) for room in rooms]
    is_pipe = not sys.stdin.isatty()
    is_prompting = not is_pipe and not plain and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    log = _open_log(log_path)
    nick = _nick(name, is_asking=not is_pipe)

    session = Session(
        nick,
        room_names,
        lambda: secrets.token_hex(8),
        password=password,
        backlog=0 if is_pipe else BACKLOG_MESSAGES,
    )
    screen = TerminalScreen() if is_prompting else PlainScreen()
    output = Output(screen, log, lambda: transport.look(lambda session: session.current_room), interrupt_main_thread)
    transport = Transport(session, route, output.show)
    mode = LineMode(transport, screen)
    code = mode.run_for_pipe(wait_s) if is_pipe else mode.run_for_person(is_prompting=is_prompting)
    sys.exit(code)


def _route(texts: tuple[str, ...], *, uses_tls: bool) -> Route:
    addresses: dict[Address, None] = {}
    for text in texts:
        try:
            addresses[parse_address(text, uses_tls=uses_tls)] = None
        except ValueError as error:
            raise click.BadParameter(f"{text!r} is no address HOST:PORT ({error})") from None
    return Route(list(addresses), random.random)


def _room(text: str) -> str:
    room = text if text.startswith("#") else f"#{text}"
    if not valid_room(room):
        raise click.BadParameter(f"{text!r} is no name of a room", param_hint="--room")
    return room


def _nick(name: str | None, *, is_asking: bool) -> str:
    """Find the name: as given, or asked for, or that of the user of this machine."""
    if name is not None and not valid_nick(name):
        raise click.BadParameter(f"{name!r} cannot be a name; {suggest_nick(name)} could", param_hint="--name")
    if name is not None:
        return name
    suggestion = suggest_nick(_user_name())
    while is_asking:
        answer: str = click.prompt("Your name", default=suggestion, err=True)
        if valid_nick(answer):
            return answer
        suggestion = suggest_nick(answer)
        click.echo("A name has up to 30 letters (a-z), digits, - or _, and begins with a letter.", err=True)
    return suggestion


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "guest"


def _open_log(path: Path | None) -> TextIO | None:
    try:
        return path.open("a", encoding="utf-8", buffering=1) if path else None
    except OSError as error:
        raise click.BadParameter(f"cannot write to {path}: {error.strerror}", param_hint="--log") from None


if __name__ == "__main__":
    main()
