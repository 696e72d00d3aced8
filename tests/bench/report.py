"""Medians, ratios and the tables of many measurements. Pure."""

from __future__ import annotations

import statistics

from tests.bench import works
from tests.bench.measuring import Measured

BASELINE = "inspircd"
DISTURBED_CORES = 0.1


def figure_of(measured: list[Measured], work: works.Work, server: str) -> float | None:
    values = [m.figures[work.figure] for m in measured if (m.work, m.server) == (work.name, server) and m.figures]
    return statistics.median(values) if values else None


def ratio_of(measured: list[Measured], work: works.Work, server: str) -> float | None:
    """The median over the rounds of this server's figure divided by InspIRCd's in the same round."""
    by_round: dict[int, dict[str, float]] = {}
    for m in measured:
        if m.work == work.name and m.figures:
            by_round.setdefault(m.round, {})[m.server] = m.figures[work.figure]
    ratios = [r[server] / r[BASELINE] for r in by_round.values() if r.get(BASELINE) and server in r]
    return statistics.median(ratios) if ratios else None


def _cell(measured: list[Measured], work: works.Work, server: str) -> str:
    figure, ratio = figure_of(measured, work, server), ratio_of(measured, work, server)
    if figure is None:
        return "-"
    shown = f"{figure:.3g}" if figure < 100 else f"{figure:.0f}"
    return shown if ratio is None or server == BASELINE else f"{shown} ({ratio:.2f}x)"


def line(one: Measured, work: works.Work) -> str:
    """A measurement as it is shown while the others still run."""
    figure = f"{one.figures[work.figure]:.4g} {works.FIGURES[work.figure]}" if one.figures else "-"
    text = f"round {one.round + 1}  {work.name:12} {one.server:14} {figure}  {'; '.join(one.problems)}"
    return text.rstrip()


def table(measured: list[Measured], chosen: list[works.Work], names: list[str]) -> str:
    """Markdown: a row a work, a column a server; beside each figure its ratio to InspIRCd."""
    rows = [["work", "figure", *names, "reach"]]
    for work in chosen:
        cells = [_cell(measured, work, name) for name in names]
        reach = f"<= {work.reach:.2f}x" if work.reach else ""
        rows.append([work.title, works.FIGURES[work.figure], *cells, reach])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def details(measured: list[Measured], chosen: list[works.Work], names: list[str]) -> str:
    """All other figures, medians over the rounds, a line for each work and server."""
    lines = []
    for work in chosen:
        for name in names:
            figures = [m.figures for m in measured if (m.work, m.server) == (work.name, name) and m.figures]
            if figures:
                medians = {key: statistics.median(f[key] for f in figures) for key in figures[0]}
                lines.append(f"{work.name:12} {name:14} " + "  ".join(f"{k} {v:.4g}" for k, v in medians.items()))
    return "\n".join(lines)


def disturbance(measured: list[Measured]) -> str:
    """Says how busy other programs kept the machine; '' when they hardly did. Then figures are only a hint."""
    cores = [m.figures["others_cores"] for m in measured if "others_cores" in m.figures]
    if not cores or statistics.median(cores) < DISTURBED_CORES:
        return ""
    return f"Disturbed: other programs used {statistics.median(cores):.2f} cores meanwhile (median). Repeat it alone."
