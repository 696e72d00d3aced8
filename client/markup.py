"""The formatting of a message's text: code, quotes, lists, bold, links, and the formatting codes of IRC.

    parse("> see `#1`\\n*now*")    ->    a quote with code in it, then a line in italics

Owns the grammar of docs/client.md ("Formatting"). gateway/web/markup.js is the same grammar in JavaScript, and
tests/client/scripts/markup.json checks both. It does not change what is sent. It accepts any text, never raises, and
reads each character a bounded number of times. Pure; any thread.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MARKS: Final = ("code", "link", "room", "bold", "italic", "underline", "strike")  # in this order, then "color-N"
LEVELS_LIMIT: Final = 3  # of quotes in quotes and of lists in lists

_SPACE: Final = r"\t\n \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_MONOSPACE: Final = "\x11"

# Control characters but tab and line feed, and those for the direction of writing; see gateway.wire.text.
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x03(?:(?P<color>[0-9]{1,2})(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
)
_TOGGLES: Final = {"\x02": "bold", "\x1d": "italic", "\x1f": "underline", "\x1e": "strike"}
# https://modern.ircdocs.horse/formatting: 16 to 87 are twelve hues in six shades, each the nearest of the first 16.
_HUES: Final = (4, 7, 8, 9, 3, 10, 11, 12, 2, 6, 13, 13)

_TOKEN = re.compile(
    rf"(?P<ticks>`+)|{_MONOSPACE}(?P<mono>[^{_MONOSPACE}]*){_MONOSPACE}?"
    r"|(?<![0-9A-Za-z_])(?P<link>[Hh][Tt][Tt][Pp][Ss]?://"
    rf"[^{_SPACE}<>\"`\\^{{|}}\x00-\x1f\x7f-\x9f]+)"
    rf"|(?<![0-9A-Za-z#&/])(?P<room>#[^{_SPACE},.;:!?()<>\"'`#\x00-\x1f]{{1,63}})"
    r"|(?P<run>\*+|_+|~+)"
)
_SIGN = re.compile("[`*_~#]|//")  # a line without them has no token; most lines have none
_TICKS = re.compile("`+")
_STYLES: Final = {
    "*": ("italic",),
    "_": ("italic",),
    "**": ("bold",),
    "***": ("bold", "italic"),
    "~~": ("strike",),
}
_IS_SPACE = re.compile(f"[{_SPACE}]")
# Allowed around a style: nothing, a space, these characters, and all but Latin, Greek and Cyrillic ones.
_BEFORE_STYLED = re.compile("[^!-\u058f]|[\u00a0(\\[{\"'*_~|\u00ab\u00a1\u00bf]")
_AFTER_STYLED = re.compile("[^!-\u058f]|[\u00a0)\\]}\"'*_~|\u00bb.,;:!?]")
_NOT_AT_END_OF_LINK: Final = ".,;:!?'\u2019*_~"
_BRACKETS: Final = {")": "(", "]": "["}

_FENCE = re.compile(r"```([A-Za-z0-9_+#.-]{0,20}) *")
_QUOTE = re.compile(r"(?:> ){0,2}>$|(?:> ){1,3}")
_ITEM = re.compile(r"( *)([-*\u2022]|[0-9]{1,3}[.)]) +(?=[^ ])")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line with one style; `marks` as in `MARKS`."""

    text: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One line of a text, or all lines of fenced code.

    `level` counts the quotes that the line is in, or the lists around its list; `label` is the language of code, and
    the bullet or number of an item.
    """

    kind: str  # "text", "quote", "item" or "code"
    spans: tuple[Span, ...]
    level: int = 0
    label: str = ""


def parse(text: str) -> list[Block]:
    """Parse a message of one or more lines."""
    lines, blocks, at = text.split("\n"), [], 0
    while at < len(lines):
        line, changes = _without_codes(lines[at])
        at += 1
        if at < len(lines) and (fence := _FENCE.fullmatch(line)):
            code, at = _fenced(lines, at)
            blocks.append(Block("code", (Span(code, ("code",)),) if code else (), label=fence[1]))
        elif quote := _QUOTE.match(line):
            blocks.append(Block("quote", _inline(line, quote.end(), changes), quote[0].count(">")))
        elif item := _ITEM.match(line):
            level = min(len(item[1]) // 2, LEVELS_LIMIT)
            label = item[2] if len(item[2]) > 1 else "\u2022"
            blocks.append(Block("item", _inline(line, item.end(), changes), level, label))
        else:
            blocks.append(Block("text", _inline(line, 0, changes)))
    return blocks


def inline(line: str) -> tuple[Span, ...]:
    """Parse a line without quotes, items and fences, such as the text of an action."""
    plain, changes = _without_codes(line)
    return _inline(plain, 0, changes)


def linked(line: str) -> tuple[Span, ...]:
    """Parse only links and rooms, in a text that is no message, such as a topic."""
    plain = _without_codes(line)[0].replace(_MONOSPACE, "")
    spans, at = _Spans(), 0
    for match in _TOKEN.finditer(plain):
        kind = match.lastgroup
        if kind in ("link", "room") and (length := _length(match[0], kind)):
            spans.add(plain[at : match.start()], ())
            at = match.start() + length
            spans.add(plain[match.start() : at], (kind,))
    spans.add(plain[at:], ())
    return spans.take()


def code_in(text: str) -> str:
    """Return the fenced code of a text, or else its inline code, one line each."""
    blocks = parse(text)
    fenced = [span.text for block in blocks if block.kind == "code" for span in block.spans]
    return "\n".join(fenced or (span.text for block in blocks for span in block.spans if "code" in span.marks))


def link_in(text: str) -> str:
    """Return the first link of a text, "" if there is none."""
    spans = (span for block in parse(text) for span in block.spans)
    return next((span.text for span in spans if "link" in span.marks), "")


class _Spans:
    """A list of spans under construction. Neighbours with the same marks are merged, except links and rooms."""

    def __init__(self) -> None:
        self._parts: list[tuple[list[str], tuple[str, ...]]] = []

    def add(self, text: str, marks: tuple[str, ...]) -> None:
        if text and self._parts and self._parts[-1][1] == marks and not {"link", "room"} & set(marks):
            self._parts[-1][0].append(text)
        elif text:
            self._parts.append(([text], marks))

    def take(self) -> tuple[Span, ...]:
        return tuple(Span("".join(parts), marks) for parts, marks in self._parts)


@dataclass(frozen=True, slots=True)
class _Change:
    """The style that IRC's codes set from `at` on."""

    at: int
    marks: frozenset[str]
    color: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """`line[start:end]`; `kind` is a mark, a run of delimiters such as "**", or "" where it is text."""

    start: int
    end: int
    kind: str = ""


