"""Ids that clients give to their messages, so that one which they send again is taken once.

A client that lost its connection cannot know whether its last messages came through. With the tag `+hubbub/id` it
may send them again, also by another gateway: whoever remembers the id knows where the first one is. Pure.
"""

from collections.abc import Mapping

from gateway.chat.events import ms

ID_TAG = "+hubbub/id"
MEMORY_MS = 10 * 60 * 1000
LIMIT = 4096
ID_LIMIT_BYTES = 64

Places = dict[str, tuple[str, int]]
"""Id -> stream id of the entry and index in it of the message that had it first; the oldest first."""


def message_id(tags: Mapping[str, str]) -> str:
    """The id that a message's tags give it, "" where they give none; a longer one than fits is none."""
    given = tags.get(ID_TAG, "")
    return given if len(given.encode("utf-8", "replace")) <= ID_LIMIT_BYTES else ""


def place_of(places: Places, given: str, at_ms: int) -> tuple[str, int] | None:
    """Where a message with this id was said lately."""
    place = places.get(given)
    return place if place is not None and at_ms - ms(place[0]) < MEMORY_MS else None


def remember(places: Places, given: str, stream_id: str, index: int) -> None:
    """Notes a message's place; forgets those of long ago, and the oldest where they are too many."""
    places.pop(given, None)
    places[given] = stream_id, index
    too_old = ms(stream_id) - MEMORY_MS
    while len(places) > LIMIT or ms(next(iter(places.values()))[0]) <= too_old:
        del places[next(iter(places))]
