"""Finding a room: the room finder, the palette, an invitation."""

from typing import Any

from textual.pilot import Pilot

from client.events import ListedRoom
from client.ui.room_finder import fitting_rooms
from tests.client.ui.stage import Stage, play, rows, settled, text


def tell_rooms(stage: Stage) -> None:
    stage.hear(
        ":gw 321 alice Channel :Users  Name",
        ":gw 322 alice #cats 3 :All about felines",
        ":gw 322 alice #dogs 12 :",
        ":gw 322 alice #lobby 30 :Welcome",
        ":gw 323 alice :End of /LIST",
    )


def test_rooms_are_found_by_name_topic_and_letters() -> None:
    rooms = [ListedRoom("#cats", 3, "Felines"), ListedRoom("#dogs", 12, "no cats"), ListedRoom("#chats", 1, "")]
    assert [room.name for room in fitting_rooms(rooms, "")] == ["#cats", "#dogs", "#chats"]
    assert [room.name for room in fitting_rooms(rooms, "#cats")] == ["#cats", "#dogs", "#chats"]
    assert [room.name for room in fitting_rooms(rooms, "feline")] == ["#cats"]
    assert fitting_rooms(rooms, "x") == []


def test_the_room_finder_shows_name_people_and_topic_and_joins() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"/list", "enter")
        await settled(pilot)
        assert "LIST" in stage.sent
        assert "asking the network" in text(stage)
        tell_rooms(stage)
        await settled(pilot)
        found = [row.strip(" │") for row in rows(stage) if "people" in row]
        assert [row.split()[0] for row in found if "#" in row] == ["#lobby", "#dogs", "#cats"]
        assert any("#cats" in row and "3 people" in row and "All about felines" in row for row in rows(stage))
        assert "3 rooms · Enter joins" in text(stage)
        await pilot.press(*"feline", "enter")
        await settled(pilot)
        assert "JOIN #cats" in stage.sent
        stage.join("#cats")
        await settled(pilot)
        assert stage.app.buffers.focused.name == "#cats"

    play(stage, scene)


def test_the_palette_looks_through_all_public_rooms_by_two_keys() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press("ctrl+k", *"dog")
        await settled(pilot)
        tell_rooms(stage)
        await settled(pilot)
        assert any("#dogs" in row and "12 people" in row for row in rows(stage))
        assert "Join #dogs" not in text(stage), "it is there already"
        await pilot.press("enter")
        assert "JOIN #dogs" in stage.sent
        stage.join("#dogs")
        await settled(pilot)
        await pilot.press("ctrl+p", *"felines")
        await settled(pilot)
        assert "#cats" in text(stage), "the last list is there at once"
        tell_rooms(stage)
        await pilot.press("enter")
        assert "JOIN #cats" in stage.sent

    play(stage, scene)


def test_the_palette_leads_to_the_room_finder() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press("ctrl+p", *"all rooms", "enter")
        await settled(pilot)
        tell_rooms(stage)
        await settled(pilot)
        assert "Rooms of the network" in text(stage)
        assert "3 rooms · Enter joins" in text(stage)

    play(stage, scene)


def test_an_invitation_is_accepted_by_key_or_by_mouse() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.hear(":bob!u@h INVITE alice #ops")
        await settled(pilot)
        assert "bob invites you to #ops" in text(stage)
        await pilot.press("escape")
        await settled(pilot)
        assert "Enter joins" in text(stage)
        await pilot.press("enter")
        await settled(pilot)
        assert stage.sent_with("JOIN")[-1] == "JOIN #ops"
        stage.join("#ops")
        await settled(pilot)
        assert stage.app.buffers.focused.name == "#ops"
        stage.hear(":bob!u@h INVITE alice #war")
        await settled(pilot)
        row = next(number for number, shown in enumerate(rows(stage)) if "Join #war" in shown)
        await pilot.click(offset=(rows(stage)[row].index("Join #war") + 2, row))
        await settled(pilot)
        assert stage.sent_with("JOIN")[-1] == "JOIN #war"

    play(stage, scene)


def test_what_is_no_room_has_no_button() -> None:
    """RFC 2812 3.2.1: JOIN 0 leaves all rooms."""
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        stage.hear(":bob!u@h INVITE alice #a,0", ":bob!u@h INVITE alice 0", ":bob!u@h INVITE alice :#a b")
        await settled(pilot)
        assert "bob invites you" in text(stage)
        assert " Join " not in text(stage)

    play(stage, scene)


def test_the_password_of_an_operator_is_asked_for_in_a_window() -> None:
    stage = Stage()

    async def scene(pilot: Pilot[Any]) -> None:
        await pilot.press(*"/oper root", "enter")
        await settled(pilot)
        assert "Password of the operator root" in text(stage)
        await pilot.press(*"sesame")
        await settled(pilot)
        assert "sesame" not in text(stage)
        await pilot.press("enter")
        await settled(pilot)
        assert "OPER root sesame" in stage.sent
        stage.hear(":gw 381 alice :You are now an IRC operator")
        await settled(pilot)
        assert "you are an operator of the network now" in text(stage)
        await pilot.press("up")
        assert stage.chat.prompt.text == "", "no history has it"

    play(stage, scene)
