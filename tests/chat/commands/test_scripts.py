"""Scripts of commands: what clients of one lane send, and the lines that each reads in reply.

A script has these kinds of lines, and comments:

    = NICK KIND        a new client; KIND: all capabilities, some, "none", "unregistered" or "text"
    NICK> LINE         a line that it sends
        LINE           a line that it reads, in reply or since it last sent something
    ! redis stalls     Redis answers nothing, until "! redis answers"

^A is the byte 1. MSGID in a sent line is the id of the message that was read last. Times and ids are replaced by words,
and texts for people by dots: they may change, and the protocol may not.
"""

import re
from pathlib import Path

import pytest

from tests.chat.commands.client import CAPS, Client
from tests.fuzz.lanes import World

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.txt"))
KINDS = {"all": CAPS, "none": ""}


MSGID = re.compile(r"\b\d{13}-\d+-\d+-[0-9a-f]{8}\b")
DATA = {"221", "301", "302", "303", "311", "319", "322", "324", "332", "352", "353", "354", "730", "731", "732"}
"""Numerics whose last parameter is data, and no text for people."""


def stable(line: str) -> str:
    """A line without ids of messages, times and texts for people."""
    line = re.sub(r"\[\d\d:\d\d\]", "[HH:MM]", MSGID.sub("MSGID", line)).replace("\x01", "^A")
    line = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", line)
    line = re.sub(r"\b1[67]\d{8,12}\b", "SECONDS", line)
    line = re.sub(r"^((?:@\S+ )?:irc.fuzz (?:005 \S+|CAP \S+ LS)) .*", r"\1 ...", line)
    line = re.sub(r"^(:irc.fuzz 317 .*) \d+ SECONDS", r"\1 IDLE SECONDS", line)
    if line.startswith(("* ", "Welcome ")):
        return "* ..."
    found = re.match(r"(?:@\S+ )?(?::irc.fuzz ([A-Z]+|\d\d\d)|ERROR)\b(.*?) :", line)
    if found and found[1] not in DATA and found[1] != "CAP":
        return f"{found[0]}..."
    return line


def play(script: str) -> str:
    """Run the sent lines of a script; return the script with the lines that were read."""
    world, clients, played, msgid = World(), dict[str, Client](), list[str](), ""
    for line in script.splitlines():
        if line.startswith("    "):
            continue
        played.append(line)
        if line.startswith("= "):
            nick, _, kind = line[2:].partition(" ")
            clients[nick] = Client(world, nick, KINDS.get(kind, kind))
        elif line.startswith("! redis "):
            world.redis.is_stalled = line == "! redis stalls"
        elif "> " in line and not line.startswith("#"):
            nick, _, text = line.partition("> ")
            read = clients[nick].do(text.replace("MSGID", msgid).replace("^A", "\x01"))
            msgid = next((found[0] for one in reversed(read) if (found := MSGID.search(one))), msgid)
            played += [f"    {stable(one)}" for one in read]
    return "\n".join(played) + "\n"


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.stem)
def test_clients_read_what_the_script_says(file: Path) -> None:
    script = file.read_text("utf-8")
    assert play(script) == script
