"""Long runs: `make fuzz SECONDS=600`, or `python -m tests.fuzz.run SECONDS [TARGET ...]`.

Each target runs in a separate process under Atheris (coverage-guided, libFuzzer). The whole lane gets half of the time.
Inputs that reach new code are stored in .fuzz/, where the next run begins. The bytes of a finding are stored there too.
The run then continues with the next target, and ends with status 1. It needs `pip install .[fuzz]`.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz.targets import CORPUS, TARGETS

KEPT = Path(".fuzz")
INPUT_LIMIT_BYTES = 12_000
INPUT_LIMIT_S = 30  # for one input
MEMORY_LIMIT_MB = 2048


def main(seconds: int, names: list[str]) -> int:
    """Run targets. Print at the end what was run and found."""
    shares = {name: len(TARGETS) - 1 if name == "lane" else 1 for name in names or TARGETS}
    rows, findings = [], 0
    for name, share in shares.items():
        spent_s = max(1, seconds * share // sum(shares.values()))
        executed, output = _run(name, spent_s)
        was_found = "ERROR: libFuzzer" in output or "Uncaught Python exception" in output
        findings += was_found
        rows.append(f"{name:<10} {executed:>10} {spent_s:>7} s  {'FOUND SOMETHING' if was_found else 'clean'}")
        print(rows[-1], flush=True)
        if was_found:
            print(_told(output), flush=True)
    print("\ntarget     executions    time\n" + "\n".join(rows))
    return 1 if findings else 0


def _told(output: str) -> str:
    """Lines in the output of Atheris that name a finding and the file with its bytes."""
    _, _, exception = output.partition("Uncaught Python exception")
    kept = re.search(r"Test unit written to (\S+)", output)
    return f"{exception[:3000] or output[-3000:]}\n{kept[1] if kept else ''}"


def _run(name: str, seconds: int) -> tuple[int, str]:
    """(executions, output) of one target."""
    kept, found = KEPT / "corpus" / name, KEPT / "findings"
    for directory in (kept, found):
        directory.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "tests.fuzz.engine", name, str(kept)),
        *([str(CORPUS / name)] if (CORPUS / name).is_dir() else []),
        *(f"-max_total_time={seconds}", f"-max_len={INPUT_LIMIT_BYTES}", f"-timeout={INPUT_LIMIT_S}"),
        *(f"-rss_limit_mb={MEMORY_LIMIT_MB}", f"-artifact_prefix={found}/{name}-", "-print_final_stats=1"),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    output = ended.stdout + ended.stderr
    executed = re.search(r"number_of_executed_units: (\d+)", output)
    assert executed is not None, output[-4000:]
    return int(executed[1]), output


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=int, help="how long in all")
    parser.add_argument("targets", metavar="TARGET", nargs="*", help=f"of {', '.join(TARGETS)}; default: all")
    given = parser.parse_args()
    sys.exit(main(given.seconds, given.targets))
