"""Lua scripts, called by the SHA-1 of their text (EVALSHA). Each is a file beside the module that uses it."""

import hashlib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text, its SHA-1 for EVALSHA, and how many keys it takes."""

    name: str
    source: str
    sha: str
    keys: int


def read(package: str, name: str, keys: int) -> Script:
    """Read ``<name>.lua`` from a package."""
    source = resources.files(package).joinpath(f"{name}.lua").read_text(encoding="utf-8")
    return Script(name, source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest(), keys)
