"""The tests themselves: where they can be run."""

import signal
import subprocess
import sys
from pathlib import Path

INTERRUPTING = "tests/test_chatlog.py::test_follow_goes_on_with_what_comes_until_interrupted"


def test_programs_can_be_interrupted_where_the_parent_ignores_it() -> None:
    """As in a background job of a shell (POSIX, Shell Command Language 2.11)."""
    ignoring = f"import os, signal; signal.signal({int(signal.SIGINT)}, signal.SIG_IGN); os.execv({sys.executable!r}, "
    pytest = [sys.executable, "-m", "pytest", "-n", "0", INTERRUPTING]
    command = [sys.executable, "-c", f"{ignoring}{pytest!r})"]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
