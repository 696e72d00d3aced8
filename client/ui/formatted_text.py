"""The text of an entry as rows of a screen, formatted by client.markup.

    > is it `off`?           ▎ is it off?
    - **no**                 • no
    ```                       print("on")
    print("on")
    ```

Owns the style of each mark, and the characters before quotes and items. Pure; on the thread of the interface.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from client.buffer import Entry, EntryKind
from client.markup import Block, Span, inline, linked, parse
from client.ui.theme import Theme
from client.ui.wrapping import crop, cut, legible, padded, tame, wrap

_TAB: Final = "    "
_STYLES: Final = {
    "bold": Style(bold=True),
    "italic": Style(italic=True),
    "underline": Style(underline=True),
    "strike": Style(strike=True),
}


class FormattedText:
    """Draws the texts of entries, in one theme and width."""

    def __init__(self, theme: Theme, width: int) -> None:
        self._theme = theme
        self._width = width
        self._dim = theme.style("dim")
        self._code = Style(bgcolor=theme.raised)

    def rows(self, line: Entry, text: str, style: Style) -> Iterator[list[Segment]]:
        """Return the rows of an entry's text in a style; only messages are formatted."""
        text = legible(text).replace("\t", _TAB)
        if line.kind in (EntryKind.MESSAGE, EntryKind.NOTICE):
            for block in parse(text):
                yield from self._block(block, style)
            return
        find = inline if line.kind is EntryKind.ACTION else linked
        for number, part in enumerate(text.split("\n")):
            segments = self._segments(find(part), style)
            if number == 0 and line.kind is EntryKind.ACTION:
                actor = Style(color=self._theme.nick_colour(line.nick), bold=True)
                segments = [Segment(f"{tame(line.nick)} ", actor), *segments]
            yield from _wrapped(segments, self._width)

    def _block(self, block: Block, style: Style) -> Iterator[list[Segment]]:
        match block.kind:
            case "code":
                width = self._width - 2
                for part in "".join(span.text for span in block.spans).split("\n"):
                    for row in cut(part, width):
                        yield [Segment(f" {padded(row, width)} ", style + self._code)]
            case "quote":
                sign = crop("▎ " * block.level, self._width // 2)
                yield from self._behind(sign, sign, block.spans, style + self._dim)
            case "item":
                sign = crop(f"{'  ' * block.level}{block.label} ", self._width // 2)
                yield from self._behind(sign, " " * cell_len(sign), block.spans, style)
            case _:
                yield from _wrapped(self._segments(block.spans, style), self._width)

    def _behind(self, first: str, other: str, spans: Sequence[Span], style: Style) -> Iterator[list[Segment]]:
        for number, row in enumerate(_wrapped(self._segments(spans, style), self._width - cell_len(first))):
            yield [Segment(other if number else first, style + self._dim), *row]

    def _segments(self, spans: Iterable[Span], style: Style) -> list[Segment]:
        return [Segment(span.text, self._style(span, style)) for span in spans]

    def _style(self, span: Span, style: Style) -> Style:
        for mark in span.marks:
            if mark == "link":
                style += self._theme.style("accent") + Style(underline=True, link=span.text, meta={"link": span.text})
            elif mark == "code":
                style += self._code
            elif mark.startswith("color-"):
                style += Style(color=self._theme.irc_color(int(mark.removeprefix("color-"))))
            else:
                style += _STYLES.get(mark, Style())
        return style


def _wrapped(segments: Sequence[Segment], width: int) -> Iterator[list[Segment]]:
    """Wrap the segments of one line; a link on several rows is the same link on each."""
    number, begin = 0, 0  # a segment, and its offset in the line
    for start, end in wrap("".join(segment.text for segment in segments), width):
        row: list[Segment] = []
        while number < len(segments):
            text, style, _ = segments[number]
            part = text[max(start - begin, 0) : end - begin]
            if part:
                row.append(Segment(part, style))
            if begin + len(text) > end:
                break
            number, begin = number + 1, begin + len(text)
        yield row
