"""Visible characters, and reactions, which consist of them.

Owns the set of invisible characters and the syntax of reactions. Both are written as ranges, so that every client can
have the same rule, whatever its version of Unicode. Pure; any thread.
"""

import re
import unicodedata
from typing import Final

_INVISIBLE = re.compile(
    # Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties.txt)
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800]"  # the Braille pattern without dots
)

WORD_LIMIT: Final = 16
_PICTURES = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u3030\u303d\u3297\u3299"
    "\u2190-\u21ff\u2300-\u27ff\u2900-\u2bff\U0001f000-\U0001fbff"
)
_PICTURE = f"[{_PICTURES}][\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
_EMOJI = re.compile(
    "[0-9#*]\ufe0f?\u20e3"  # keycaps
    "|[\U0001f1e6-\U0001f1ff]{2}"  # flags of countries
    "|\U0001f3f4[\U000e0020-\U000e007e]{1,16}\U000e007f"  # flags of regions
    f"|{_PICTURE}(?:\u200d{_PICTURE}){{0,7}}"
)
_NOT_IN_WORDS = re.compile(f"[{_PICTURES}]")


def is_visible(text: str) -> bool:
    """Return whether no character of a text is invisible, broken or unassigned; a space counts as visible."""
    return text.isprintable() and _INVISIBLE.search(text) is None and "\ufffd" not in text


def is_reaction(text: str) -> bool:
    """Return whether a text is one emoji, or a word of at most 16 characters (docs/protocol.md, "Reactions")."""
    if _EMOJI.fullmatch(text) is not None:
        return True
    if not 1 <= len(text) <= WORD_LIMIT or _NOT_IN_WORDS.search(text) or " " in text or not is_visible(text):
        return False
    marks = "".join("m" if unicodedata.category(character)[0] == "M" else " " for character in text)
    return marks[0] != "m" and "mmm" not in marks
