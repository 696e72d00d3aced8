"""`make attacks`: run every attack, and print its effect on innocent users of the gateway.

    python -m tests.attacks [NAME...] [--list] [--write]

`--write` puts the rows into docs/security.md. With names, only these rows are replaced. Exit status 1 if a target was
missed, 2 if an attack could not be run to its end.
"""

import argparse
import importlib
import pkgutil
import sys
import traceback

import tests.attacks
from tests.attacks.report import DOCUMENT, Row, table, updated
from tests.attacks.stage import ATTACKS, Attack, Stage


def main() -> int:
    load()
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description="Plays attacks on real gateways.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="attacks to play; all where none is named")
    parser.add_argument("--list", action="store_true", help="list the attacks and end")
    parser.add_argument("--write", action="store_true", help=f"put the rows into {DOCUMENT.name}")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(f"{attack.name:24} {attack.text}" for attack in ATTACKS.values()))
        return 0
    unknown = set(arguments.names) - set(ATTACKS)
    if unknown:
        parser.error(f"no such attack: {' '.join(sorted(unknown))}")
    rows = [play(ATTACKS[name]) for name in arguments.names or ATTACKS]
    played = [row for row in rows if row is not None]
    print(table(played))
    if arguments.write:
        DOCUMENT.write_text(updated(DOCUMENT.read_text("utf-8"), played), "utf-8")
    if len(played) < len(rows):
        return 2
    return 0 if all(row.is_good for row in played) else 1


def load() -> None:
    """Import every file of an attack, which registers itself."""
    for module in sorted(pkgutil.iter_modules(tests.attacks.__path__), key=lambda module: module.name):
        if module.name.startswith("attack_"):
            importlib.import_module(f"tests.attacks.{module.name}")


def play(attack: Attack) -> Row | None:
    """Return its row, or None if it could not be run to its end."""
    print(f"{attack.name} ...", file=sys.stderr, flush=True)
    try:
        with Stage(attack.settings) as stage:
            attack.play(stage)
            return stage.row(attack)
    except Exception:
        traceback.print_exc()
        return None


if __name__ == "__main__":
    sys.exit(main())
