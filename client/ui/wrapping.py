"""Text, cut into the rows of a screen.

Owns where a row ends, and which characters would disturb the rows around it. Pure; any thread.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len, set_cell_size, split_graphemes

from gateway.wire.text import strip_controls

MARKS_LIMIT: Final = 4  # combining marks on one letter: enough for every script, too few to reach other rows

# Invisible zero-width characters. The joiners (ZWJ, ZWNJ) stay: emoji and several scripts need them.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u2064\u206a-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def tame(text: str) -> str:
    """Remove control characters, invisible characters, and excess combining marks.

    Line feeds stay. All text of others goes through here before it is drawn, nicks included.
    """
    if text.isascii() and text.isprintable():
        return text
    return legible("\n".join(map(strip_controls, text.split("\n"))))


def legible(text: str) -> str:
    """Remove invisible characters and excess combining marks, but no control characters.

    client.markup interprets and removes those.
    """
    if text.isascii():
        return text
    text = _HIDDEN.sub("", text)
    if not any(map(unicodedata.combining, text)):
        return text
    kept, marks = [], 0
    for character in text:
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            marks += 1
        elif category not in ("Cc", "Cf"):  # marks after it still belong to the letter before
            marks = 0
        if marks <= MARKS_LIMIT:
            kept.append(character)
    return "".join(kept)


def wrap(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Wrap a text without line feeds into rows of at most `width` cells, between words if possible.

    Return where each row starts and ends; the space at which a row was broken is in none.
    """
    start = 0
    while True:
        end = _fitting(text, start, width)
        if end >= len(text):
            yield start, len(text)
            return
        space = text.rfind(" ", start, end + 1)
        if space > start:
            yield start, space
            start = space + 1
        else:
            yield start, end
            start = end


def cut(text: str, width: int) -> Iterator[str]:
    """Cut a text without line feeds into rows of at most `width` cells, anywhere, as for code."""
    start = 0
    while True:
        end = _fitting(text, start, width)
        yield text[start:end]
        if end >= len(text):
            return
        start = end


def _fitting(text: str, start: int, width: int) -> int:
    """Return the end of what fits into a row: at least one grapheme."""
    piece = text[start : start + width]
    if piece.isascii():
        return start + len(piece)
    cells = 0
    spans, _ = split_graphemes(text[start : start + 8 * width])
    for begin, _end, size in spans:
        cells += size
        if cells > width and begin > 0:
            return start + begin
    return start + spans[-1][1]


def crop(text: str, width: int) -> str:
    """Shorten a text to a width in cells, with "…" if something is left out."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    begin = text[: _fitting(text, 0, width - 1)] if width > 1 else ""
    return f"{begin}…" if cell_len(begin) < width else "…"  # even the first letter may be too wide


def padded(text: str, width: int) -> str:
    """Crop or fill a text to a width in cells."""
    return set_cell_size(crop(text, width), width)
