"""The file with the state of one network, in the platform's directory for such files.

It is replaced as a whole, so it is never half written. Main thread.
"""

import os
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

from client.saved_state import SavedState, as_json, parse_state

SIZE_LIMIT_BYTES: Final = 8_000_000


def state_path(network: str) -> Path:
    """Return the file of a network; `network` is its name in the settings, or else its first address."""
    from platformdirs import user_state_path

    return user_state_path("hubbub") / f"{quote(network, safe='')}.json"


def load_state(path: Path) -> tuple[SavedState, str]:
    """Read the file; return the state, and a sentence if the file was invalid and was moved away."""
    try:
        if path.stat().st_size > SIZE_LIMIT_BYTES:
            raise ValueError("it is too large")
        return parse_state(path.read_text(encoding="utf-8")), ""
    except FileNotFoundError:
        return SavedState(), ""
    except (OSError, ValueError, RecursionError) as error:
        aside = path.with_suffix(".corrupt")
        try:
            path.replace(aside)
        except OSError:
            aside = path
        return SavedState(), f"what was kept of this network cannot be read ({error}); it is in {aside}"


def save_state(path: Path, state: SavedState) -> None:
    """Write the file, readable by its owner only. Raises OSError; then the old one is still there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")  # mode 0600
    try:
        with open(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(as_json(state))
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
