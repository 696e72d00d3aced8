"""Talking on the full screen: input, display, and the lines to the network."""

from typing import Any

import pytest
from textual.events import Key, Paste
from textual.pilot import Pilot

from tests.client.ui.stage import Stage, play, rows, settled, text


def test_what_is_said_waits_and_is_then_there_once() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"hello", "enter")
        await settled(pilot)
        assert any("waits" in row and "hello" in row for row in rows(stage))
        assert stage.echo() == ["hello"]
        await settled(pilot)
        assert "waits" not in text(stage)
        assert text(stage).count("hello") == 1

    play(stage, scene)


def test_keys_act_in_the_order_in_which_they_are_pressed() -> None:
    """Textual passes a bound key up to the screen first. A letter typed right after it would overtake it."""
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        prompt = stage.chat.prompt
        await pilot.press(*"abc")
        for key, character in (("ctrl+u", "\x15"), ("x", "x"), ("backspace", "\x7f"), ("y", "y")):
            stage.app.post_message(Key(key, character))
        await settled(pilot)
        assert prompt.text == "y"

    play(stage, scene)


def test_keys_of_a_window_act_in_their_order_too() -> None:
    stage = Stage(rooms=("#lobby", "#dev"))

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press("ctrl+p", *"lobby")
        for key, character in (("ctrl+u", "\x15"), *((letter, letter) for letter in "dev"), ("enter", "\r")):
            stage.app.post_message(Key(key, character))
        await settled(pilot)
        assert stage.app.buffers.focused.name == "#dev"

    play(stage, scene)


def test_messages_have_day_time_nick_and_name_once() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "one")
        stage.say("bob", "two")
        stage.now += 86_400
        stage.say("bob", "three")
        await settled(pilot)
        shown = rows(stage)
        assert any("Monday, 21 September 2026" in row for row in shown)
        assert any("Tuesday, 22 September 2026" in row for row in shown)
        said = [row for row in shown if row.endswith(("  one", "  two", "  three"))]
        assert ["bob" in row for row in said] == [True, False, True]
        assert ["14:13" in row for row in said] == [True, True, True], "each message of one person can be told apart"

    play(stage, scene, (80, 24))


def test_replies_are_quoted_and_reactions_counted() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        first = stage.say("bob", "who is there?")
        stage.now += 60
        stage.say("carol", "me", **{"+draft/reply": first})
        for nick, reaction in (("carol", "👍"), ("dave", "👍"), ("dave", "🎉")):
            stage.hear(
                f"@msgid=r{nick}{reaction};+draft/reply={first};+draft/react={reaction} :{nick}!u@h TAGMSG #lobby"
            )
        await settled(pilot)
        shown = text(stage)
        assert "┌ bob: who is there?" in shown
        assert "👍 2" in shown
        assert "🎉 1" in shown

    play(stage, scene)


def test_a_chosen_message_is_answered_reacted_to_and_deleted() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        first = stage.say("bob", "who is there?")
        await settled(pilot)
        await pilot.press("escape", "r")
        assert "replying to bob" in text(stage)
        await pilot.press(*"me", "enter")
        assert f"+reply={first};" in stage.sent_with("PRIVMSG")[-1]
        stage.echo()
        await settled(pilot)
        await pilot.press("escape", "up", "e", *":tada:", "enter")
        tagged = stage.sent_with("TAGMSG")[-1]
        assert f"+reply={first}" in tagged
        assert "+draft/react=🎉" in tagged
        await pilot.press("escape", "d")
        await settled(pilot)
        assert not stage.sent_with("REDACT"), "deleting is asked about"
        assert "Enter deletes this message for everybody" in text(stage)
        await pilot.press("enter")
        await settled(pilot)
        assert stage.sent_with("REDACT")[-1].startswith("REDACT #lobby m")
        assert stage.chat.view.chosen is None
        stage.hear(f"@msgid=x :bob!u@h REDACT #lobby {first} :typo")
        await settled(pilot)
        assert "deleted by bob: typo" in text(stage)
        assert "who is there?" not in text(stage)

    play(stage, scene)


@pytest.mark.parametrize("typed", ["hello everyone", "do you hear me", "delete that", "ask her"])
def test_a_text_that_is_typed_while_a_message_is_chosen_is_a_text(typed: str) -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "who is there?")
        await settled(pilot)
        await pilot.press("escape")
        for letter in typed:  # as a terminal sends them: all at once
            stage.app.post_message(Key("space" if letter == " " else letter, letter))
        await settled(pilot)
        assert stage.chat.prompt.text == typed
        assert stage.chat.view.chosen is None
        assert not [line for line in stage.sent if "react" in line or "REDACT" in line]

    play(stage, scene)


def test_a_text_that_is_pasted_while_a_message_is_chosen_is_a_text() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "who is there?")
        await settled(pilot)
        await pilot.press("escape")
        stage.app.post_message(Paste("d or e"))
        await settled(pilot)
        assert stage.chat.prompt.text == "d or e"
        assert stage.chat.view.chosen is None

    play(stage, scene)


def test_a_question_about_deleting_is_given_up_by_escape() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "who is there?")
        await settled(pilot)
        await pilot.press("escape", "d", "escape")
        await settled(pilot)
        assert stage.chat.view.chosen is not None
        assert "r reply" in text(stage)
        await pilot.press("escape", *"and", "enter")
        assert not stage.sent_with("REDACT")
        assert stage.sent_with("PRIVMSG")[-1].endswith(":and")

    play(stage, scene)


