"""An SVG chart of ratios to InspIRCd: bars for each work on a logarithmic scale, a mark at the target."""

from __future__ import annotations

import math
from html import escape

LEFT, TOP, WIDTH, BAR, GAP = 370, 84, 520, 13, 16
LOWEST, HIGHEST = 0.05, 20.0
COLOURS = ("#9aa5b1", "#1f6feb", "#54a3ff", "#0a7d55", "#c27c0e", "#8250df")


def _x(ratio: float) -> float:
    """Return the x position of a ratio: LOWEST at the left edge, HIGHEST at the right edge."""
    share = math.log(min(max(ratio, LOWEST), HIGHEST) / LOWEST) / math.log(HIGHEST / LOWEST)
    return LEFT + share * WIDTH


def _text(x: float, y: float, text: str, anchor: str = "start", style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {style}>{escape(text)}</text>'


def _mark(x: float, y: float, height: float) -> str:
    """Return the dashed mark of a target."""
    style = 'stroke="#cf222e" stroke-width="2" stroke-dasharray="4 2"'
    return f'<path d="M{x:.1f} {y:.1f}v{height:.1f}" {style}/>'


def _scale(bottom: float) -> list[str]:
    parts = []
    for ratio in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0):
        colour, width = ("#24292f", 1.5) if ratio == 1.0 else ("#d0d7de", 1)
        x = _x(ratio)
        style = f'stroke="{colour}" stroke-width="{width}"'
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom}" {style}/>')
        parts.append(_text(x, TOP - 6, f"{ratio:g}x", "middle"))
    return parts


def _group(
    y: float, title: str, ratios: dict[str, float | None], reach: float | None, colours: dict[str, str]
) -> list[str]:
    height = BAR * len(ratios)
    parts = [_text(LEFT - 10, y + height / 2 + 4, title, "end")]
    for row, (name, ratio) in enumerate(ratios.items()):
        top = y + row * BAR
        if ratio is None:
            continue
        left, right = sorted((_x(1.0), _x(ratio)))
        size = f'width="{max(right - left, 1):.1f}" height="{BAR - 2}"'
        parts.append(f'<rect x="{left:.1f}" y="{top:.1f}" {size} fill="{colours[name]}"/>')
        anchor, at = ("end", left - 4) if ratio < 1 else ("start", right + 4)
        parts.append(_text(at, top + BAR - 4, f"{ratio:.2f}", anchor, 'font-size="10"'))
    if reach:
        parts.append(_mark(_x(reach), y - 3, height + 4))
    return parts


def _legend(colours: dict[str, str]) -> list[str]:
    parts, x = [], float(LEFT)
    for name, colour in colours.items():
        parts.append(f'<rect x="{x}" y="34" width="11" height="11" fill="{colour}"/>')
        parts.append(_text(x + 16, 44, name))
        x += 34 + 7 * len(name)
    parts.append(_mark(x + 4, 33, 13))
    return [*parts, _text(x + 12, 44, "reach")]


def draw(ratios: dict[str, dict[str, float | None]], reach: dict[str, float | None], facts: dict[str, str]) -> str:
    """Return the text of an SVG file. `ratios`: work -> server -> ratio to InspIRCd, None if not measured."""
    names = list(dict.fromkeys(name for row in ratios.values() for name in row))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    step = BAR * len(names) + GAP
    bottom = TOP + 6 + step * len(ratios)
    parts = [
        _text(
            16,
            22,
            "Ratio to InspIRCd, same machine, same run: left of 1x is less of CPU, time or memory",
            style='font-size="15"',
        )
    ]
    parts += _legend(colours) + _scale(bottom)
    for row, (title, of_work) in enumerate(ratios.items()):
        parts += _group(TOP + 10 + row * step, title, of_work, reach[title], colours)
    parts.append(_text(16, bottom + 20, f"{facts['at']}, {facts['cpu']}, {facts['python']}", style='fill="#57606a"'))
    size = f'width="{LEFT + WIDTH + 60}" height="{bottom + 32}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#ffffff"/>', *parts, "</svg>", ""])
