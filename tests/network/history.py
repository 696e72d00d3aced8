"""A room's whole history, as a client reads it page by page (IRCv3 chathistory)."""

import re

from tests.network.harness import Peer

CAPS = "batch draft/chathistory message-tags"


def texts(reader: Peer, room: str) -> list[str]:
    """Return the texts of all messages of a room, in order. The reader has CAPS and is in the room."""
    said: list[str] = []
    reference = "timestamp=2000-01-01T00:00:00.000Z"
    while True:
        reader.send(f"CHATHISTORY AFTER {room} {reference} 100")
        page = [line for line in reader.until(" BATCH -") if " PRIVMSG " in line]
        if not page:
            return said
        said += [text(line) for line in page]
        found = re.search(r"msgid=([^; ]+)", page[-1])
        assert found is not None
        reference = f"msgid={found.group(1)}"


def text(line: str) -> str:
    """Return the text of a PRIVMSG."""
    return line.partition(" PRIVMSG ")[2].partition(" :")[2]
