"""Fixtures: the settings of the user who runs the tests have no effect."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def settings_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of the program's settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("HUBBUB_PASSWORD", raising=False)
    return tmp_path / "config" / "hubbub" / "client.toml"