def test_a_sentence_is_no_reaction() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "who is there?")
        await settled(pilot)
        await pilot.press("escape", *"everyone is here", "enter")
        await settled(pilot)
        assert not stage.sent_with("TAGMSG") or "react" not in stage.sent_with("TAGMSG")[-1]
        assert stage.chat.prompt.text == "veryone is here"
        assert "a reaction is one emoji or one word" in text(stage)
        await pilot.press("escape", "enter")
        assert stage.sent_with("PRIVMSG")[-1].endswith(":veryone is here")

    play(stage, scene)


def test_who_is_typing_is_told_both_ways() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.hear("@+typing=active :bob!u@h TAGMSG #lobby", "@+typing=active :carol!u@h TAGMSG #lobby")
        await settled(pilot)
        assert "bob and carol are typing …" in text(stage)
        await pilot.press("h")
        assert "@+typing=active TAGMSG #lobby" in stage.sent

    play(stage, scene)


def test_several_lines_are_one_message_and_many_are_asked_about() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.app.post_message(Paste("one\ntwo"))
        await settled(pilot)
        assert "2 lines" in text(stage)
        await pilot.press("enter")
        sent = [line for line in stage.sent if "PRIVMSG #lobby" in line]
        assert [line.rpartition(":")[2] for line in sent] == ["one", "two"]
        assert any("BATCH +" in line and "draft/multiline #lobby" in line for line in stage.sent)

        stage.sent.clear()
        stage.app.post_message(Paste("\n".join(f"line {number}" for number in range(40))))
        await settled(pilot)
        await pilot.press("enter")
        assert "Enter again says 40 lines as one message" in text(stage)
        assert not stage.sent_with("PRIVMSG")
        await pilot.press("escape", "enter")
        assert not stage.sent_with("PRIVMSG")
        await pilot.press("enter")
        assert not stage.chat.prompt.text

    play(stage, scene)


def test_what_was_entered_comes_back_and_the_draft_too() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        prompt = stage.chat.prompt
        await pilot.press(*"one", "enter", *"two", "enter", *"dra")
        await pilot.press("up")
        assert prompt.text == "two"
        await pilot.press("up", "up")
        assert prompt.text == "one"
        await pilot.press("down", "down")
        assert prompt.text == "dra"

    play(stage, scene)


def test_names_rooms_commands_and_emoji_are_completed() -> None:
    stage = Stage(rooms=("#lobby", "#dev"))

    async def scene(pilot: Pilot[Any]) -> None:
        prompt = stage.chat.prompt
        for typed, expected in (
            ("ca", "carol: "),
            ("hi ca", "hi carol "),
            ("#d", "#dev "),
            ("/top", "/topic "),
            ("hi :tad", "hi 🎉 "),
            (":+1", "👍 "),
            (":-1:", "👎 "),
            ("hi @bo", "hi bob "),
        ):
            prompt.put("")
            await pilot.press(*typed, "tab")
            assert prompt.text == expected
        prompt.put("")
        stage.join("#lobby", "carla")
        await settled(pilot)
        await pilot.press(*"ca", "tab", "tab")
        assert prompt.text == "carol: "
        await pilot.press("shift+tab")
        assert prompt.text == "carla: "

    play(stage, scene)


def test_commands_are_explained_while_they_are_typed() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"/to")
        assert "/topic [ROOM] [TEXT]" in text(stage)
        await pilot.press(*"pic hello")
        assert "show or set the topic of a room" in text(stage)
        await pilot.press("enter")
        assert "TOPIC #lobby hello" in stage.sent
        assert "/topic" not in text(stage)

    play(stage, scene)


def test_emoji_have_names_and_times_are_none() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"at 10:30:45 :tada: :nonsense:", "enter")
        assert stage.sent_with("PRIVMSG")[-1].endswith(":at 10:30:45 🎉 :nonsense:")

    play(stage, scene)


def test_plus_one_is_an_emoji_wherever_something_is_said_and_not_in_code() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        for typed, sent in (
            (":+1: and `a[:x:]` :-1:", "👍 and `a[:x:]` 👎"),
            ("```a[:x:]``` :x:", "```a[:x:]``` ❌"),
            ("/me :+1:", "\x01ACTION 👍\x01"),
            ("/topic :+1:", ":+1:"),
        ):
            stage.chat.prompt.put(typed)
            await pilot.press("enter")
            await settled(pilot)
            assert any(line.endswith(sent) for line in stage.sent)

    play(stage, scene)


def test_two_slashes_say_one() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"//etc", "enter")
        assert stage.sent_with("PRIVMSG")[-1].endswith("PRIVMSG #lobby :/etc")

    play(stage, scene)


def test_a_link_is_opened_by_key_and_by_mouse(monkeypatch: Any) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "see https://a.example/x, please")
        await settled(pilot)
        await pilot.press("escape", "enter")
        await stage.app.workers.wait_for_complete()
        assert opened == ["https://a.example/x"]
        row = next(number for number, shown in enumerate(rows(stage)) if "a.example" in shown)
        column = rows(stage)[row].index("https")
        await pilot.click(offset=(column + 3, row))
        await stage.app.workers.wait_for_complete()
        assert opened == ["https://a.example/x"] * 2

    play(stage, scene)


def test_a_failed_message_says_why() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"hello", "enter")
        label = stage.sent_with("PRIVMSG")[-1].partition("label=")[2].partition(";")[0]
        stage.hear(f"@label={label} :gw 404 alice #lobby :Cannot send to channel (+m)")
        await settled(pilot)
        assert "not sent: only voiced members may send" in text(stage)

    play(stage, scene)


def test_leaving_with_something_unsent_has_to_be_meant() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"hello", "enter", "ctrl+q")
        assert stage.app.is_running
        await pilot.press("ctrl+q")

    play(stage, scene)
    assert stage.app.return_code == 0