def _fenced(lines: Sequence[str], start: int) -> tuple[str, int]:
    """Return the code from a line on, and the index after its closing fence. Without one, all is code."""
    code: list[str] = []
    for at in range(start, len(lines)):
        line = _without_codes(lines[at])[0].replace(_MONOSPACE, "")
        if line.rstrip(" ").endswith("```"):
            last = line.rstrip(" ").removesuffix("```")
            return "\n".join([*code, last] if last.strip(" ") else code), at + 1
        code.append(line)
    return "\n".join(code), len(lines)


def _without_codes(line: str) -> tuple[str, list[_Change]]:
    """Remove control characters and return what they change. Monospaced text keeps its delimiters."""
    if line.isprintable():
        return line, []
    parts: list[str] = []
    changes: list[_Change] = []
    marks: set[str] = set()
    color, at, length, is_monospace = "", 0, 0, False
    for match in _CONTROL.finditer(line):
        parts.append(line[at : match.start()])
        length += match.start() - at
        at = match.end()
        code = match[0][0]
        if code in _TOGGLES:
            marks ^= {_TOGGLES[code]}
        elif code == "\x03":
            color = _color(match["color"])
        elif code == "\x0f":
            marks, color = set(), ""
        if code == _MONOSPACE or (code == "\x0f" and is_monospace):
            is_monospace = not is_monospace
            parts.append(_MONOSPACE)
            length += 1
        changes.append(_Change(length, frozenset(marks), color))
    parts.append(line[at:])
    return "".join(parts), changes


def _color(digits: str | None) -> str:
    """Return the mark of a colour; "" for the text's own: black, white, or none."""
    number = int(digits or 99)
    if number >= 16:
        number = _HUES[(number - 16) % 12] if number < 88 else 14 if number < 99 else 0
    return f"color-{number}" if number > 1 else ""


