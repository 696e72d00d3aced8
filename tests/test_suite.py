"""The tests themselves: which modules have some, the conditions in which they run, the help of their programs."""

import runpy
import signal
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = sorted(
    path for path in ROOT.glob("tests/**/*.py") if '\nif __name__ == "__main__":\n' in path.read_text("utf-8")
)
MIRRORED = ("wire", "chat", "broker", "logs", "directory", "heartbeat", "net", "lane")
"""Folders of gateway/ whose modules have a test file of their name at the same place in tests/."""
NO_TEST_FILE = {
    "chat/commands/*": "tested by subject: tests/chat/commands/scripts, tests/network",
    "chat/effects": "data",
    "chat/interfaces": "protocols",
    "chat/member": "data",
    "chat/network": "data",
    "chat/room_membership": "rules of the fold: tests/chat/test_room.py",
    "chat/room_settings": "rules of the fold: tests/chat/test_room.py",
    "lane/assembly": "builds the parts: every test with a whole lane",
    "lane/fanout/listener": "a protocol",
    "lane/loop/clock": "data",
    "lane/loop/process": "declarations",
    "lane/sessions/rekey": "of a whole lane: tests/simulation, tests/network/test_coming_back.py",
    "logs/scripts": "names of Lua scripts, which have tests of their own",
}
"""Modules without one, and the reason."""
INTERRUPTING = "tests/test_chatlog.py::test_follow_goes_on_with_what_comes_until_interrupted"


def test_every_module_has_a_test_file_of_its_name_or_a_reason_for_none() -> None:
    """A failure then names the module, not a seed of the simulation."""
    sources = [path for folder in MIRRORED for path in ROOT.glob(f"gateway/{folder}/**/[!_]*.py")]
    modules = [path.relative_to(ROOT / "gateway").with_suffix("") for path in sources]
    untested = {
        str(module) for module in modules if not (ROOT / "tests" / module.parent / f"test_{module.name}.py").exists()
    }
    excepted = {module for module in map(str, modules) if any(fnmatch(module, pattern) for pattern in NO_TEST_FILE)}
    assert len(modules) > 100
    assert sorted(untested - excepted) == []
    assert sorted(excepted - untested) == [], "they have tests: remove them from NO_TEST_FILE"
    assert [pattern for pattern in NO_TEST_FILE if not any(fnmatch(str(module), pattern) for module in modules)] == []


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
