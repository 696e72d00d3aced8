"""Load the settings from options, environment variables, the file and defaults (the table is in settings.py).

Owns the precedence of the sources and the errors that the operator sees. Other modules import settings from here.
Runs on the main thread: at start and on SIGHUP.
"""

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway import values
from gateway.settings import Setting, Settings, Sources, table
from gateway.values import Address, Network

__all__ = ["Address", "ConfigError", "Network", "Setting", "Settings", "load", "reload", "table"]


NUMBER_LIMIT_BITS = 64


class ConfigError(Exception):
    """A setting is invalid. The operator sees one line; exit status 2."""

    def __init__(self, setting: str, source: str, problem: str) -> None:
        super().__init__(f"{setting} ({source}): {problem}")
        self.setting, self.source, self.problem = setting, source, problem


def load(options: Mapping[str, str | Sequence[str] | None], environ: Mapping[str, str]) -> Settings:
    """Load settings: options (by setting name, plus "config") override variables, the file and defaults.

    Empty texts count as not set. Raises ConfigError. Unknown HUBBUB_ variables are listed in `.warnings`.
    """
    config_file = _config_file(options, environ)
    file = _read_toml(config_file) if config_file else {}
    operators = _operators(file.pop("operators", {}), config_file)
    chosen: dict[str, Any] = {}
    for setting in table():
        found = next(_texts(setting, options, environ, file, config_file), None)
        if found is not None:
            chosen[setting.name] = _parse(setting, *found)
    _reject_unknown_keys(file, config_file)
    _check_pairs(chosen)
    return Settings(
        **chosen,
        operators=operators,
        config_file=config_file,
        warnings=tuple(_unknown_variables(environ)),
        sources=Sources(options, environ),
    )


def reload(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Reload settings; return them and the names of settings that changed but need a restart.

    Only reloadable settings differ from the old ones. Raises ConfigError; the old settings then stay in use.
    """
    if settings.sources is None:
        return settings, ()
    fresh = load(settings.sources.options, settings.sources.environ)
    changed = [row for row in table() if getattr(fresh, row.name) != getattr(settings, row.name)]
    taken = {row.name: getattr(fresh, row.name) for row in changed if row.reloadable}
    needs_restart = tuple(row.name for row in changed if not row.reloadable)
    return dataclasses.replace(settings, **taken, operators=fresh.operators), needs_restart


def _config_file(options: Mapping[str, str | Sequence[str] | None], environ: Mapping[str, str]) -> Path | None:
    text = options.get("config") or environ.get("HUBBUB_CONFIG")
    try:
        return values.path(str(text)) if text else None
    except ValueError as error:
        raise ConfigError("config", "option --config or HUBBUB_CONFIG", str(error)) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError("config", f"file {path}", f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # also for invalid UTF-8 and for very long numbers
        raise ConfigError("config", f"file {path}", f"not valid TOML: {error}") from None


Found = tuple[str, list[str]]
"""The name of a setting's source, and its texts."""


def _texts(
    setting: Setting,
    options: Mapping[str, str | Sequence[str] | None],
    environ: Mapping[str, str],
    file: dict[str, Any],
    config_file: Path | None,
) -> Iterator[Found]:
    """Yield all values given for one setting, in the order of precedence."""
    if given := options.get(setting.name):
        yield f"option {setting.flag}", [given] if isinstance(given, str) else list(given)
    yield from _plain_or_file(setting, setting.variable, "_FILE", "variable {}", environ)
    yield from _plain_or_file(setting, setting.name, "_file", f"{{}} in {config_file}", file)


def _plain_or_file(setting: Setting, key: str, suffix: str, form: str, where: Mapping[str, Any]) -> Iterator[Found]:
    plain, named = where.get(key), where.get(key + suffix) if setting.secret else None
    if plain not in (None, "") and named not in (None, ""):
        raise ConfigError(setting.name, form.format(key), f"{key + suffix} is set, too; remove one of them")
    if named not in (None, ""):
        source = form.format(key + suffix)
        yield source, [_read_secret(setting, source, str(named))]
    elif plain not in (None, ""):
        yield form.format(key), _as_texts(setting, form.format(key), plain)


def _read_secret(setting: Setting, source: str, path: str) -> str:
    try:
        text = values.path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:  # no such file, or not UTF-8
        raise ConfigError(setting.name, source, f"{path!r} cannot be read: {error}") from None
    if not text:
        raise ConfigError(setting.name, source, f"{path} is empty")
    return text


def _as_texts(setting: Setting, source: str, value: object) -> list[str]:
    """Return a variable's text or a TOML value (or list, for a setting with many values) as texts."""
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, bool) or not isinstance(item, str | int | float) for item in items):
        raise ConfigError(setting.name, source, "not a text or a number")
    if isinstance(value, list) and not setting.many:
        raise ConfigError(setting.name, source, "takes one value, not a list")
    if any(isinstance(item, int) and item.bit_length() > NUMBER_LIMIT_BITS for item in items):
        raise ConfigError(setting.name, source, "too large a number")
    return [str(item) for item in items]


def _parse(setting: Setting, source: str, texts: list[str]) -> Any:
    if setting.many:
        texts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
    elif not setting.secret:
        texts = [text.strip() for text in texts]
    try:
        parsed = tuple(setting.parse(text) for text in texts)
    except ValueError as error:
        raise ConfigError(setting.name, source, str(error)) from None
    return parsed if setting.many else parsed[0]


def _operators(section: object, config_file: Path | None) -> dict[str, str]:
    operators = {}
    for name, entry in section.items() if isinstance(section, dict) else [("", None)]:
        found = entry.get("password_hash") if isinstance(entry, dict) and len(entry) == 1 else None
        if not isinstance(found, str) or not found.startswith("$argon2id$"):
            raise ConfigError(
                f"operators.{name}".rstrip("."),
                f"file {config_file}",
                'must contain only password_hash = "$argon2id$..." (made by hubbub-gateway hash-password)',
            )
        operators[name] = found
    return operators


def _reject_unknown_keys(file: Mapping[str, Any], config_file: Path | None) -> None:
    known = {row.name for row in table()} | {f"{row.name}_file" for row in table() if row.secret}
    for key in file:
        if key not in known:
            raise ConfigError(key, f"file {config_file}", "unknown setting")


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    known = {row.variable for row in table()} | {f"{row.variable}_FILE" for row in table() if row.secret}
    for name in sorted(environ):
        if name.startswith("HUBBUB_") and name not in known | {"HUBBUB_CONFIG"}:
            yield f"{name}: unknown setting, ignored"


def _check_pairs(chosen: Mapping[str, Any]) -> None:
    for one, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if one in chosen and other not in chosen:
            raise ConfigError(one, "all sources", f"requires {other}")