def _inline(line: str, start: int, changes: Sequence[_Change]) -> tuple[Span, ...]:
    if not changes and not _SIGN.search(line, start):
        return (Span(line[start:]),) if start < len(line) else ()
    pieces, paired = _pieces(line, start)
    spans, active = _Spans(), set[str]()
    change, upcoming = _Change(0, frozenset(), ""), 0
    for number, piece in enumerate(pieces):
        if number in paired:
            active ^= {piece.kind}
            continue
        at = piece.start
        while at < piece.end:
            while upcoming < len(changes) and changes[upcoming].at <= at:
                change, upcoming = changes[upcoming], upcoming + 1
            # A link stays whole, even if a style changes within it.
            is_cut = piece.kind not in MARKS and upcoming < len(changes)
            end = min(piece.end, changes[upcoming].at) if is_cut else piece.end
            marks = change.marks.union({piece.kind}, *(_STYLES[run] for run in active))
            ordered = (*(mark for mark in MARKS if mark in marks), *filter(None, [change.color]))
            spans.add(line[at:end].replace(_MONOSPACE, ""), ordered)
            at = end
    return spans.take()


def _pieces(line: str, start: int) -> tuple[list[_Piece], set[int]]:
    """Find code, links, rooms and delimiters, and the numbers of the delimiters that style the text between them."""
    ticks: dict[int, list[int]] = {}
    for run in reversed(list(_TICKS.finditer(line, start))):
        ticks.setdefault(len(run[0]), []).append(run.start())
    pieces: list[_Piece] = []
    paired: set[int] = set()
    opened: dict[str, int] = {}  # kind -> number of its last run that may begin a style
    at = start
    while match := _TOKEN.search(line, at):
        pieces.append(_Piece(at, match.start()))
        found, at = _piece(line, match, ticks)
        pieces.append(found)
        if found.kind in _STYLES:
            opener = opened.get(found.kind)
            if opener is not None and _may_close(line, found):
                paired |= {opener, len(pieces) - 1}
                opened = {kind: number for kind, number in opened.items() if number < opener}
            elif _may_open(line, found):
                opened[found.kind] = len(pieces) - 1
    pieces.append(_Piece(at, len(line)))
    return pieces, paired


def _piece(line: str, match: re.Match[str], ticks: dict[int, list[int]]) -> tuple[_Piece, int]:
    """Return the piece that a token is, and where the next one begins."""
    start, end = match.span()
    kind = match.lastgroup
    if kind == "ticks":
        closers = ticks[end - start]
        while closers and closers[-1] < end:
            closers.pop()
        if not closers:
            return _Piece(start, end), end
        first, last = end, closers[-1]
        is_padded = line[first] == line[last - 1] == " " and line[first:last].strip(" ") != ""
        return _Piece(first + is_padded, last - is_padded, "code"), last + end - start
    if kind == "mono":
        return _Piece(*match.span("mono"), "code"), end
    if kind in ("link", "room"):
        length = _length(match[0], kind)
        return _Piece(start, start + (length or 1), kind if length else ""), start + (length or 1)
    return _Piece(start, end, match[0] if match[0] in _STYLES else ""), end


def _may_open(line: str, run: _Piece) -> bool:
    before, after = line[max(run.start - 1, 0) : run.start], line[run.end : run.end + 1]
    return bool((not before or _BEFORE_STYLED.match(before)) and after and not _IS_SPACE.match(after))


def _may_close(line: str, run: _Piece) -> bool:
    before, after = line[run.start - 1], line[run.end : run.end + 1]
    return bool(not _IS_SPACE.match(before) and (not after or _AFTER_STYLED.match(after)))


def _length(found: str, kind: str) -> int:
    """Return the length of a link or room without the punctuation after it; 0 if nothing is left."""
    if kind == "room":
        end = len(found.rstrip("*_~"))
        return end if end > 1 else 0
    unopened = {closer: found.count(closer) - found.count(opener) for closer, opener in _BRACKETS.items()}
    end = len(found)
    while found[end - 1] in _NOT_AT_END_OF_LINK or unopened.get(found[end - 1], 0) > 0:
        end -= 1
        if found[end] in unopened:
            unopened[found[end]] -= 1
    return end if end > found.index("//") + 2 else 0
