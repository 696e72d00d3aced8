"""Switching between conversations, unread counts, and scrolling back."""

from typing import Any

import pytest
from textual.pilot import Pilot

from client.ui.palette import rank_of
from tests.client.ui.stage import Stage, play, rows, settled, stamp, text


def test_unread_and_mentions_are_counted_and_marked_when_one_comes() -> None:
    stage = Stage(rooms=("#lobby", "#dev"))

    async def scene(pilot: Pilot[Any]) -> None:
        stage.now += 60
        stage.say("bob", "one", "#dev")
        stage.say("bob", "alice: two", "#dev")
        await settled(pilot)
        assert any(row.split()[:2] == ["#dev", "1"] for row in rows(stage)), "mentions before all that is unread"
        stage.now += 60
        await pilot.press("alt+a")
        await settled(pilot)
        shown = rows(stage)
        marker = next(number for number, row in enumerate(shown) if row.rstrip().endswith("new ─"))
        assert "one" in shown[marker + 1]
        assert stage.buffers_unread() == {"": 0, "#lobby": 0, "#dev": 0}
        assert any(line.startswith("MARKREAD #dev") for line in stage.sent)

    play(stage, scene, (80, 24))


def test_what_comes_while_the_terminal_is_not_looked_at_is_unread() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "seen")
        await settled(pilot)
        stage.app.on_app_blur()
        stage.now += 1
        stage.say("bob", "not seen")
        await settled(pilot)
        assert stage.buffers_unread()["#lobby"] == 1
        stage.app.on_app_focus()
        await settled(pilot)
        assert stage.buffers_unread()["#lobby"] == 0
        shown = rows(stage)
        assert shown[next(n for n, row in enumerate(shown) if "new ─" in row) + 1].endswith("not seen")

    play(stage, scene, (80, 24))


def test_a_room_that_is_joined_is_turned_to() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"/join dev", "enter")
        assert "JOIN #dev" in stage.sent
        stage.join("#dev")
        await settled(pilot)
        assert stage.app.buffers.focused.name == "#dev"
        await pilot.press("alt+up")
        assert stage.app.buffers.focused.name == "#lobby"

    play(stage, scene)


def test_a_conversation_is_closed_and_its_room_left() -> None:
    stage = Stage(rooms=("#lobby", "#dev"))

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press("alt+down", "alt+w")
        assert "PART #dev" in stage.sent
        stage.hear(f"@time={stamp(stage.now)} :alice!u@h PART #dev")
        await settled(pilot)
        assert stage.app.buffers.focused.name == "#lobby"
        assert [buffer.name for buffer in stage.app.buffers.ordered] == ["", "#lobby"]
        assert "#dev" not in text(stage)

    play(stage, scene)


def test_each_conversation_keeps_what_was_being_written() -> None:
    stage = Stage(rooms=("#lobby", "#dev"))

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"half a", "alt+down")
        assert stage.chat.prompt.text == ""
        await pilot.press("alt+up")
        assert stage.chat.prompt.text == "half a"

    play(stage, scene)


def test_a_click_on_a_member_opens_the_conversation_with_them() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.click("#members", offset=(3, 0))
        await settled(pilot)
        assert stage.app.buffers.focused.name == "bob"
        await pilot.press(*"psst", "enter")
        assert stage.sent_with("PRIVMSG")[-1].endswith("PRIVMSG bob :psst")
        await pilot.click("#rooms", offset=(3, 1))
        assert stage.app.buffers.focused.name == "#lobby"

    play(stage, scene, (110, 24))


def test_the_palette_goes_anywhere() -> None:
    stage = Stage(rooms=("#lobby", "#dev"))

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press("ctrl+p", *"dev", "enter")
        assert stage.app.buffers.focused.name == "#dev"
        await pilot.press("ctrl+p", *"carol", "enter")
        assert stage.app.buffers.focused.name == "carol"
        await pilot.press("ctrl+p", *"opsroom", "enter")
        assert "JOIN #opsroom" in stage.sent
        await pilot.press("ctrl+p", *"dark or", "enter")
        await settled(pilot)
        assert stage.app.theme == "hubbub-light"
        await pilot.press("ctrl+p", "escape")
        assert stage.app.screen is stage.chat

    play(stage, scene)


def test_the_palette_ranks_what_stands_together_first() -> None:
    assert rank_of("dev", "#dev") == 0
    assert rank_of("dv", "#dev") == 100
    assert rank_of("x", "#dev") is None


def history(stage: Stage, first: int, count: int, label: str) -> None:
    """Answer a CHATHISTORY with this number of messages, the last one just before `first`."""
    lines = [
        f"@batch=h;time={stamp(stage.now - 10_000 + number)};msgid=old{number} :bob!u@h PRIVMSG #lobby :old {number}"
        for number in range(first - count, first)
    ]
    stage.hear(f"@label={label} :gw BATCH +h chathistory #lobby", *lines, ":gw BATCH -h")


