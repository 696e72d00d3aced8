"""Client message ids, by which a message that a client sends again is delivered once.

A client that lost its connection cannot know whether its last messages were delivered. With the tag `+hubbub/id` it
may send them again, over any gateway. An id belongs to its first message. The same id with the same sender (user and
host, since a reconnection may change the nick) and the same text is that message again. Any other message with the id
is refused. Owns the stored ids and their limits. Pure.
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
"""The maximum number of messages of one session in flight. Older ones have been answered."""
ID_LIMIT_BYTES = 64
COMPARED_BYTES = 256
"""The part of a text's first line that counts. The rest may be cut, depending on the length of the sender's nick."""


class MessageRecord(NamedTuple):
    """The first message with an id: its sender, the digest of its text, its entry's stream id, its index there."""

    sender: str
    digest: int
    stream_id: str
    event_index: int

    @property
    def id(self) -> EventId:
        return EventId(self.stream_id, self.event_index)


SeenIds = dict[str, MessageRecord]
"""Id -> its first message, the oldest first."""


def message_id(tags: Mapping[str, str]) -> str:
    """Return the client message id in a message's tags, or "". An id that is too long does not count."""
    client_msgid = tags.get(ID_TAG, "")
    return client_msgid if len(client_msgid.encode("utf-8", "replace")) <= ID_LIMIT_BYTES else ""


def record_of(message: Message, stream_id: str, index: int) -> MessageRecord:
    """The stored data of a message, with which a later message of the same id is compared."""
    _, _, sender = (message.source or "").partition("!")
    text = message.params[1].encode()[:COMPARED_BYTES] if len(message.params) > 1 else _own_tags(message)
    more = message.tags.get(MORE, "").encode()
    return MessageRecord(sender, crc32(message.verb.encode() + b" " + text + more), stream_id, index)


def _own_tags(message: Message) -> bytes:
    """Return the content of a TAGMSG."""
    return "\0".join(f"{key}={value}" for key, value in sorted(message.tags.items()) if key[0] == "+").encode()


def first_of(seen_ids: SeenIds, client_msgid: str, at_ms: int) -> MessageRecord | None:
    """Return the recent message with this id."""
    first = seen_ids.get(client_msgid)
    return first if first is not None and at_ms - ms(first.stream_id) < MEMORY_MS else None


def is_same(first: MessageRecord, later: MessageRecord) -> bool:
    """Return whether the later message is the first one, sent again."""
    return (first.sender, first.digest) == (later.sender, later.digest)


def remember(seen_ids: SeenIds, client_msgid: str, message: MessageRecord) -> None:
    """Store the id of a message. Remove old ids and, if there are too many, ids of the senders with the most."""
    seen_ids.pop(client_msgid, None)
    seen_ids[client_msgid] = message
    too_old = ms(message.stream_id) - MEMORY_MS
    while ms(next(iter(seen_ids.values())).stream_id) <= too_old:
        del seen_ids[next(iter(seen_ids))]
    if len(seen_ids) > LIMIT:
        _thin_out(seen_ids)


def _thin_out(seen_ids: SeenIds) -> None:
    """Keep each sender's newest n ids. n is the highest power of two with which at most half of the limit remains.

    So a sender with few ids loses none to a sender with many. If there are too many senders for one id each, the newest
    half of all ids remains.
    """
    counts = Counter(message.sender for message in seen_ids.values())
    share = SENDER_LIMIT
    while share > 1 and sum(min(count, share) for count in counts.values()) > LIMIT // 2:
        share //= 2
    newest_ids: list[str] = []
    left = dict.fromkeys(counts, share)
    for client_msgid, message in reversed(seen_ids.items()):
        if left[message.sender] and len(newest_ids) < LIMIT // 2:
            left[message.sender] -= 1
            newest_ids.append(client_msgid)
    newest = {client_msgid: seen_ids[client_msgid] for client_msgid in reversed(newest_ids)}
    seen_ids.clear()
    seen_ids.update(newest)
