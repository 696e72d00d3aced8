"""`make chaos`: run every scenario on real gateways and servers, and write the table into docs/reliability.md.

    python -m tests.chaos [NAME...] [--list]

With names, only these scenarios run, and nothing is written. Exit status 1 if anything was lost, duplicated, out of
order, or violated another guarantee.
"""

import argparse
import signal
import sys
import time
import traceback
from pathlib import Path

from tests.chaos import faults_of_connections, faults_of_gateways, faults_of_stores
from tests.chaos.report import DOCUMENT, section, table, written
from tests.chaos.scenarios import SCENARIOS, Scenario
from tests.chaos.stage import Row, Stage
from tests.chaos.store import programs

MODULES = [module.__name__ for module in (faults_of_gateways, faults_of_stores, faults_of_connections)]


def main() -> int:
    SCENARIOS.sort(key=lambda scenario: MODULES.index(scenario.play.__module__))
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Plays faults on real parts.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios to play; all where none is named")
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(f"{scenario.name:24} {scenario.fault}" for scenario in SCENARIOS))
        return 0
    unknown = set(arguments.names) - {scenario.name for scenario in SCENARIOS}
    if unknown:
        parser.error(f"no such scenario: {' '.join(sorted(unknown))}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    rows = [
        play(scenario, server, program)
        for scenario in SCENARIOS
        if not arguments.names or scenario.name in arguments.names
        for server, program in list(programs().items())[: None if scenario.on_all_servers else 1]
    ]
    print(table(rows))
    if not arguments.names:
        DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8"), section(rows, "make chaos")), "utf-8")
    return 0 if all(row.is_good for row in rows) else 1


def end(number: int, _frame: object) -> None:
    """End everything that was started. A second signal does not interrupt this."""
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def play(scenario: Scenario, server: str, program: Path) -> Row:
    row = Row(scenario.fault, server)
    began = time.monotonic()
    print(f"{scenario.name} on {server} ...", file=sys.stderr, flush=True)
    with Stage(program) as stage:
        try:
            scenario.play(stage)
            stage.judge(row)
        except Exception:
            row.problems.append(traceback.format_exc())
    print(f"  {'good' if row.is_good else 'NOT GOOD'} after {time.monotonic() - began:.0f} s", file=sys.stderr)
    for problem in row.problems:
        print(f"    {problem}", file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())
