"""Nobody's own settings decide over a test."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def settings_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program finds its settings, and its tests put them."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("HUBBUB_PASSWORD", raising=False)
    return tmp_path / "config" / "hubbub" / "client.toml"
