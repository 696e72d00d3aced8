"""The worked examples of CONTRIBUTING.md: what they name exists, each is in few files, and they work as they say.

The examples are carried out by patching, on a lane in memory.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from gateway.chat import capabilities, events, render, room, user_modes
from gateway.chat.commands import COMMANDS
from gateway.chat.commands.table import Command
from gateway.chat.commands.visibility import existing_room
from gateway.chat.effects import Effect, Reason, reason_of
from gateway.chat.errors import check
from gateway.chat.interfaces import Services
from gateway.chat.room_event import RoomEvent
from gateway.chat.session import Session
from gateway.chat.state import State
from gateway.lane.fanout import state_changes
from gateway.wire.message import Message
from tests.chat.commands.client import Client
from tests.fuzz.lanes import World

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^### (Add [^\n]*)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
FILES_LIMIT = 4

each_example = pytest.mark.parametrize("name", EXAMPLES)


def test_there_is_an_example_of_each_kind() -> None:
    kinds = ("command", "capability", "event", "user mode", "setting", "metric")
    assert [name.partition(" ")[2].removeprefix("a ").removeprefix("an ") for name in EXAMPLES] == list(kinds)


@each_example
def test_an_example_touches_few_source_files(name: str) -> None:
    files = set(re.findall(r"^\d+\. \[(?:gateway/[^\]]*)\]\((gateway/[^)]*)\)", EXAMPLES[name], re.MULTILINE))
    assert 1 <= len(files) <= FILES_LIMIT
    assert all((ROOT / file).is_file() for file in files)


@each_example
def test_the_names_that_a_step_gives_are_in_its_file(name: str) -> None:
    """A step begins with the link to its file; names of the code that exists are marked as `name`."""
    for file, step in re.findall(
        r"^\d+\. \[[^\]]*\]\((gateway/[^)]*)\)(.*?)(?=^\d+\. |^$)", EXAMPLES[name], re.M | re.S
    ):
        source = (ROOT / file).read_text("utf-8")
        names = [one for one in re.findall(r"`([A-Za-z_.]+)`", step) if one not in NEW]
        assert names, step
        assert [one for one in names if one.rpartition(".")[2] not in source] == [], file


NEW = {"KNOCK", "Knocked", "knock", "knocked", "example.org/loud", "LOUD", "D", "deaf", "knock_limit", "knocks"}
"""Names that an example adds."""


@pytest.fixture
def world() -> World:
    return World()


# The same as in CONTRIBUTING.md


@dataclass(slots=True)
class Knocked(Effect):
    room: str
    source: str


def _apply_knock(state: State, event: RoomEvent) -> Reason | None:
    if event.sid in state.members:
        return Reason.ALREADY_MEMBER
    event.show(Knocked(event.index, event.sid, state.name, event.source(state)))
    return None


async def knock(services: Services, session: Session, message: Message) -> None:
    found = await existing_room(services, session, message.params[0])
    line = f":{session.source} KNOCK {found.name}"
    effect = await services.outgoing.commit_to(session, found.name, line)
    check("KNOCK", found.name, reason_of(effect))


def _with_knocks(effect_lines: Callable[[Effect], list[str]]) -> Callable[[Effect], list[str]]:
    def lines(effect: Effect) -> list[str]:
        return [f":{effect.source} KNOCK {effect.room}"] if isinstance(effect, Knocked) else effect_lines(effect)

    return lines


@pytest.fixture
def knocking() -> Iterator[None]:
    with (
        patch.dict(COMMANDS, KNOCK=Command(knock, 1)),
        patch.dict(room._FORMS, KNOCK=room._Form(_apply_knock, 1, 0)),
        patch.object(state_changes, "effect_lines", _with_knocks(render.effect_lines)),
    ):
        yield


@pytest.mark.usefixtures("knocking")
def test_the_command_and_the_event_of_the_examples_work(world: World) -> None:
    ann, bob = Client(world, "ann", "none"), Client(world, "bob", "none")
    ann.do("JOIN #a")
    assert bob.do("KNOCK") == [":irc.fuzz 461 bob KNOCK :Not enough parameters"]
    assert bob.do("KNOCK #a") == []
    assert ann.do() == [":bob!bob@9.cloak KNOCK #a"]
    ann.do("KNOCK #a")
    assert ann.do() == []  # rejected: a member does not knock


def test_the_capability_of_the_example_is_offered_and_can_be_asked_for(world: World) -> None:
    name, bit = "example.org/loud", 1 << 31
    with patch.dict(capabilities.BY_NAME, {name: bit}), patch.dict(capabilities._ONE_LINE, {bit: name}):
        ann = Client(world, "ann", "example.org/loud")
        assert ann.do("CAP LIST") == [":irc.fuzz CAP ann LIST :cap-notify example.org/loud"]


def test_the_user_mode_of_the_example_can_be_set(world: World) -> None:
    mode = user_modes.UserMode("D", "invisible")  # an attribute that is there
    with patch.dict(user_modes.BY_LETTER, D=mode), patch.object(user_modes, "USER_MODES", (mode,)):
        ann = Client(world, "ann", "none")
        assert ann.do("MODE ann +D", "MODE ann") == [":ann!ann@9.cloak MODE ann :+D", ":irc.fuzz 221 ann +D"]


def test_the_line_of_the_event_is_made_as_others_are() -> None:
    assert events.topic_set("n!u@h", "#a", "t").startswith(":n!u@h TOPIC #a")
