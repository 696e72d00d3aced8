"""One measurement: start a server, run the load generator, and read its figures.

Knows nothing of comparing. The CPU time of all processes of a server counts, the broker's too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.bench import servers, works

HERE = Path(__file__).resolve().parent
LOADGEN = HERE / "loadgen"
SOURCES = ("loadgen.c", "clients.c", "ledger.c", "measure.c")
HEADERS = ("clients.h", "ledger.h", "measure.h")
RUN_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Measured:
    """One work on one server in one round. `raw` is the load generator's output."""

    work: str
    server: str
    round: int
    figures: dict[str, float]
    problems: list[str]
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contender:
    """One side of a comparison: its name in the tables, the server to start (servers.start) and how to run it."""

    name: str
    server: str
    setting: servers.Setting


def build(target: Path = LOADGEN) -> Path:
    """Compile the load generator if its sources are newer. Raises servers.Unavailable without a compiler."""
    newest = max((HERE / name).stat().st_mtime for name in SOURCES + HEADERS)
    if target.exists() and target.stat().st_mtime >= newest:
        return target
    compiler = shutil.which("gcc")
    if not compiler:
        raise servers.Unavailable("gcc is needed to build the load generator")
    sources = [str(HERE / name) for name in SOURCES]
    subprocess.run([compiler, "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", str(target), *sources], check=True)
    return target


def generate(running: servers.Running, options: tuple[str, ...]) -> dict[str, Any]:
    """Run the load generator against a started server. Return its JSON with the names of the processes."""
    addresses = [word for address in running.addresses for word in ("--server", address)]
    pids = ",".join(str(pid) for pid in running.processes.values())
    command = [str(LOADGEN), *addresses, "--pid", pids, *options]
    command += ["--connecting", str(running.connecting)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)
    if done.returncode:
        raise servers.Unavailable(done.stderr.strip())
    told: dict[str, Any] = json.loads(done.stdout)
    for part in (told, told.get("joined", {}), told.get("settled", {}), told.get("quit", {})):
        for name, process in zip(running.processes, part.get("processes", ()), strict=False):
            process["name"] = name
    return told


def cpu_s(told: dict[str, Any]) -> float:
    return sum(float(p["user_s"] + p["system_s"]) for p in told["processes"])


def figures_of(told: dict[str, Any]) -> dict[str, float]:
    """Return the figures of the table from the load generator's JSON of any mode."""
    if told["mode"] == "storm":
        joined, settled, left = told["joined"], told["settled"], told["quit"]
        return {
            "join_s": joined["wall_s"],
            "join_cpu_s": cpu_s(settled),
            "quit_s": left["wall_s"],
            "quit_cpu_s": cpu_s(left),
        }
    if told["mode"] == "idle":
        growth = sum(p["rss_growth_kb"] for p in told["processes"] if p["name"] != "broker")
        return {"idle_kb": growth / told["clients"], "connect_s": told["wall_s"]}
    deliveries = max(1, told["deliveries"])
    broker = sum(p["user_s"] + p["system_s"] for p in told["processes"] if p["name"] == "broker")
    return {
        "cpu_us": 1e6 * cpu_s(told) / deliveries,
        "broker_cpu_us": 1e6 * broker / deliveries,
        "p50_us": told["latency_us"]["p50"],
        "p99_us": told["latency_us"]["p99"],
        "deliveries_per_s": told["deliveries_per_s"],
        "messages_per_send": told["sent"] / max(1, told["sends"]),
        "loadgen_share": 1 - told["own_idle_share"],
        "others_cores": told["others_cores"],
    }


def problems_of(told: dict[str, Any]) -> list[str]:
    """Return the errors of a server. `held back` means that the open loop could not keep its rate."""
    counts = ("lost", "duplicated", "reordered", "corrupt", "held_back", "closed")
    found = [f"{told[name]} {name.replace('_', ' ')}" for name in counts if told.get(name)]
    if told["mode"] == "storm" and told["quits_seen"] != told["quits_wanted"]:
        found.append(f"{told['quits_seen']} QUITs of {told['quits_wanted']}")
    return found + ([told["trouble"]] if told["trouble"] else [])


def measure(work: works.Work, contender: Contender, round_: int, timing: tuple[str, ...]) -> Measured:
    """Start a server, run one work on it, stop it. If it cannot run, the result is a problem without figures."""
    server, _, variant = contender.server.partition("+")
    setting = replace(contender.setting, tags=work.tags, aof=contender.setting.aof or variant == "aof")
    tags = ("--tags",) if work.tags else ()
    try:
        with servers.start(server, setting) as running:
            told = generate(running, (*timing, *work.options, *tags))
    except (servers.Unavailable, subprocess.TimeoutExpired) as problem:
        return Measured(work.name, contender.name, round_, {}, [str(problem)], {})
    return Measured(work.name, contender.name, round_, figures_of(told), problems_of(told), told)