def label_of(line: str) -> str:
    return line.partition("label=")[2].partition(" ")[0].partition(";")[0]


def test_scrolling_up_loads_older_messages_and_the_view_stays() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        for number in range(60):
            stage.now += 1
            stage.say("bob", f"new {number}")
        await settled(pilot)
        await pilot.press("pageup", "pageup", "pageup")
        await settled(pilot)
        asked = stage.sent_with("CHATHISTORY")[-1]
        assert "CHATHISTORY BEFORE #lobby" in asked
        assert "loading what was said before" in text(stage)
        before = rows(stage)
        history(stage, 1000, 50, label_of(asked))
        await settled(pilot)
        assert [row.rstrip(" ▐") for row in rows(stage)[3:]] == [row.rstrip(" ▐") for row in before[3:]]
        await pilot.press("pageup")
        assert "old 999" in text(stage)
        stage.say("bob", "the newest")
        await settled(pilot)
        assert "the newest" not in text(stage)
        assert "↓ 1 new" in text(stage)
        await pilot.press("ctrl+end")
        await settled(pilot)
        assert "the newest" in text(stage)

    play(stage, scene, (80, 24))


def test_search_finds_at_once_what_is_loaded_then_what_the_network_has() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "a needle here")
        stage.say("bob", "hay")
        await settled(pilot)
        await pilot.press("ctrl+f", *"needle")
        await settled(pilot)
        assert "a needle here" in text(stage)
        while not (asked := stage.sent_with("CHATHISTORY LATEST")):
            await pilot.pause(0.05)
        label = label_of(asked[-1])
        stage.hear(
            f"@label={label} :gw BATCH +h chathistory #lobby",
            f"@batch=h;time={stamp(stage.now - 5000)};msgid=o1 :carol!u@h PRIVMSG #lobby :an old needle",
            ":gw BATCH -h",
        )
        await settled(pilot)
        assert "an old needle" in text(stage)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert "CHATHISTORY BEFORE #lobby" in stage.sent[-1]
        stage.hear(
            f"@label={label_of(stage.sent[-1])} :gw BATCH +h chathistory #lobby",
            f"@batch=h;time={stamp(stage.now - 5000)};msgid=o1 :carol!u@h PRIVMSG #lobby :an old needle",
            ":gw BATCH -h",
        )
        await settled(pilot)
        assert stage.chat.view.chosen is not None
        assert stage.chat.view.chosen.text == "an old needle"

    play(stage, scene)


def test_a_message_that_is_deleted_leaves_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.ui.search.PAUSE_S", 3600.0)
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        gone = stage.say("bob", "the first needle")
        stage.say("bob", "the second needle")
        await settled(pilot)
        await pilot.press("ctrl+f", *"needle")
        await settled(pilot)
        assert text(stage).count("first needle") == 2, "in the conversation and in the window"
        stage.hear(f"@msgid=x :bob!u@h REDACT #lobby {gone}")
        await settled(pilot)
        assert "first needle" not in text(stage)
        assert "second needle" in text(stage)
        await pilot.press("escape", "ctrl+f", *"needle")
        await settled(pilot)
        assert "first needle" not in text(stage)

    play(stage, scene)


def test_changes_of_members_are_folded_and_can_be_opened() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        for nick in ("dave", "eve", "mallory"):
            stage.hear(f"@time={stamp(stage.now)} :{nick}!u@h JOIN #lobby")
        stage.hear(f"@time={stamp(stage.now)} :carol!u@h QUIT :so long")
        await settled(pilot)
        assert "dave, eve, mallory joined; carol left" in text(stage)
        assert "so long" not in text(stage)
        await pilot.press("escape", "enter")
        await settled(pilot)
        assert "14:13 eve joined #lobby" in text(stage)
        assert "14:13 carol is gone (so long)" in text(stage)
        await pilot.press("r")
        await settled(pilot)
        assert "replying" not in text(stage)
        stage.hear(f"@time={stamp(stage.now)} :frank!u@h JOIN #lobby")
        await settled(pilot)
        assert "14:13 frank joined #lobby" in text(stage)

    play(stage, scene)


def test_the_connection_is_always_told_of() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        assert "● alice on localhost:7001" in rows(stage)[-1]
        stage.lose(again_in_s=4)
        await pilot.press(*"still here", "enter")
        await settled(pilot)
        assert "○ alice no connection · trying again in 4 s · 1 waiting" in rows(stage)[-1]
        stage.now += 2
        stage.chat._pass_time()
        await settled(pilot)
        assert "trying again in 2 s" in rows(stage)[-1]
        assert any("waits" in row and "still here" in row for row in rows(stage))
        stage.connect()
        await settled(pilot)
        history(stage, 0, 0, label_of(stage.sent_with("CHATHISTORY AFTER")[-1]))
        assert stage.echo() == ["still here"]
        await settled(pilot)
        assert "● alice on localhost:7001" in rows(stage)[-1]
        assert text(stage).count("still here") == 1

    play(stage, scene)


