"""Input from others is text: it cannot control the terminal, be hidden, or disturb the text around it."""

import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from textual.pilot import Pilot

from tests.client.ui.stage import Stage, play, rows, settled, stamp, text

EVIL = [
    "\x1b]0;title\x07\x1b[2J\x1b[31mred",
    "\x9b31m\x9d0;title\x9c c1 controls",
    "\x0304,01mirc \x02bold\x0f colours",
    "<script>alert(1)</script>",
    "[bold red]markup[/] [link=https://a.example]no[/link] [@click=app.leave]no[/]",
    "\u202eyrots a fo dne \u2066isolate",
    "z\u200be\u200br\u200bo\u2060 width",
    "Z" + "\u0310\u0349" * 200 + "algo",
    "\u200d" * 400,
    "שלום עולם, مرحبا بالعالم",
    "👩‍👩‍👧‍👦🏳️‍🌈🇨🇭❤️" * 20,
    "日本語" * 200,
    "a" * 400,
    "\ud7ff\ue000\ufffd\U0010ffff",
    "\x0304,01\x1b[2J\x11\x1b]0;title\x07\x11 \x1f**\x9b31m** `\x1b[31m` https://a.example/\x02\x9c",
    "e" + "\u0301\x02" * 200 + " \x1b\u200b[2J \x03\u200b4",
    "> > > " + "日本語" * 100,
    "      123. " + "👩‍👩‍👧 " * 30,
    "*_**~~***" * 40,
]

OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b]8;[^;]*;(?:https?://[!-~]*)?\x1b\\")  # colours and links


def written(stage: Stage) -> str:
    """Return the bytes for the terminal, with colours."""
    console = Console(force_terminal=True, color_system="truecolor", width=200, _environ={})
    strips = stage.app.screen._compositor.render_strips()
    return "\n".join(strip.render(console) for strip in strips)


@pytest.mark.parametrize("size", [(100, 40), (60, 16)])
def test_nothing_that_is_said_controls_the_terminal(size: tuple[int, int]) -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.hear(":gw 332 alice #lobby :" + EVIL[0] + EVIL[4])
        for number, said in enumerate(EVIL):
            stage.say(f"e{number}", said)
            await settled(pilot)
            sent = OURS.sub("", written(stage)).replace("\n", "")
            assert not any(character < " " or "\x7f" <= character < "\xa0" for character in sent), said
            assert not any(character in sent for character in "\u202e\u2066\u200b\u2060")
            assert all(cell_len(row) <= size[0] for row in rows(stage))
            assert all(strip.cell_length == size[0] for strip in stage.app.screen._compositor.render_strips())

    play(stage, scene, size)


def test_script_and_markup_are_shown_as_they_are() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "<script>alert(1)</script> [bold]x[/bold]")
        await settled(pilot)
        assert "<script>alert(1)</script> [bold]x[/bold]" in text(stage)

    play(stage, scene)


def test_a_name_with_escape_sequences_is_harmless_everywhere() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        evil = "e\x1b[2Jv\u202eil"
        stage.hear(f"@time={stamp(stage.now)} :{evil}!u@h JOIN #lobby")
        stage.say(evil, "hello")
        stage.hear(f"@+typing=active :{evil}!u@h TAGMSG #lobby")
        stage.say(evil, "psst", "alice")
        await settled(pilot)
        await pilot.press("ctrl+p")
        await settled(pilot)
        sent = written(stage)
        assert "\x1b[2J" not in sent
        assert "\u202e" not in sent

    play(stage, scene, (120, 30))


def test_a_message_of_10_000_lines_is_folded_and_can_be_opened() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "before")
        lines = [f"@batch=b :eve!u@h PRIVMSG #lobby :row {number}" for number in range(10_000)]
        stage.hear(
            f"@time={stamp(stage.now)};msgid=big :eve!u@h BATCH +b draft/multiline #lobby", *lines, ":eve!u@h BATCH -b"
        )
        stage.say("bob", "after")
        await settled(pilot)
        shown = text(stage)
        assert "before" in shown
        assert "after" in shown
        assert "row 11" in shown
        assert "row 12" not in shown
        assert "… 9,988 more rows" in shown
        await pilot.press("escape", "up", "enter")
        await settled(pilot)
        assert "row 9999" in text(stage)
        await pilot.press("pageup")
        assert "row 9999" not in text(stage)
        assert "row 9975" in text(stage)

    play(stage, scene, (100, 30))


def test_a_link_is_only_what_was_seen() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "javascript:alert(1) file:///etc/passwd https://a.example/\x1b]8;;https://evil.example\x07")
        await settled(pilot)
        linked = [
            segment
            for strip in stage.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style and segment.style.link
        ]
        assert {segment.style.link for segment in linked if segment.style} == {
            "https://a.example/]8;;https://evil.example"
        }

    play(stage, scene)
