"""Code, quotes, lists and emphasis on the screen. tests/client/test_markup.py tests the grammar."""

from typing import Any

import pytest
from rich.style import Style
from textual.pilot import Pilot

from tests.client.ui.stage import Stage, play, rows, settled


def styles(stage: Stage) -> dict[str, Style]:
    """Return the style of each piece of the screen by its text."""
    strips = stage.app.screen._compositor.render_strips()
    return {segment.text.strip(): segment.style for strip in strips for segment in strip if segment.style}


def test_emphasis_and_code_have_styles_and_lose_their_signs() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say("bob", "**very** *well* ~~so~~ `x` \x1fline\x1f \x0304red\x03 https://a.example")
        await settled(pilot)
        found = styles(stage)
        assert found["very"].bold
        assert found["well"].italic
        assert found["so"].strike
        assert found["line"].underline
        assert found["x"].bgcolor != found["very"].bgcolor
        assert found["red"].color != found["very"].color
        assert found["https://a.example"].link == "https://a.example"
        assert any(row.endswith("very well so x line red https://a.example") for row in rows(stage))

    play(stage, scene)


def test_a_message_of_several_lines_has_quotes_lists_and_code() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say_lines("bob", "> so?", "- one", "  2. two", "```py", "  *x*", "```", "*end*")
        await settled(pilot)
        start = next(number for number, row in enumerate(rows(stage)) if "▎" in row)
        texts = [row[row.find("▎ so?") :] if "▎" in row else row.strip() for row in rows(stage)[start : start + 5]]
        assert texts == ["▎ so?", "• one", "2. two", "*x*", "end"]
        assert styles(stage)["*x*"].bgcolor != styles(stage)["end"].bgcolor

    play(stage, scene)


def test_rows_of_a_quote_and_of_an_item_stand_below_each_other() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say_lines("bob", "> " + "quoted " * 20, "- " + "listed " * 20)
        await settled(pilot)
        quoted = [row for row in rows(stage) if "quoted" in row]
        listed = [row for row in rows(stage) if "listed" in row]
        assert len(quoted) > 1
        assert all("▎ quoted" in row for row in quoted)
        assert len({row.index("listed") for row in listed}) == 1
        assert [row.count("•") for row in listed] == [1] + [0] * (len(listed) - 1)

    play(stage, scene)


def test_what_nobody_said_is_not_formatted_but_has_links() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.hear(":bob!u@h TOPIC #lobby :*new* https://a.example")
        await settled(pilot)
        assert any("topic of #lobby: *new* https://a.example" in row for row in rows(stage))
        assert styles(stage)["https://a.example"].link == "https://a.example"

    play(stage, scene, (120, 24))


@pytest.mark.parametrize(
    ("lines", "copied"),
    [
        (("see:", "```py", "if x:", "    `y`", "```", "`z`"), "if x:\n    `y`"),
        (("run `make test` and `make lint`",), "make test\nmake lint"),
        (("no code",), ""),
    ],
)
def test_the_code_of_a_message_is_copied(lines: tuple[str, ...], copied: str) -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.say_lines("bob", *lines)
        await settled(pilot)
        await pilot.press("escape", "c")
        await settled(pilot)
        assert stage.app.clipboard == copied

    play(stage, scene)


def test_what_is_sent_and_kept_has_its_signs() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"**hi** `x`", "enter")
        await settled(pilot)
        assert stage.echo() == ["**hi** `x`"]
        await settled(pilot)
        assert stage.app.buffers.focused.entries[-1].text == "**hi** `x`"
        assert any(row.endswith("hi x") for row in rows(stage))

    play(stage, scene)
