"""From the command line and the settings to a session and its transport.

Owns the choice of addresses, nicks, rooms and passwords. Invalid input is a click error, with exit code 2. Main
thread.
"""

import getpass
import random
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from client import password
from client.events import Event
from client.server_addresses import Route, ServerAddress, parse_address
from client.session import Session
from client.settings import NetworkSettings, Settings, SettingsError, load, settings_path
from client.transport import Transport
from gateway.wire.names import suggest_nick, valid_nick, valid_room


@dataclass(frozen=True, slots=True)
class Destination:
    """The network to connect to, and its settings."""

    addresses: Sequence[ServerAddress]
    network: NetworkSettings
    password: str = ""
    name: str = ""  # its name in the settings, or else its first address


def settings_from(path: Path | None) -> tuple[Settings, Path]:
    path = path or settings_path()
    try:
        return load(path), path
    except SettingsError as error:
        raise click.UsageError(str(error)) from None


def destination(words: Sequence[str], settings: Settings, *, uses_tls: bool, asks_password: bool) -> Destination:
    """Resolve addresses, or the name of a network; without arguments, the default network."""
    name = settings.network if not words else words[0] if len(words) == 1 and words[0] in settings.networks else ""
    network = settings.networks[name] if name else NetworkSettings(addresses=tuple(words) or ("localhost",))
    addresses: dict[ServerAddress, None] = {}
    for text in network.addresses:
        try:
            addresses[parse_address(text, uses_tls=uses_tls or network.tls)] = None
        except ValueError as error:
            raise click.UsageError(f"{text!r} is not an address HOST:PORT ({error})") from None
    secret = _password(name, is_needed=network.password, asks=asks_password)
    return Destination(list(addresses), network, secret, name or str(next(iter(addresses))))


def _password(network: str, *, is_needed: bool, asks: bool) -> str:
    given = "" if asks else password.kept(network if is_needed else "")
    if given or not (is_needed or asks):
        return given
    if not sys.stdin.isatty():
        raise click.UsageError(f"{network} asks for a password: `hubbub password {network}` keeps one")
    answer: str = click.prompt("Password", hide_input=True, err=True)
    return answer


def room_named(text: str) -> str:
    room = text if text.startswith("#") else f"#{text}"
    if not valid_room(room):
        raise click.UsageError(f"{text!r} is not a valid name for a room")
    return room


def settled_name(option: str | None, to: Destination, settings: Settings) -> str:
    """Return the nick from the option or the settings, "" if there is none."""
    if option is not None and not valid_nick(option):
        raise click.UsageError(f"{option!r} is not a valid nick; {suggest_nick(option)} is")
    return option or to.network.name or settings.name


def suggested_name() -> str:
    """Suggest a nick made from the user's login name."""
    try:
        return suggest_nick(getpass.getuser())
    except (OSError, KeyError):
        return "guest"


def connect(
    to: Destination,
    name: str,
    rooms: Sequence[str],
    show: Callable[[Event], None],
    *,
    backlog: int = 0,
    since: float | None = None,
    joins_lobby: bool = False,
) -> Transport:
    """Create a session and its transport, which the caller starts."""
    session = Session(
        name,
        rooms,
        lambda: secrets.token_hex(8),
        password=to.password,
        backlog=backlog,
        since=since,
        joins_lobby=joins_lobby,
    )
    return Transport(session, Route(to.addresses, random.random), show)
