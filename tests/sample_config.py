"""The sample configuration, deploy/hubbub.toml: ``python -m tests.sample_config --write`` writes it.

It is generated from the table of settings (gateway/settings.py): for each its help, its default and its key, commented
out.
"""

import argparse
import textwrap
from pathlib import Path
from typing import Any

from gateway.settings import Setting, table

FILE = Path(__file__).parent.parent / "deploy" / "hubbub.toml"
WIDTH = 100
HEAD = """\
# Sample configuration of a Hubbub gateway: hubbub-gateway serve --config hubbub.toml
#
# Every setting is here, commented out, with its default or, where it has none, an example. An
# option of the command line is stronger than a variable HUBBUB_NAME, and a variable is stronger
# than this file. A secret can be in a file of its own: NAME_file = "/path" in place of NAME. The
# gateway reads this file again on SIGHUP: reloadable settings change then, the others at the next
# start.
"""
SECTIONS = {
    "listen": "Addresses and names",
    "tls_cert": "TLS, proxies and web pages",
    "log_format": "The gateway's own log",
    "flood_rate": "Limits",
    "lease_s": "Gateways and histories",
    "lobby": "What users see",
    "cloak_key": "Secrets",
}
"""Headings, by the setting below each."""
EXAMPLES = {
    "redis": "redis://127.0.0.1:6379/0",
    "data_dir": "~/.local/share/hubbub",
    "name": "irc.example.org",
    "admin": "127.0.0.1:9100",
    "tls_cert": "/etc/hubbub/chain.pem",
    "tls_key": "/etc/hubbub/key.pem",
    "trusted_proxies": ["10.0.0.0/8"],
    "web_origins": ["https://chat.example.org"],
    "icon": "https://chat.example.org/icon.svg",
    "motd_file": "/etc/hubbub/motd.txt",
    "cloak_key": "32 random bytes or more, as text",
    "password": "sesame open",
}
"""Values of settings that have no default, or one that depends on the machine."""
OPERATORS = """\

# == Operators

# One table for each operator: their name for OPER, and the hash that `hubbub-gateway hash-password`
# prints (reloadable).
#[operators.alice]
#password_hash = "$argon2id$v=19$m=65536,t=3,p=4$..."
"""


def sample() -> str:
    return HEAD + "".join(_section(row) + _entry(row) for row in table()) + OPERATORS


def _section(row: Setting) -> str:
    return f"\n# == {SECTIONS[row.name]}\n" if row.name in SECTIONS else ""


def _entry(row: Setting) -> str:
    meaning = textwrap.wrap(f"{row.help[:1].upper()}{row.help[1:]}.", WIDTH - 2)
    default = f"Default: {row.shown}{' (reloadable)' if row.reloadable else ''}"
    return "".join(["\n", *(f"# {line}\n" for line in [*meaning, default]), f"#{row.name} = {_toml(value(row))}\n"])


def value(row: Setting) -> Any:
    """Return the default in the form of the file, or an example."""
    if row.name in EXAMPLES:
        return EXAMPLES[row.name]
    default = row.default()
    return [str(item) for item in default] if row.many else default


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.sample_config", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--write", action="store_true", help=f"write {FILE.name} and not to the terminal")
    if parser.parse_args().write:
        FILE.write_text(sample(), "utf-8")
    else:
        print(sample(), end="")


if __name__ == "__main__":
    main()
