"""The state of the full screen between two starts: complete, bounded, and readable by its owner only."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.saved_state import (
    CONVERSATIONS_LIMIT,
    DRAFT_LIMIT,
    IGNORED_LIMIT,
    SavedConversation,
    SavedState,
    as_json,
    parse_state,
)
from client.state_file import SIZE_LIMIT_BYTES, load_state, save_state, state_path

STATE = SavedState(
    (
        SavedConversation("#lobby", read_until=1_790_000_000.25, draft="half a\nthought"),
        SavedConversation("#dev", key="sesame"),
        SavedConversation("bob", read_until=5.0),
    ),
    "#dev",
    "light",
    ("mallory",),
    1_790_000_001.5,
    "alice",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "home.json"


def test_what_is_saved_is_loaded_and_only_its_owner_may_read_it(path: Path) -> None:
    save_state(path, SavedState())
    save_state(path, STATE)
    assert load_state(path) == (STATE, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["home.json"], "nothing is left beside it"


def test_without_a_file_nothing_is_known(path: Path) -> None:
    assert load_state(path) == (SavedState(), "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"version": 2}',
        '{"version": 1, "theme": "pink"}',
        '{"version": 1, "conversations": {}}',
        '{"version": 1, "conversations": [7]}',
        '{"version": 1, "conversations": [{"name": "#a b"}]}',
        '{"version": 1, "conversations": [{"name": ""}]}',
        '{"version": 1, "conversations": [{"name": "#a", "read_until": NaN}]}',
        '{"version": 1, "conversations": [{"name": "#a", "read_until": "now"}]}',
        '{"version": 1, "ignored": [7]}',
        '{"version": 1, "last_message_at": true}',
        " " * (SIZE_LIMIT_BYTES + 1),
    ],
)
def test_a_file_that_says_anything_else_is_set_aside_with_a_notice(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    state, notice = load_state(path)
    assert state == SavedState()
    assert "cannot be read" in notice
    assert str(path.with_suffix(".corrupt")) in notice
    assert not path.exists()
    assert path.with_suffix(".corrupt").read_text() == text


def test_a_file_that_cannot_be_written_leaves_the_old_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(path, STATE)

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        save_state(path, SavedState())
    assert load_state(path) == (STATE, "")
    assert os.listdir(path.parent) == ["home.json"]


def test_it_is_bounded() -> None:
    many = SavedState(
        tuple(SavedConversation(f"#r{number}", draft="x" * (DRAFT_LIMIT + 1)) for number in range(999)),
        ignored=tuple(f"n{number}" for number in range(9999)),
    )
    kept = parse_state(as_json(many))
    assert len(kept.conversations) == CONVERSATIONS_LIMIT
    assert {len(each.draft) for each in kept.conversations} == {DRAFT_LIMIT}
    assert len(kept.ignored) == IGNORED_LIMIT
    assert len(as_json(many)) < SIZE_LIMIT_BYTES


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_nothing_that_is_read_does_more_than_fail(value: object) -> None:
    for key in ("conversations", "focused", "theme", "ignored", "last_message_at", "nick"):
        try:
            state = parse_state(json.dumps({"version": 1, key: value}))
        except ValueError:
            continue
        assert parse_state(as_json(state)) == state


def test_a_network_has_a_file_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    paths = [state_path(name) for name in ("home", "localhost:6667", "../../x", "a/b")]
    assert len(set(paths)) == 4
    assert {path.parent for path in paths} == {tmp_path / "hubbub"}
