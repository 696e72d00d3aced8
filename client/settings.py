"""The settings of a user: their nick, their networks, the theme and the alerts.

A TOML file in the platform's directory for settings; every key may be missing:

    name = "alice"
    network = "home"                # used by `hubbub` without arguments; default: localhost:6667
    theme = "dark"                  # or "light"
    bell = true                     # on a mention, and on direct messages
    notify = false                  # on the desktop, if the terminal supports it
    highlights = ["release"]        # words that count as a mention, like the nick

    [networks.home]
    addresses = ["chat.example.org:6667", "chat2.example.org:6667"]
    tls = false
    rooms = ["#lobby", "#dev"]      # default: the lobby of the network
    name = "alice"                  # on this network
    password = false                # true: the network requires one (`hubbub password home` stores it)

Owns the format. Wrong contents are a SettingsError of one line that names the key. Main thread.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

from client.server_addresses import parse_address
from gateway.wire.names import valid_nick, valid_room

THEMES: Final = ("dark", "light")
COMMANDS: Final = ("chat", "password", "send", "tail")  # reserved words


class SettingsError(Exception):
    """The file is invalid; the text names the key, in one line."""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    addresses: tuple[str, ...] = ("localhost",)
    tls: bool = False
    rooms: tuple[str, ...] = ()
    name: str = ""
    password: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    name: str = ""
    network: str = ""
    theme: str = "dark"
    bell: bool = True
    notify: bool = False
    highlights: tuple[str, ...] = ()
    networks: Mapping[str, NetworkSettings] = field(default_factory=dict)


def settings_path() -> Path:
    from platformdirs import user_config_path

    return user_config_path("hubbub") / "client.toml"


def load(path: Path) -> Settings:
    """Read the file; without one, return the defaults. Raises SettingsError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from None
    try:
        return _settings(table)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None


def remember_name(path: Path, name: str) -> None:
    """Store a nick in a file that has none. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rest = path.read_text(encoding="utf-8") if path.exists() else ""
    new = path.with_suffix(".new")
    new.write_text(f"name = '{name}'\n{rest}", encoding="utf-8")  # a nick has no apostrophe
    new.replace(path)


def _settings(table: dict[str, Any]) -> Settings:
    networks = table.pop("networks", {})
    if not isinstance(networks, dict) or not all(isinstance(each, dict) for each in networks.values()):
        raise SettingsError("networks: they are written as [networks.NAME]")
    built = {}
    for name, each in networks.items():
        if name in COMMANDS:
            raise SettingsError(f"networks.{name}: that is the name of a command")
        built[name] = NetworkSettings(**_checked(NetworkSettings, each, f"networks.{name}."))
    settings = Settings(**_checked(Settings, table, ""), networks=built)
    if settings.network and settings.network not in built:
        raise SettingsError(f"network: there is no [networks.{settings.network}]")
    if settings.theme not in THEMES:
        raise SettingsError(f"theme: {settings.theme!r} is none of {', '.join(THEMES)}")
    return settings


def _checked(kind: type[Settings] | type[NetworkSettings], table: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Check the keys of a table, and the types and meanings of its values."""
    types = get_type_hints(kind)
    known = [each.name for each in fields(kind) if get_origin(types[each.name]) is not Mapping]
    values = {}
    for key, value in table.items():
        if key not in known:
            raise SettingsError(f"{prefix}{key}: there is no such setting; there are {', '.join(sorted(known))}")
        _check_type(types[key], value, prefix + key)
        for one in value if isinstance(value, list) else (value,):
            _check_meaning(key, one, prefix + key)
        values[key] = tuple(value) if isinstance(value, list) else value
    return values


def _check_type(wanted: Any, value: object, key: str) -> None:
    is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
    if type(value) is wanted or (get_args(wanted) and is_list):
        return
    name = {bool: "true or false", str: 'a text in ""'}.get(wanted, 'a list such as ["one", "two"]')
    raise SettingsError(f"{key}: {value!r} is not {name}")


def _check_meaning(key: str, value: object, named: str) -> None:
    match key, value:
        case "name", str(nick) if not valid_nick(nick):
            raise SettingsError(f"{named}: {nick!r} is not a valid nick")
        case "rooms", str(room) if not valid_room(room):
            raise SettingsError(f"{named}: {room!r} is not a valid name for a room")
        case "addresses", str(address):
            try:
                parse_address(address)
            except ValueError as error:
                raise SettingsError(f"{named}: {address!r} is not an address HOST:PORT ({error})") from None
