"""Ids that clients give to their messages, so that a message which a client sends again is taken once.

A client that lost its connection cannot know whether its last messages came through. With the tag `+hubbub/id` it
may send them again, also by another gateway. An id belongs to its first message: the same sender (user and host, as
the nick may be another after a reconnection) with the same text sends that message again, anything else is refused.
Owns what is remembered of the ids, and its bounds. Pure.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple
from zlib import crc32

from gateway.chat.events import MORE, EventId, ms
from gateway.wire.message import Message

ID_TAG = "+hubbub/id"
MEMORY_MS = 10 * 60 * 1000
LIMIT = 4096
SENDER_LIMIT = 256
"""As many messages of one session may be on their way at most: what it said before those has been answered."""
ID_LIMIT_BYTES = 64
COMPARED_BYTES = 256
"""Of a text's first line: the rest may be cut, depending on the length of the sender's nick."""


class ClientMsgid(NamedTuple):
    """The message that had an id first: who said it, its text's digest, its entry's stream id, its index there."""

    sender: str
    digest: int
    stream_id: str
    event_index: int

    @property
    def id(self) -> EventId:
        return EventId(self.stream_id, self.event_index)


SeenIds = dict[str, ClientMsgid]
"""By id, the oldest first."""


def message_id(tags: Mapping[str, str]) -> str:
    """The id that a message's tags give it, "" where they give none; a longer one than fits is none."""
    given = tags.get(ID_TAG, "")
    return given if len(given.encode("utf-8", "replace")) <= ID_LIMIT_BYTES else ""


def client_msgid(message: Message, stream_id: str, index: int) -> ClientMsgid:
    """What is to be remembered of a message, and what a later one with its id is compared with."""
    _, _, sender = (message.source or "").partition("!")
    text = message.params[1].encode()[:COMPARED_BYTES] if len(message.params) > 1 else _own_tags(message)
    more = message.tags.get(MORE, "").encode()
    return ClientMsgid(sender, crc32(message.verb.encode() + b" " + text + more), stream_id, index)


def _own_tags(message: Message) -> bytes:
    """What a TAGMSG says."""
    return "\0".join(f"{key}={value}" for key, value in sorted(message.tags.items()) if key[0] == "+").encode()


def first_of(said: SeenIds, given: str, at_ms: int) -> ClientMsgid | None:
    """The message with this id that was said lately."""
    first = said.get(given)
    return first if first is not None and at_ms - ms(first.stream_id) < MEMORY_MS else None


def is_same(first: ClientMsgid, later: ClientMsgid) -> bool:
    """Whether the later message is the first one, sent again."""
    return (first.sender, first.digest) == (later.sender, later.digest)


def remember(said: SeenIds, given: str, message: ClientMsgid) -> None:
    """Note the id of a message; forget those of long ago and, where there are too many, those of who has the most."""
    said.pop(given, None)
    said[given] = message
    too_old = ms(message.stream_id) - MEMORY_MS
    while ms(next(iter(said.values())).stream_id) <= too_old:
        del said[next(iter(said))]
    if len(said) > LIMIT:
        _thin_out(said)


def _thin_out(said: SeenIds) -> None:
    """Keep so many of each sender's newest ids that at most half of the limit remains: the highest power of two.

    So nobody's ids are forgotten for those of another who has more. With too many senders even for one id each, the
    newest half of all remains.
    """
    counts = Counter(message.sender for message in said.values())
    share = SENDER_LIMIT
    while share > 1 and sum(min(count, share) for count in counts.values()) > LIMIT // 2:
        share //= 2
    kept: list[str] = []
    left = dict.fromkeys(counts, share)
    for given, message in reversed(said.items()):
        if left[message.sender] and len(kept) < LIMIT // 2:
            left[message.sender] -= 1
            kept.append(given)
    newest = {given: said[given] for given in reversed(kept)}
    said.clear()
    said.update(newest)