def test_what_is_typed_before_there_is_a_connection_is_kept() -> None:
    stage = Stage()
    connect, stage.connect = stage.connect, lambda: None  # type: ignore[method-assign]

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"early", "enter")
        await settled(pilot)
        assert any("waits" in row and "early" in row for row in rows(stage))
        connect()
        await settled(pilot)
        assert stage.echo() == ["early"]

    play(stage, scene)


def test_the_lobby_of_the_network_is_turned_to_where_no_room_was_named() -> None:
    stage = Stage(rooms=())

    async def scene(pilot: Pilot[Any]) -> None:
        assert stage.sent_with("JOIN") == ["JOIN #hall"]
        stage.join("#hall")
        await settled(pilot)
        assert stage.app.buffers.focused.name == "#hall"

    play(stage, scene)


def test_where_no_gateway_answers_the_screen_says_what_to_do() -> None:
    stage = Stage(rooms=())
    connect, stage.connect = stage.connect, lambda: None  # type: ignore[method-assign]

    async def scene(pilot: Pilot[Any]) -> None:
        stage.fail("127.0.0.1:6667", "connection refused")
        stage.fail("[::1]:6667", "no route", again_in_s=8)
        await settled(pilot)
        shown = text(stage)
        for wanted in ("127.0.0.1:6667: connection refused", "[::1]:6667: no route", "hubbub-gateway demo"):
            assert wanted in shown
        assert "trying again in 8 s" in shown
        stage.now += 5
        stage.chat._pass_time()
        await settled(pilot)
        assert "  trying again in 3 s" in text(stage)
        await pilot.press(*"early", "enter")
        await settled(pilot)
        assert stage.chat.prompt.text == "early", "there is no room to say it in"
        connect()
        stage.join("#hall")
        await settled(pilot)
        assert "No gateway answers" not in text(stage)
        stage.lose()
        stage.fail("127.0.0.1:6667", "connection refused")
        await settled(pilot)
        assert "No gateway answers" not in text(stage), "the conversation is worth more"

    play(stage, scene, (60, 16))


def test_a_refused_password_is_asked_for_on_the_screen() -> None:
    stage = Stage()
    connect, stage.connect = stage.connect, lambda: None  # type: ignore[method-assign]

    def refuse() -> None:
        stage.session.connected("localhost:7001", stage.now)
        stage.hear(":gw 464 alice :Password incorrect", "ERROR :Closing link: Bad password")
        stage.session.disconnected(stage.now)

    async def scene(pilot: Pilot[Any]) -> None:
        refuse()
        await settled(pilot)
        assert "This network asks for a password." in text(stage)
        await pilot.press(*"opal", "enter")
        await settled(pilot)
        assert "opal" not in text(stage)
        refuse()
        await settled(pilot)
        assert "PASS opal" in stage.sent
        assert "That password is wrong." in text(stage)
        await pilot.press(*"sesame", "enter")
        await settled(pilot)
        connect()
        await settled(pilot)
        assert "PASS sesame" in stage.sent
        assert "● alice on localhost:7001" in rows(stage)[-1]
        await pilot.press("up")
        assert stage.chat.prompt.text == "", "no history has it"

    play(stage, scene)


def test_panes_hide_where_there_is_no_room_and_keys_show_them() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        chat = stage.chat
        assert (chat.rooms.display, chat.members.display) == (False, False)
        await pilot.press("f2")
        assert chat.rooms.display
        await pilot.press("f2", "f3")
        assert (chat.rooms.display, chat.members.display) == (False, True)
        await pilot.resize_terminal(120, 24)
        await settled(pilot)
        assert chat.members.display

    play(stage, scene, (60, 16))


def test_the_help_has_every_key_and_command() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press("f1")
        await settled(pilot)
        shown = text(stage)
        for wanted in ("Ctrl+P", "Ctrl+F", "Alt+A", "reply", "react", "/topic [ROOM] [TEXT]", "/away [WHY]"):
            assert wanted in shown
        await pilot.press("escape")
        assert stage.app.screen is stage.chat

    play(stage, scene, (100, 80))


def test_the_first_start_asks_for_a_name_and_nothing_else() -> None:
    stage = Stage(name="")

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press("ctrl+u", *"two words", "enter")
        await settled(pilot)
        assert "twowords" in text(stage)
        await pilot.press("enter")
        await settled(pilot)
        assert stage.name == "twowords"
        assert "● twowords on localhost:7001" in rows(stage)[-1]

    play(stage, scene)
