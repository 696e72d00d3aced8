"""The verbs of the Makefile: each has its line of help, and what calls them calls verbs that exist."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
VERBS = set(re.findall(r"^([a-z][\w-]*):", MAKEFILE, re.MULTILINE))
CALLERS = [".ci/run", ".github/workflows/ci.yml", ".pre-commit-config.yaml", "CONTRIBUTING.md"]


def test_help_prints_every_verb() -> None:
    command = ["make", "--no-print-directory", "help"]  # a make that runs this one would have it print the directory
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in printed.splitlines()} == VERBS
    assert all(len(line.split()) > 2 for line in printed.splitlines())


def test_no_verb_is_a_file() -> None:
    declared = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)", MAKEFILE, re.MULTILINE)
    assert set(declared[0].replace("\\\n", " ").split()) == VERBS


@pytest.mark.parametrize("name", CALLERS)
def test_verbs_that_are_called_exist(name: str) -> None:
    calls = re.findall(
        r"^ *(?:- run: |entry: |)make ([a-z][a-z0-9 -]*)", (ROOT / name).read_text("utf-8"), re.MULTILINE
    )
    assert calls
    assert {verb for words in calls for verb in words.split()} <= VERBS
