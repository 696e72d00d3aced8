"""Make the lanes' configuration from the settings, at start and at every reload. Runs on the main thread."""

import ssl
import time
from importlib.metadata import PackageNotFoundError, version

from gateway.chat.isupport import isupport_lines, isupport_tokens
from gateway.chat.network import Server
from gateway.config import ConfigError, Settings
from gateway.lane.context import LaneSettings
from gateway.net.tls import UnusableCertificate, server_context

STARTED_S = time.time()

Provision = tuple[LaneSettings, Server, ssl.SSLContext | None]
"""The configuration of all lanes; they share the TLS context."""


def provide(settings: Settings) -> Provision:
    """Make the configuration; raise ConfigError if a file cannot be used."""
    return lane_settings(settings), _server(settings), _tls_context(settings)


def lane_settings(settings: Settings) -> LaneSettings:
    return LaneSettings(
        prefix=settings.prefix,
        flood_rate=settings.flood_rate,
        flood_burst=settings.flood_burst,
        sendq_bytes=settings.sendq_bytes,
        ping_interval_s=settings.ping_interval_s,
        trusted_proxies=settings.trusted_proxies,
        web_origins=settings.web_origins,
        history_messages=settings.history_messages,
        history_bytes=settings.history_bytes,
        history_age_s=settings.history_age_s,
        sendq_total_bytes=settings.sendq_total_bytes // settings.lanes,
        retry_queue_bytes=settings.retry_queue_bytes,
        retry_queue_age_s=settings.retry_queue_age_s,
        wait_replicas=settings.redis_wait_replicas,
    )


def _server(settings: Settings) -> Server:
    return Server(
        name=settings.name,
        network=settings.network,
        version=f"hubbub-{_version()}",
        lobby=settings.lobby,
        motd=_motd(settings),
        isupport=isupport_lines(isupport_tokens(settings.network, settings.lobby, settings.icon)),
        password=settings.password,
        operators=dict(settings.operators),
        lease_s=settings.lease_s,
        started_s=STARTED_S,
        join_history_messages=settings.join_history_messages,
    )


def _motd(settings: Settings) -> tuple[str, ...]:
    if settings.motd_file is None:
        return ()
    try:
        return tuple(settings.motd_file.read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("motd_file", str(settings.motd_file), f"cannot be read: {error}") from None


def _tls_context(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    try:
        return server_context(settings.tls_cert, settings.tls_key)
    except UnusableCertificate as error:
        raise ConfigError("tls_cert, tls_key", "its files", str(error)) from None


def _version() -> str:
    try:
        return version("hubbub")
    except PackageNotFoundError:
        return "0"
