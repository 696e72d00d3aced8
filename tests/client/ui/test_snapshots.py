"""Pictures of every screen. `pytest --snapshot-update` makes them again; check them by eye then."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.client.ui.stage import Stage, settled, stamp

Scene = Callable[[Pilot[Any]], Awaitable[None]]


def user(stage: Stage) -> None:
    """An ordinary day in #lobby."""
    stage.hear(
        ":gw 332 alice #lobby :Welcome · https://hubbub.example/docs",
        f"@time={stamp(stage.now)} :dave!u@h JOIN #lobby",
        ":dave!u@h AWAY :lunch",
    )
    stage.say("carol", "Good evening! The notes are at https://hubbub.example/notes (a draft), have a look please.")
    stage.now += 40
    question = stage.say("bob", "One thing: nothing is lost when a gateway dies, and nothing is there twice?")
    stage.say("bob", "That is tested, isn't it?")
    stage.hear(f"@msgid=r1;+draft/reply={question};+draft/react=👍 :carol!u@h TAGMSG #lobby")
    stage.now += 40_000
    answer = stage.say("carol", "every night, alice", **{"+draft/reply": question})
    stage.say("dave", "\x01ACTION waves\x01")
    gone = stage.say("mallory", "buy my things")
    stage.hear(f"@msgid=r2 :bob!u@h REDACT #lobby {gone} :spam")
    stage.say("dave", "日本語, שלום and 🎉", **{"+draft/reply": answer})
    stage.hear("@+typing=active :bob!u@h TAGMSG #lobby")
    stage.say("bob", "ready?", "#dev")
    stage.say("bob", "alice: now", "#ops")
    stage.say("dave", "psst", "alice")


def compare(snap_compare: Any, stage: Stage, scene: Scene | None = None, size: tuple[int, int] = (100, 26)) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        if stage.name:
            user(stage)
            await settled(pilot)
        if scene is not None:
            await scene(pilot)
            await settled(pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=run)


def everywhere(**preferences: Any) -> Stage:
    return Stage(rooms=("#lobby", "#dev", "#ops"), **preferences)


def pressing(*keys: str) -> Scene:
    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)

    return scene


def test_talk(snap_compare: Any) -> None:
    compare(snap_compare, everywhere(), size=(110, 26))


def test_light(snap_compare: Any) -> None:
    compare(snap_compare, everywhere(theme="light"), size=(110, 26))


def test_small(snap_compare: Any) -> None:
    compare(snap_compare, everywhere(), size=(60, 16))


def test_small_with_rooms(snap_compare: Any) -> None:
    compare(snap_compare, everywhere(theme="light"), pressing("f2"), size=(60, 16))


def test_first_start(snap_compare: Any) -> None:
    compare(snap_compare, Stage(name=""), size=(80, 20))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("palette", ["ctrl+p"]),
        ("palette_found", ["ctrl+p", *"ops"]),
        ("help", ["f1"]),
        ("commands", [*"/re"]),
        ("usage", [*"/topic new"]),
        ("emoji", [*":par"]),
        ("chosen", ["escape", "up"]),
        ("reply", ["escape", "r", *"so do I"]),
        ("lines", ["a", *["ctrl+j", "b"] * 6, "enter"]),
    ],
)
def test_keys(snap_compare: Any, name: str, keys: list[str]) -> None:
    compare(snap_compare, everywhere(), pressing(*keys), size=(80, 24))


