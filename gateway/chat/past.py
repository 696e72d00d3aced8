"""What was said in a room, as its log holds it, and how places in the log are named and compared.

Pure. The log itself is read by the lane.
"""

from dataclasses import dataclass
from typing import Final

from gateway.chat.events import MORE, Entry, id_key, number
from gateway.wire.tags import parse_tags

Place = tuple[int, int, int]
"""An event's place in its room's log: the entry's stream id (ms, n) and the index in the entry."""

ID_LIMIT: Final = 2**64 - 1
FIRST: Final[Place] = (0, 0, -1)
LAST: Final[Place] = (ID_LIMIT, ID_LIMIT, ID_LIMIT)
"""Before and behind every event."""

_SHOWN: Final = frozenset(("PRIVMSG", "NOTICE"))


@dataclass(frozen=True, slots=True)
class Past:
    """A message that was said: its place, the client's own tags as they stood, and the line without tags.

    Its text may be of several lines (gateway.chat.multiline).
    """

    stream_id: str
    index: int
    client_tags: str
    line: str


def place(msgid: str) -> Place:
    """The place that a msgid names; FIRST for what is no msgid of ours."""
    words = msgid.split("-")
    ms, n, index = map(number, words[:3]) if len(words) == 4 else (0, 0, 0)
    return (min(ms, ID_LIMIT), min(n, ID_LIMIT), index) if ms else FIRST


def place_of(stream_id: str, index: int) -> Place:
    """The place of an event; with ``ID_LIMIT`` as its index behind all of the entry."""
    return (*id_key(stream_id), index)


def messages(entry: Entry) -> list[Past]:
    """The messages of an entry, in order."""
    found = []
    for index, raw in enumerate(entry.lines):
        client_tags, more, line = "", "", raw
        if raw.startswith("@"):
            tags, _, line = raw[1:].partition(" ")
            client_tags = ";".join([tag for tag in tags.split(";") if tag.startswith("+")])
            more = parse_tags(tags).get(MORE, "") if MORE in tags else ""
        words = line.split(" ", 2)
        if len(words) == 3 and words[1] in _SHOWN:
            found.append(Past(entry.id, index, client_tags, line + more))
    return found
