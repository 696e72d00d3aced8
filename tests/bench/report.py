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


def ratios_of(measured: list[Measured], work: works.Work, server: str, baseline: str) -> list[float]:
    """Return this server's figure divided by the baseline's, for each round that both have finished."""
    by_round: dict[int, dict[str, float]] = {}
    for m in measured:
        if m.work == work.name and m.figures:
            by_round.setdefault(m.round, {})[m.server] = m.figures[work.figure]
    return [r[server] / r[baseline] for r in by_round.values() if r.get(baseline) and server in r]


def ratio_of(measured: list[Measured], work: works.Work, server: str) -> float | None:
    """Return the median over the rounds of this server's figure divided by InspIRCd's in the same round."""
    ratios = ratios_of(measured, work, server, BASELINE)
    return statistics.median(ratios) if ratios else None


def _shown(figure: float | None) -> str:
    if figure is None:
        return "-"
    return f"{figure:.3g}" if figure < 100 else f"{figure:.0f}"


def _cell(measured: list[Measured], work: works.Work, server: str) -> str:
    figure, ratio = figure_of(measured, work, server), ratio_of(measured, work, server)
    return _shown(figure) if ratio is None or server == BASELINE else f"{_shown(figure)} ({ratio:.2f}x)"


def line(one: Measured, work: works.Work) -> str:
    """Format a measurement for display while the others run."""
    figure = f"{one.figures[work.figure]:.4g} {works.FIGURES[work.figure]}" if one.figures else "-"
    text = f"round {one.round + 1}  {work.name:12} {one.server:14} {figure}  {'; '.join(one.problems)}"
    return text.rstrip()


def table(measured: list[Measured], chosen: list[works.Work], names: list[str]) -> str:
    """Format a Markdown table: a row for each work, a column for each server, each figure with its ratio to InspIRCd.

    The last column is the load generator's share of a core for each server, in the same order. Near 100 %, the
    generator limits the figure, not the server.
    """
    rows = [["work", "figure", *names, "reach", "load generator"]]
    for work in chosen:
        cells = [_cell(measured, work, name) for name in names]
        reach = f"<= {work.reach:.2f}x" if work.reach else ""
        shares = " / ".join(_generator_share(measured, work, name) for name in names)
        rows.append([work.title, works.FIGURES[work.figure], *cells, reach, shares])
    return _markdown(rows)


def _generator_share(measured: list[Measured], work: works.Work, server: str) -> str:
    shares = [m.figures.get("loadgen_share") for m in measured if (m.work, m.server) == (work.name, server)]
    known = [share for share in shares if share is not None]
    return f"{100 * statistics.median(known):.0f} %" if known else "-"


def paired_table(measured: list[Measured], chosen: list[works.Work], name: str, other: str) -> str:
    """Format a Markdown table: for each work the medians of both sides, and the median, smallest and largest ratio."""
    rows = [["work", "figure", name, other, "ratio", "smallest .. largest", "rounds"]]
    for work in chosen:
        ratios = ratios_of(measured, work, name, other)
        middle, spread = ("-", "-")
        if ratios:
            middle, spread = f"{statistics.median(ratios):.3f}x", f"{min(ratios):.3f} .. {max(ratios):.3f}"
        figures = [_shown(figure_of(measured, work, side)) for side in (name, other)]
        rows.append([work.title, works.FIGURES[work.figure], *figures, middle, spread, str(len(ratios))])
    return _markdown(rows)


def _markdown(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def details(measured: list[Measured], chosen: list[works.Work], names: list[str]) -> str:
    """Format all other figures: medians over the rounds, one line for each work and server."""
    lines = []
    for work in chosen:
        for name in names:
            figures = [m.figures for m in measured if (m.work, m.server) == (work.name, name) and m.figures]
            if figures:
                medians = {key: statistics.median(f[key] for f in figures) for key in figures[0]}
                lines.append(f"{work.name:12} {name:14} " + "  ".join(f"{k} {v:.4g}" for k, v in medians.items()))
    return "\n".join(lines)


def disturbance(measured: list[Measured]) -> str:
    """Describe the load by other programs, which makes the figures uncertain. Return '' if it is low."""
    cores = [m.figures["others_cores"] for m in measured if "others_cores" in m.figures]
    if not cores or statistics.median(cores) < DISTURBED_CORES:
        return ""
    return f"Disturbed: other programs used {statistics.median(cores):.2f} cores meanwhile (median). Repeat it alone."