def test_search(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.ui.search.PAUSE_S", 3600.0)
    compare(snap_compare, everywhere(), pressing("ctrl+f", *"night"), size=(80, 24))


def test_unread_and_scrolled(snap_compare: Any) -> None:
    stage = everywhere()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.app.on_app_blur()
        for number in range(40):
            stage.now += 50
            stage.say(f"user{number % 3}", f"number {number}")
        await settled(pilot)
        stage.app.on_app_focus()
        await pilot.press("pageup", "pageup")
        stage.say("bob", "and one more")

    compare(snap_compare, stage, scene, size=(80, 24))


def test_no_connection(snap_compare: Any) -> None:
    stage = everywhere()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.lose()
        await pilot.press(*"this is kept", "enter")

    compare(snap_compare, stage, scene, size=(80, 24))


def test_no_gateway(snap_compare: Any) -> None:
    stage = Stage(rooms=())
    stage.connect = lambda: stage.fail("localhost:6667", "connection refused")  # type: ignore[method-assign]

    async def run(pilot: Pilot[Any]) -> None:
        await settled(pilot)

    assert snap_compare(stage.app, terminal_size=(60, 16), run_before=run)


def test_password(snap_compare: Any) -> None:
    stage = everywhere()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.session.disconnected(stage.now)
        stage.session.connected("localhost:7001", stage.now)
        stage.hear(":gw 464 alice :Password incorrect")
        await settled(pilot)
        await pilot.press(*"opal")

    compare(snap_compare, stage, scene, size=(80, 24))


def test_changes_of_members(snap_compare: Any) -> None:
    stage = everywhere()

    async def scene(pilot: Pilot[Any]) -> None:
        for number in range(9):
            stage.hear(f"@time={stamp(stage.now)} :user{number}!u@h JOIN #lobby")
        stage.hear(f"@time={stamp(stage.now)} :carol!u@h QUIT :bye", ":bob!u@h KICK #lobby user3 :spam")
        stage.hear(":user4!u@h PART #lobby", ":user5!u@h NICK five")
        await settled(pilot)
        await pilot.press("escape", "enter")

    compare(snap_compare, stage, scene, size=(80, 24))


ROOMS = (
    ":gw 322 alice #lobby 30 :Welcome",
    ":gw 322 alice #a-room-with-a-rather-long-name 12 :Where it is discussed what a room may be called, for how long",
    ":gw 322 alice #cats 1 :",
    ":gw 323 alice :End of /LIST",
)


def test_rooms(snap_compare: Any) -> None:
    stage = everywhere()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"/list", "enter")
        await settled(pilot)
        stage.hear(*ROOMS)

    compare(snap_compare, stage, scene, size=(80, 24))


def test_palette_rooms(snap_compare: Any) -> None:
    stage = everywhere()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press("ctrl+p", *"room")
        stage.hear(*ROOMS)

    compare(snap_compare, stage, scene, size=(60, 16))


def test_invitation(snap_compare: Any) -> None:
    stage = everywhere()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.hear(":bob!u@h INVITE alice #cats")
        await settled(pilot)
        await pilot.press("escape")

    compare(snap_compare, stage, scene, size=(60, 16))


def test_hostile(snap_compare: Any) -> None:
    stage = everywhere()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("eve", "\x1b]0;title\x07\x1b[2J\x1b[31mred <script>alert(1)</script> [bold]x[/bold]")
        stage.say("eve", "Z" + "\u0310" * 300 + "algo \u202eevil\u200b")
        stage.say("eve", "👩‍👩‍👧 " * 30)

    compare(snap_compare, stage, scene, size=(80, 24))


def test_formatted(snap_compare: Any) -> None:
    stage = everywhere()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "**bold**, *italic*, ~~struck~~, `code`, \x1funderlined\x1f and \x0304red\x03: **see *#dev***")
        listed = (
            "- it is **on**, and this goes on in a row that",
            "  - stands further in",
            "1. see https://hubbub.example/",
        )
        code = ("```py", "if is_on:", '    print("*on*")', "```")
        stage.say_lines("carol", "> is it `off`?", "> > a quote in a quote", "I would say:", *listed, *code)
        stage.say("dave", "\x01ACTION waves **twice**\x01")
        stage.say("dave", "snake_case_words, 2*3*4 and ¯\\_(ツ)_/¯ are what they were")

    compare(snap_compare, stage, scene, size=(80, 30))
