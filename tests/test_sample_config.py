"""deploy/hubbub.toml against the table of settings: each setting is there with its help, and the file loads."""

import re
import tomllib
from pathlib import Path

import pytest

from gateway.config import load
from gateway.settings import Setting, Settings, table
from tests.sample_config import EXAMPLES, FILE, SECTIONS, sample, value


def test_the_file_is_what_the_table_of_settings_says() -> None:
    assert FILE.read_text("utf-8") == sample(), "run python -m tests.sample_config --write"


def test_headings_and_examples_are_of_settings_that_exist() -> None:
    assert {*SECTIONS, *EXAMPLES} <= {row.name for row in table()}


def test_as_it_stands_it_changes_nothing() -> None:
    loaded = load({"config": str(FILE)}, {})
    assert {row.name: getattr(loaded, row.name) for row in table()} == {row.name: row.default() for row in table()}
    assert not loaded.warnings


@pytest.mark.parametrize("row", table(), ids=lambda row: row.name)
def test_each_line_can_be_uncommented(row: Setting, tmp_path: Path) -> None:
    """The value is accepted. It is the default, unless it is an example."""
    lines = FILE.read_text("utf-8").splitlines()
    [line] = [line.removeprefix("#") for line in lines if line.startswith(f"#{row.name} = ")]
    assert tomllib.loads(line) == {row.name: value(row)}
    partner = {"tls_cert": "tls_key", "tls_key": "tls_cert"}.get(row.name)
    file = tmp_path / "hubbub.toml"
    file.write_text(f'{line}\n{partner} = "x"\n' if partner else line, "utf-8")
    found: object = getattr(load({"config": str(file)}, {}), row.name)
    assert (found == row.default()) or row.name in EXAMPLES


def test_the_examples_and_the_operator_load_together(tmp_path: Path) -> None:
    file = tmp_path / "hubbub.toml"
    file.write_text(re.sub(r"^#(?=\w|\[)", "", FILE.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    loaded: Settings = load({"config": str(file)}, {})
    assert loaded.name == EXAMPLES["name"]
    assert list(loaded.operators) == ["alice"]
