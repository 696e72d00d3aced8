"""The table of settings as one class: each field has a parser, a default, a help text and its sources.

The command line, the variables, the keys of the file and the table in docs/operations.md are derived from it. It knows
neither where values come from (config.py) nor where they are used. Main thread.
"""
# ruff: noqa: RUF009 - the calls in the class make dataclass fields, as field() does

import dataclasses
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from gateway import values
from gateway.values import Address, Network


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.

    `option` is the placeholder of the value in the help, "" for a setting without an option. `many` means a repeatable
    option, a comma-separated variable, and a list in the file.
    """

    name: str
    parse: Callable[[str], Any]
    default: Callable[[], Any]
    help: str
    shown: str
    option: str
    reloadable: bool
    secret: bool
    many: bool

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return "HUBBUB_" + self.name.upper()


def _setting(
    parse: Callable[[str], Any],
    default: object,
    help: str,
    *,
    shown: str | None = None,
    option: str = "",
    reloadable: bool = False,
    secret: bool = False,
    many: bool = False,
) -> Any:
    """Make a field of `Settings` that is a row of the table. `shown` describes a default that varies."""
    make: Callable[[], Any] = default if callable(default) else lambda: default
    row = Setting("", parse, make, help, _show(default) if shown is None else shown, option, reloadable, secret, many)
    return dataclasses.field(default_factory=make, repr=not secret, metadata={"setting": row})


def _show(default: object) -> str:
    if default is None or default == ():
        return "none"
    if isinstance(default, float):
        return f"{default:g}"
    return ", ".join(str(item) for item in default) if isinstance(default, tuple) else str(default)


def _data_dir() -> Path:
    return platformdirs.user_data_path("hubbub")


def _server_name() -> str:
    """Return a server name made from the host name; clients distinguish it from a nick by its dot."""
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:56].strip(".-") or "gateway"
    return host if "." in host else f"{host}.hubbub"


DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one gateway process. Durations in seconds, sizes in bytes; None means not set."""

    listen: tuple[Address, ...] = _setting(
        values.address,
        (Address("tcp4", "127.0.0.1", 6667), Address("tcp4", "127.0.0.1", 8067)),  # browsers block the first port
        "the addresses for clients: HOST:PORT, [V6]:PORT or unix:/PATH",
        option="HOST:PORT",
        many=True,
    )
    redis: str | None = _setting(
        values.redis_url,
        None,
        "the Redis that all gateways share; if it is not set, the gateway starts its own server in data_dir",
        shown="embedded server",
        option="URL",
        secret=True,
    )
    data_dir: Path = _setting(
        values.path,
        _data_dir,
        "the directory of the embedded server's data",
        shown="the user's data directory, such as ~/.local/share/hubbub",
        option="DIR",
    )
    name: str = _setting(
        values.server_name,
        _server_name,
        "the server name that users see; gateways may share it",
        shown="from the host name",
        option="NAME",
    )
    network: str = _setting(values.word, "Hubbub", "the name of the network, without spaces", option="NAME")
    prefix: str = _setting(
        values.word,
        "hubbub:",
        "the first part of all keys in Redis; networks with different prefixes are separate",
        option="PREFIX",
    )
    lanes: int = _setting(values.whole(1, 256), 1, "threads that serve clients", option="N")
    admin: Address | None = _setting(
        values.address,
        None,
        "the address of /metrics, /healthz and /readyz; users must not be able to reach it",
        option="HOST:PORT",
    )
    tls_cert: Path | None = _setting(
        values.path, None, "certificate chain (PEM); read again on SIGHUP", option="FILE", reloadable=True
    )
    tls_key: Path | None = _setting(
        values.path, None, "private key (PEM); read again on SIGHUP", option="FILE", reloadable=True
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        values.network,
        (),
        "addresses or ranges from which a PROXY header is accepted",
        option="CIDR,...",
        reloadable=True,
        many=True,
    )
    web_origins: tuple[str, ...] = _setting(
        values.origin,
        (),
        "origins of the web pages that may connect; *: any; not set: the gateway's own page only",
        option="ORIGIN,...",
        reloadable=True,
        many=True,
    )
    log_format: str = _setting(
        values.one_of("console", "json"),
        "console",
        "format of the gateway's own log: console or json",
        option="console|json",
    )
    flood_rate: float = _setting(
        values.number(0),
        4.0,
        "messages per second that a client may send on average; 0: unlimited",
        reloadable=True,
    )
    flood_burst: int = _setting(
        values.whole(1),
        20,
        "messages that a client may send at once before flood_rate applies",
        reloadable=True,
    )
    max_per_ip: int = _setting(
        values.whole(0), 32, "connections of one address; 0: unlimited; loopback is exempt", reloadable=True
    )
    connect_rate: float = _setting(
        values.number(0),
        8.0,
        "connections per second that one address may open on average; 0: unlimited; loopback is exempt",
        reloadable=True,
    )
    connect_burst: int = _setting(
        values.whole(1),
        256,
        "connections that one address may open at once before connect_rate applies",
        reloadable=True,
    )
    new_rooms_per_hour: int = _setting(
        values.whole(0),
        120,
        "rooms that one address may create in an hour, and at once; 0: unlimited; loopback is exempt",
        reloadable=True,
    )
    sendq_bytes: int = _setting(
        values.whole(4096),
        1 << 20,
        "unread output of one client; above it the client is disconnected",
        reloadable=True,
    )
    sendq_total_bytes: int = _setting(
        values.whole(1 << 20),
        1 << 29,
        "unread output of all clients of the gateway; above it the clients with the most are disconnected",
        reloadable=True,
    )
    ping_interval_s: float = _setting(
        values.number(1), 120.0, "time without input after which a client is sent a PING", reloadable=True
    )
    lease_s: float = _setting(
        values.number(1),
        15.0,
        "time without a beat after which a gateway counts as dead; the same on all gateways",
    )
    history_messages: int = _setting(
        values.whole(1), 10_000, "maximum number of entries in a room's log", reloadable=True
    )
    history_bytes: int = _setting(
        values.whole(1 << 16),
        8 << 20,
        "maximum memory of a room's log in Redis, tags included",
        reloadable=True,
    )
    history_age_s: float = _setting(
        values.number(1),
        30.0 * DAY_S,
        "maximum age of an entry in a room's log",
        shown="2592000 (30 days)",
        reloadable=True,
    )
    join_history_messages: int = _setting(
        values.whole(0),
        20,
        "messages of a room that a client without draft/chathistory is sent after its JOIN; 0: none",
        reloadable=True,
    )
    drain_s: float = _setting(
        values.number(0),
        5.0,
        "time over which the clients leave when the gateway drains; 0: all at once",
        reloadable=True,
    )
    retry_queue_bytes: int = _setting(
        values.whole(4096),
        1 << 18,
        "messages of one client that wait while Redis is unavailable; more are refused",
        reloadable=True,
    )
    retry_queue_age_s: float = _setting(
        values.number(5),
        300.0,
        "time that such a message waits; then it is refused",
        reloadable=True,
    )
    redis_wait_replicas: int = _setting(
        values.whole(0),
        0,
        "replicas of Redis that must have a message before it is delivered; the same on all gateways",
    )
    lobby: str = _setting(values.room, "#lobby", "the room of users who name none; it has no operator")
    icon: str | None = _setting(
        values.web_address,
        None,
        "address of an image that clients show for the network, such as https://chat.example.org/icon.svg",
        reloadable=True,
    )
    motd_file: Path | None = _setting(values.path, None, "a file with the message of the day", reloadable=True)
    cloak_key: str | None = _setting(
        values.secret,
        None,
        "key for the cloaks of users' addresses",
        shown="shared through Redis",
        secret=True,
    )
    password: str | None = _setting(
        values.secret, None, "the password that clients must send with PASS", secret=True, reloadable=True
    )
    operators: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    """Name -> argon2id hash; only in the file, as [operators.NAME] password_hash = "..."; reloadable."""

    config_file: Path | None = None
    warnings: tuple[str, ...] = ()
    """Problems that are logged once at start: unknown HUBBUB_ variables."""

    sources: "Sources | None" = dataclasses.field(default=None, repr=False, compare=False)
    """The sources of these settings, for `config.reload`; None for settings made directly."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The options given (by setting name, texts) and the environment of the process."""

    options: Mapping[str, str | Sequence[str] | None]
    environ: Mapping[str, str]


def table() -> tuple[Setting, ...]:
    """Return all rows of the table, in the order of docs/operations.md."""
    return tuple(
        dataclasses.replace(field.metadata["setting"], name=field.name)
        for field in dataclasses.fields(Settings)
        if "setting" in field.metadata
    )
