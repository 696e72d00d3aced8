"""The table of a run. It is between two comments in docs/reliability.md."""

from collections.abc import Sequence
from pathlib import Path

from tests.chaos.stage import Row

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- chaos: begin -->", "<!-- chaos: end -->"
HEAD = (
    "| fault | server | sent | lost | duplicated | out of order | refused | longest silence, s | exempt, reason |",
    "|---|---|--:|--:|--:|--:|--:|--:|---|",
)


def table(rows: Sequence[Row]) -> str:
    return "\n".join([*HEAD, *map(_line, rows)])


def _line(row: Row) -> str:
    exempt = f"{row.exempt}: {row.why_exempt}" if row.why_exempt else ""
    cells = (
        row.fault,
        row.server,
        row.sent,
        row.lost,
        row.twice,
        row.disorder,
        row.refused,
        f"{row.silence_s:.1f}",
        exempt,
    )
    return f"| {' | '.join(map(str, cells))} |"


def section(rows: Sequence[Row], command: str) -> str:
    servers = sorted({row.server for row in rows})
    return f"Made by `{command}` with {' and '.join(servers)}.\n\n{table(rows)}"


def written(document: str, text: str, begin: str = BEGIN, end: str = END) -> str:
    """Return the document with the text between its two comments. Raises ValueError if it has no such comments."""
    before, has_begin, rest = document.partition(begin)
    _, has_end, after = rest.partition(end)
    if not has_begin or not has_end:
        raise ValueError(f"{begin} and {end} are not in the document")
    return f"{before}{begin}\n{text}\n{end}{after}"
