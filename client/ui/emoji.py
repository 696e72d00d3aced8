"""Emoji by their names, as in ":tada:".

The names are those of Rich, which Textual depends on. Pure; any thread.
"""

import re
import unicodedata
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

    return {name: _as_emoji(emoji) for name, emoji in EMOJI.items()}


def _as_emoji(emoji: str) -> str:
    """Append U+FE0F to a character that is shown as text without it (Unicode TR 51 "Emoji presentation sequence").

    A character with emoji presentation by default is also wide, and all but four wide ones have it. The letters of
    flags are always in pairs.
    """
    if len(emoji) > 1 or "🇦" <= emoji <= "🇿":
        return emoji
    is_text = unicodedata.east_asian_width(emoji) != "W" or emoji in "〰〽㊗㊙"
    return emoji + "\ufe0f" if is_text else emoji


def emoji_named(name: str) -> str | None:
    return _table().get(name)


def with_emoji(text: str) -> str:
    """Replace the names of emoji, but not in code. Other text between colons stays, as in "10:30:45"."""
    return _CODE_OR_NAME.sub(lambda match: _table().get(match[1] or "", match[0]), text) if ":" in text else text


def names_like(part: str, limit: int) -> list[str]:
    """Return the names that contain what was typed: the most used first, then those that begin with it."""
    part = part.lower()
    favourites = [name for name in _FAVOURITES if part in name and name in _table()]
    plain = [name for name in _table() if part in name and name not in favourites and name.replace("_", "").isalnum()]
    plain.sort(key=lambda name: (not name.startswith(part), len(name), name))
    return [*favourites, *plain][:limit]
