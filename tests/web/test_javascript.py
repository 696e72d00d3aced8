"""The tests in JavaScript, each file by itself: `node tests/web/FILE` runs one without pytest."""

import subprocess
from pathlib import Path

import pytest

from tests.web.node import DEADLINE_S, command, needs_node

FILES = sorted(Path(__file__).parent.glob("*.test.js"))


@needs_node
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix(".test.js"))
def test_the_javascript_tests_pass(file: Path) -> None:
    # Not with --test, which starts a second process of node.
    ran = subprocess.run([*command(), file], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
