"""The tests themselves: the conditions in which they run, and the help of their programs."""

import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = sorted(
    path for path in ROOT.glob("tests/**/*.py") if '\nif __name__ == "__main__":\n' in path.read_text("utf-8")
)
INTERRUPTING = "tests/test_chatlog.py::test_follow_goes_on_with_what_comes_until_interrupted"


def test_programs_can_be_interrupted_where_the_parent_ignores_it() -> None:
    """As in a background job of a shell (POSIX, Shell Command Language 2.11)."""
    ignoring = f"import os, signal; signal.signal({int(signal.SIGINT)}, signal.SIG_IGN); os.execv({sys.executable!r}, "
    pytest = [sys.executable, "-m", "pytest", "-n", "0", INTERRUPTING]
    command = [sys.executable, "-c", f"{ignoring}{pytest!r})"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_program_says_what_it_does(
    program: Path, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if "playwright" in program.read_text("utf-8"):
        pytest.importorskip("playwright", reason="needs playwright: pip install '.[page]'")
    module = ".".join(program.relative_to(ROOT).with_suffix("").parts)
    monkeypatch.setattr(sys, "argv", [module, option])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module.removesuffix(".__main__"), run_name="__main__", alter_sys=False)
    assert not ended.value.code
    assert capsys.readouterr().out.startswith("usage: ")
