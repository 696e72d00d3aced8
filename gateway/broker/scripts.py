"""The Lua scripts that the lanes and the heartbeat run, each in a file of its own beside its user."""

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
    """Reads ``<name>.lua`` out of a package."""
    source = resources.files(package).joinpath(f"{name}.lua").read_text(encoding="utf-8")
    return Script(name, source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest(), keys)


APPEND = read("gateway.logs", "append", 2)
PAGE = read("gateway.logs", "page", 1)
RANGE = read("gateway.logs", "range", 3)
SNAPSHOT = read("gateway.logs", "snapshot", 4)
SEED = read("gateway.logs", "seed", 3)
EXPIRE = read("gateway.logs", "expire", 4)
