"""The bell and the desktop notification, for messages that concern the user and are not in view."""

from typing import Any

import pytest
from textual.pilot import Pilot

from client.ui.alerts import PAUSE_S, Alerts
from tests.client.ui.stage import Stage, play, settled


@pytest.fixture(autouse=True)
def _no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def test_a_terminal_is_asked_to_ring_and_to_notify() -> None:
    sent: list[str] = []
    alerts = Alerts(sent.append, rings=True, notifies=True)
    alerts.mention("bob in #lobby", "alice: hi\x1b\\ \x07there", 10.0)
    assert sent == ["\a", "\x1b]9;bob in #lobby: alice: hi\\ there\x1b\\"]
    alerts.mention("bob", "again", 10.0 + PAUSE_S / 2)
    assert len(sent) == 2, "a flood of mentions is one alert"
    alerts.mention("bob", "again", 10.0 + PAUSE_S)
    assert len(sent) == 4


def test_the_desktop_is_asked_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    monkeypatch.setattr("subprocess.Popen", lambda command, **_options: started.append(command))
    Alerts(lambda sequence: None, rings=False, notifies=True).mention("-x", "hi", 0.0)
    assert started == [["/bin/notify-send", "--app-name=Hubbub", "--", "-x", "hi"]]


def test_only_what_is_not_seen_rings() -> None:
    stage = Stage(rooms=("#lobby", "#dev"))
    rung: list[str] = []

    def ring(title: str, text: str, now: float) -> None:
        rung.append(f"{title}: {text}")

    async def scene(pilot: Pilot[Any]) -> None:
        stage.app._alerts.mention = ring  # type: ignore[method-assign]
        stage.say("bob", "alice: seen")
        stage.say("bob", "nothing for anyone", "#dev")
        await settled(pilot)
        assert rung == []
        stage.say("bob", "alice: elsewhere", "#dev")
        stage.say("bob", "psst", "alice")
        await settled(pilot)
        stage.app.app_focus = False
        stage.say("carol", "Alice, are you there?")
        await settled(pilot)
        assert rung == ["bob in #dev: alice: elsewhere", "bob: psst", "carol in #lobby: Alice, are you there?"]

    play(stage, scene)
