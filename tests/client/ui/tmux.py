"""A real terminal without a user: tmux on its own socket."""

import secrets
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType

DEADLINE_S = 60.0
HAS_ENDED = "no server", "server exited"
"""Errors of tmux if the program, and its terminal with it, has ended before or during the command."""


def has_tmux() -> bool:
    return shutil.which("tmux") is not None


class Tmux:
    """One program in a terminal of this size."""

    def __init__(self, directory: Path, command: list[str], size: tuple[int, int], environ: dict[str, str]) -> None:
        self._socket = directory / f"tmux.{secrets.token_hex(4)}"  # one that is ending still has its own
        columns, rows = size
        settings = [f"{name}={value}" for name, value in environ.items()]
        self._run(
            *("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows)),
            *("env", "-u", "COLUMNS", "-u", "LINES", *settings, *command),
        )

    def _run(self, *arguments: str) -> str:
        ended = subprocess.run(
            ["tmux", "-u", "-S", str(self._socket), *arguments],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert ended.returncode == 0 or any(words in ended.stderr for words in HAS_ENDED), ended.stderr
        return ended.stdout

    @property
    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    def until(self, text: str) -> str:
        """Wait until a text is on the screen. Return the screen."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in (screen := self.screen):
            assert time.monotonic() < deadline, f"{text!r} is not on the screen:\n{screen}"
            select.select([], [], [], 0.05)  # a terminal does not report its changes
        return screen

    def write(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def say(self, text: str) -> None:
        self.write(text)
        self.press("Enter")

    def __enter__(self) -> "Tmux":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("kill-server")
