"""The table of a run. It is between two comments in docs/security.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.innocents import Felt
from tests.chaos.report import written

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
MARKS = "<!-- attacks: begin -->", "<!-- attacks: end -->"
HEAD = (
    "| attack | PING p50, p99, max, ms | message p50, p99, max, ms | longest turn, ms | other measurements |",
    "|---|--:|--:|--:|---|",
)
P99_LIMIT_S = 0.2
TURN_LIMIT_S = 0.1


@dataclass(slots=True)
class Row:
    """The effect of one attack on innocent users of the gateway."""

    name: str
    text: str
    felt: Felt
    longest_turn_s: float
    notes: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        return (
            not self.felt.cut
            and at(0.99, self.felt.pings) <= P99_LIMIT_S
            and at(0.99, self.felt.messages) <= P99_LIMIT_S
            and self.longest_turn_s <= TURN_LIMIT_S
        )

    def __str__(self) -> str:
        cut = (f"{self.felt.cut} of them were disconnected",) if self.felt.cut else ()
        cells = (
            f"{self.name}: {self.text}",
            _figures(self.felt.pings),
            _figures(self.felt.messages),
            f"{self.longest_turn_s * 1000:.0f}",
            "; ".join((*cut, *self.notes)),
        )
        return f"| {' | '.join(cells)} |"


def at(share: float, delays_s: Sequence[float]) -> float:
    """Return the percentile of the delays, or nothing if there are none."""
    return sorted(delays_s)[min(len(delays_s) - 1, int(len(delays_s) * share))]


def _figures(delays_s: Sequence[float]) -> str:
    return ", ".join(f"{at(share, delays_s) * 1000:.0f}" for share in (0.5, 0.99, 1.0))


def table(rows: Sequence[Row]) -> str:
    return "\n".join([*HEAD, *map(str, rows)])


def updated(document: str, rows: Sequence[Row]) -> str:
    """Return the document with these rows in its table. Rows of other attacks stay."""
    inside = document.partition(MARKS[0])[2].partition(MARKS[1])[0]
    known = {_name(line): line for line in inside.splitlines() if line.startswith("| ") and line not in HEAD}
    known |= {row.name: str(row) for row in rows}
    return written(document, "\n".join([*HEAD, *(known[name] for name in sorted(known))]), *MARKS)


def _name(line: str) -> str:
    return line[2:].partition(":")[0]
