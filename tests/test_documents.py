"""The documents against the project: links, names and lists in them are correct."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from client.cli import main as client_program
from gateway.broker.keys import Keys
from gateway.chat.capabilities import BY_NAME
from gateway.chat.commands import COMMANDS
from gateway.cli import main as gateway_program
from tests.simulation.checker import INVARIANTS

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PROGRAMS: dict[str, click.Command] = {"hubbub-gateway": gateway_program, "hubbub": client_program}
DEFAULT_COMMANDS = {"hubbub-gateway": "serve", "hubbub": "chat"}
SYSTEM_DIRECTORIES = {"dev", "etc", "proc", "run", "tmp", "usr", "var"}

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as on GitHub."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    for text, link in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", document.read_text("utf-8")):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = document.parent / file if file else document
        assert target.exists(), f"{link} is not there"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"
        assert not text.endswith((".py", ".lua")) or link.endswith(text), f"{text} is a link to {link}"


@each_document
def test_files_that_are_named_are_there(document: Path) -> None:
    """As in "tests/chat/test_room.py" and "gateway/logs/append.lua"."""
    named = re.findall(r"\b((?:gateway|client|tests|deploy|docs)/[\w/.-]*\w)", document.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@each_document
def test_tests_that_are_named_are_there(document: Path) -> None:
    """As in "test_room.py": a file somewhere below tests/."""
    there = {path.name for path in ROOT.glob("tests/**/test_*.py")}
    assert set(re.findall(r"\btest_\w+\.py\b", document.read_text("utf-8"))) <= there


@each_document
def test_no_path_is_one_machine_s_own(document: Path) -> None:
    first = re.findall(r"(?:^|[\s`=\"(])/([A-Za-z]\w*)/", document.read_text("utf-8"), re.MULTILINE)
    assert set(first) <= SYSTEM_DIRECTORIES


def typed_commands(document: Path) -> Iterator[list[str]]:
    """Yield the words of each call of the project's programs in indented examples."""
    for line in re.findall(r"^ {4,}(.*)$", document.read_text("utf-8"), re.MULTILINE):
        command = re.sub(r" {3,}.*| #.*", "", line.removeprefix("$ "))
        for part in re.split(r"&&|\||>", command):
            words = shlex.split(part) if part.strip().startswith(tuple(PROGRAMS)) else []
            if words and words[0] in PROGRAMS:
                yield words


@each_document
def test_commands_that_are_shown_can_be_typed(document: Path) -> None:
    for program, *words in typed_commands(document):
        command, words = PROGRAMS[program], [word for word in words if word != "[OPTIONS]"]
        whole_program = click.Context(command, info_name=program, **command.context_settings)
        if isinstance(command, click.Group):
            is_named = bool(words) and words[0] in command.commands
            command = command.commands[words.pop(0) if is_named else DEFAULT_COMMANDS[program]]
        command.make_context(program, words, parent=whole_program).close()


def test_the_index_names_every_document() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)", (ROOT / "docs" / "README.md").read_text("utf-8")))
    assert linked == {path.name for path in ROOT.glob("docs/*.md")} - {"README.md"}


def test_the_readme_gets_the_source_and_an_environment_before_it_installs() -> None:
    """PEP 668: if the system's Python is externally managed, pip refuses to install outside of an environment."""
    commands = re.findall(r"^    (.*)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    first = ["git clone <repository> hubbub", "cd hubbub", "python3 -m venv .venv", ". .venv/bin/activate"]
    assert commands[:5] == [*first, "pip install ."]


def test_the_make_verbs_that_are_shown_exist() -> None:
    verbs = re.findall(r"^    make ([\w -]+?)  ", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    rules = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert verbs
    assert {verb for words in verbs for verb in words.split()} <= rules


def test_the_architecture_lists_the_invariants_of_the_simulation() -> None:
    table = (ROOT / "docs/architecture.md").read_text("utf-8").partition("| invariant | at rest |\n|---|---|\n")[2]
    rows = table.partition("\n\n")[0].splitlines()
    assert [row.split()[1] for row in rows] == [invariant.__name__ for invariant in INVARIANTS]


def test_the_protocol_lists_the_commands_there_are() -> None:
    text = (ROOT / "docs/protocol.md").read_text("utf-8")
    rows = re.findall(r"^\| ([A-Z]+) \| (\d) \| (yes|) ?\|", text, re.MULTILINE)
    listed = {verb: (int(fewest), early == "yes") for verb, fewest, early in rows}
    assert listed == {verb: (command.fewest, command.before_registration) for verb, command in COMMANDS.items()}


def test_the_protocol_lists_the_capabilities_there_are() -> None:
    section = (ROOT / "docs/protocol.md").read_text("utf-8").partition("### Capabilities")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| ([a-z][^|]*?) \|", section, re.MULTILINE)
    listed = [name for row in rows for name in row.split(", ")]
    assert sorted(set(listed) - {"capability"}) == sorted(BY_NAME)


def test_the_protocol_lists_every_key() -> None:
    keys = Keys("")
    of_log = [key("LOG") for key in (keys.log, keys.head, keys.live, keys.base, keys.rejected)]
    of_nick = [key("NICK") for key in (keys.nick, keys.nick_live, keys.whowas)]
    of_lane = [keys.lane_rooms("ID.LANE"), keys.lane_nicks("ID.LANE"), keys.probe("GATEWAY.LANE")]
    of_gateway = [keys.gateway_info("ID")]
    of_network = [keys.gateways, keys.reapable, keys.rooms, keys.stats, keys.secrets, keys.reaping, keys.beat]
    section = (ROOT / "docs/protocol.md").read_text("utf-8").partition("## The log")[2].partition("\n### ")[0]
    listed = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    assert sorted(listed) == sorted([*of_log, *of_nick, *of_lane, *of_gateway, *of_network])


def test_the_protocol_tells_the_slots_of_every_script() -> None:
    section = (ROOT / "docs/protocol.md").read_text("utf-8").partition("### Slots")[2]
    scripts = {path.stem for path in ROOT.glob("gateway/**/*.lua")}
    assert scripts - set(re.findall(r"`(\w+)(?:\.lua)?`", section)) == set()


def test_operations_lists_every_warning_and_every_metric() -> None:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    source = "".join(path.read_text("utf-8") for path in ROOT.glob("gateway/**/*.py"))
    events = set(re.findall(r'\.(?:warning|error)\(\s*"([a-z_]+)"', source))
    metrics = {f"hubbub_{name}" for name in re.findall(r'^    \("([a-z_]+)", "', source, re.MULTILINE)}
    metrics |= {f"hubbub_{name}" for name in re.findall(r'Reading\("([a-z_]+)", "', source)}
    assert {event for event in events if f"`{event}`" not in text} == set()
    assert {metric for metric in metrics if f"`{metric}`" not in text and f"`{metric}_total`" not in text} == set()
