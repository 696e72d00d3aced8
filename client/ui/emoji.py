"""Emoji by their names: ":tada:" is what it says.

Owns no names: those are Rich's, which Textual brings along. Pure; any thread.
"""

import re
from functools import cache
from typing import Final

_CODE_OR_NAME = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`|:([a-z0-9_+-]+):", re.DOTALL)
_FAVOURITES: Final = (
    "+1",
    "heart",
    "tada",
    "joy",
    "smile",
    "eyes",
    "wave",
    "fire",
    "rocket",
    "pray",
    "thinking_face",
    "-1",
)


@cache
def _table() -> dict[str, str]:
    from rich._emoji_codes import EMOJI

    return EMOJI


def emoji_named(name: str) -> str | None:
    return _table().get(name)


def with_emoji(text: str) -> str:
    """Put emoji in the place of their names, but not in code; what is no name of one stays, as in "10:30:45"."""
    return _CODE_OR_NAME.sub(lambda match: _table().get(match[1] or "", match[0]), text) if ":" in text else text


def names_like(part: str, limit: int) -> list[str]:
    """Find names for what was typed of one, the most used and those that begin with it first."""
    part = part.lower()
    favourites = [name for name in _FAVOURITES if part in name and name in _table()]
    plain = [name for name in _table() if part in name and name not in favourites and name.replace("_", "").isalnum()]
    plain.sort(key=lambda name: (not name.startswith(part), len(name), name))
    return [*favourites, *plain][:limit]
