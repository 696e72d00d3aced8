"""The state that survives a restart: rooms, their order, drafts, read positions, theme, ignored users."""

from dataclasses import replace
from typing import Any

from textual.pilot import Pilot

from client.saved_state import SavedConversation, SavedState
from tests.client.ui.stage import NOW, Stage, play, rows, settled, stamp, text

FOUND = SavedState(
    (
        SavedConversation("#ops", read_until=NOW - 1000),
        SavedConversation("#dev", key="sesame", read_until=NOW - 1000, draft="half a"),
        SavedConversation("bob", read_until=NOW - 1000, draft="psst"),
    ),
    focused="#dev",
    theme="light",
    ignored=("mallory",),
    last_message_at=NOW - 1000,
)


def resumed() -> Stage:
    return Stage(rooms=("#ops", "#dev"), found=FOUND)


def test_it_goes_on_where_it_was_left() -> None:
    stage = resumed()

    async def scene(pilot: Pilot[Any]) -> None:
        assert stage.sent_with("JOIN") == ["JOIN #ops", "JOIN #dev sesame"]
        assert [buffer.name for buffer in stage.app.buffers.ordered] == ["", "#ops", "#dev", "bob"]
        assert stage.app.buffers.focused.name == "#dev"
        assert stage.chat.prompt.text == "half a"
        assert stage.app.theme == "hubbub-light"
        stage.say("mallory", "buy my things", "#dev")
        await settled(pilot)
        assert "buy my things" not in text(stage)
        assert any("CHATHISTORY TARGETS" in line for line in stage.sent), "who has written meanwhile is asked for"
        await pilot.press("alt+down")
        assert stage.chat.prompt.text == "psst"

    play(stage, scene)


def test_what_was_said_meanwhile_is_unread_and_marked_as_new() -> None:
    stage = resumed()

    async def scene(pilot: Pilot[Any]) -> None:
        for room in ("#ops", "#dev"):
            for text_, at in (("seen", NOW - 2000), ("missed", NOW - 500)):
                stage.hear(f"@time={stamp(at)};msgid={room}{text_} :bob!u@h PRIVMSG {room} :{text_}")
        await settled(pilot)
        assert stage.buffers_unread()["#ops"] == 1
        shown = rows(stage)
        assert shown[next(n for n, row in enumerate(shown) if "new ─" in row) + 1].endswith("missed")
        stage.now += 5
        stage.say("bob", "live", "#dev")
        await settled(pilot)
        await pilot.press("alt+up")
        await settled(pilot)
        shown = rows(stage)
        assert shown[next(n for n, row in enumerate(shown) if "new ─" in row) + 1].endswith("missed")

    play(stage, scene, (80, 24))


def test_nothing_is_marked_as_new_that_is_seen_as_it_comes() -> None:
    stage = resumed()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.now += 5
        stage.say("bob", "live", "#dev")
        await settled(pilot)
        assert "live" in text(stage)
        assert "new ─" not in text(stage)

    play(stage, scene, (80, 24))


def test_leaving_keeps_what_is_there() -> None:
    stage = Stage(rooms=("#lobby", "#dev"))

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"/join ops secret", "enter")
        stage.join("#ops")
        stage.hear(":bob!u@h KICK #lobby alice :go")
        await pilot.press(*"/ignore mallory", "enter", *"/query carol", "enter", *"dear ", "f4")
        stage.now += 60
        stage.say("carol", "hello", "alice")
        await settled(pilot)
        await pilot.press("alt+up", *"draft")
        await settled(pilot)

    play(stage, scene)
    at = NOW + 60
    assert stage.saved[-1] == SavedState(
        (
            SavedConversation("#dev", read_until=NOW - 0.001),
            SavedConversation("#ops", key="secret", read_until=NOW - 0.001, draft="draft"),
            SavedConversation("carol", read_until=at, draft="dear "),
        ),
        focused="#ops",
        theme="light",
        ignored=("mallory",),
        last_message_at=at,
        nick="alice",
    )


def test_nothing_is_written_where_nothing_has_changed() -> None:
    found = replace(FOUND, conversations=FOUND.conversations[:2], last_message_at=0.0)
    stage = Stage(rooms=("#ops", "#dev"), found=found)
    stage.connect = lambda: None  # type: ignore[method-assign]

    async def scene(pilot: Pilot[Any]) -> None:
        stage.app.save_state()
        assert stage.saved == []
        await pilot.press("x")
        stage.app.save_state()
        stage.app.save_state()
        assert [state.conversations[1].draft for state in stage.saved] == ["half ax"]

    play(stage, scene)


def test_no_password_is_kept() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"/raw OPER root sesame")
        await settled(pilot)

    play(stage, scene)
    assert "sesame" not in repr(stage.saved)
