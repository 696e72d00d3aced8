"""From effects to what a variant of readers is sent: once for all members of that variant.

A variant is a set of capability bits (account-tag, message-tags, server-time). Pure; times come from stream ids.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zlib import crc32

from gateway.chat.capabilities import ACCOUNT_TAG, MESSAGE_TAGS, SERVER_TIME
from gateway.chat.effects import Effect
from gateway.chat.events import ms, number
from gateway.chat.member import UNKNOWN, Sender
from gateway.chat.multiline import BATCH_TYPE, CONCAT_TAG, lines_of, takes_batches
from gateway.chat.session import Session
from gateway.wire.casefold import casefold
from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES, LINE_CONTENT_BYTES, cut
from gateway.wire.message import Message, parse
from gateway.wire.tags import escape

_CLIENT_TAGS_BYTES: Final = CLIENT_TAGS_LIMIT_BYTES - len("@ ")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS: Final = int(datetime.max.replace(tzinfo=UTC).timestamp() * 1000) - 1000
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", re.ASCII)


def log_mark(log: str) -> str:
    """What tells a log (folded room or inbox name) from others: two may have entries of one stream id."""
    return f"{crc32(log.encode()):08x}"


def msgid(stream_id: str, index: int, mark: str) -> str:
    """The id of a message: its entry's stream id, its place there, its log's mark (IRCv3 message-ids: network wide)."""
    return f"{stream_id}-{index}-{mark}"


def server_time(at_ms: int) -> str:
    """Milliseconds since 1970 as IRCv3 server-time wants it: 2026-11-22T10:43:08.123Z; at most the end of year 9999."""
    second, millisecond = divmod(min(at_ms, _LATEST_MS), 1000)
    return f"{_second(second)}.{millisecond:03}Z"


def parse_time(text: str) -> int | None:
    """Milliseconds since 1970 of a time as IRCv3 server-time writes it; None for what is none."""
    if _TIME.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None  # no such day or hour
    return max(0, (moment - _EPOCH) // timedelta(milliseconds=1))


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def tags(variant: int, stream_id: str, msgid: str = "", client_tags: str = "", sender: Sender = UNKNOWN) -> str:
    """The tags of a line for a variant, with '@' and the space, or ''; only messages have a ``msgid``.

    Client tags over their limit are left out, whoever wrote them into a log:
    with the server's own the line would be longer than clients take (IRCv3 message-tags, "Size limit").
    """
    parts = []
    if variant & SERVER_TIME:
        parts.append(f"time={server_time(ms(stream_id))}")
    if variant & MESSAGE_TAGS:
        if msgid:
            parts.append(f"msgid={msgid}")
        if client_tags and (
            len(client_tags) * 4 <= _CLIENT_TAGS_BYTES or len(client_tags.encode()) <= _CLIENT_TAGS_BYTES
        ):
            parts.append(client_tags)
        if sender.is_bot:
            parts.append("bot")
    if variant & ACCOUNT_TAG and sender.account:
        parts.append(f"account={escape(sender.account)}")
    return f"@{';'.join(parts)} " if parts else ""


def spoken(
    line: str, caps: int, stream_id: str, msgid: str, client_tags: str = "", batch: str = "", sender: Sender = UNKNOWN
) -> list[str]:
    """A message as a reader with these capabilities is sent it; what is in a batch of his says so.

    ``line`` is without tags and may be of several lines (gateway.chat.multiline): who does not take batches gets each
    that is not blank, the first with all tags (IRCv3 multiline, "Fallback").
    """
    prefix = tags(caps, stream_id, msgid, client_tags, sender)
    head, _, text = line.partition(" :")
    lines = lines_of(text)
    if len(lines) == 1:
        return [in_batch(batch, prefix + line)]
    if not takes_batches(caps):
        bare = tags(caps, stream_id, sender=sender)
        shown = [_cut(f"{head} :{one}") for one, _ in lines if one]
        return [in_batch(batch, (bare if at else prefix) + one) for at, one in enumerate(shown)]
    source, _, target = head.split(" ", 2)
    inside = [(f";{CONCAT_TAG}" if goes_on else "", _cut(f"{head} :{one}")) for one, goes_on in lines]
    return [
        in_batch(batch, f"{prefix}{source} BATCH +{msgid} {BATCH_TYPE} {target}"),
        *[f"@batch={msgid}{concat} {one}" for concat, one in inside],
        in_batch(batch, f"BATCH -{msgid}"),
    ]


def in_batch(reference: str, line: str) -> str:
    """A line as it stands in a batch; "" for none."""
    if not reference:
        return line
    return f"@batch={reference};{line[1:]}" if line.startswith("@") else f"@batch={reference} {line}"


def _cut(line: str) -> str:
    return cut(line, LINE_CONTENT_BYTES)


def echo_of_first(session: Session, variant: int, effect: Effect) -> list[str]:
    """What tells a sender that a message of his, void as AGAIN, is in its room's log already: where the first is."""
    message = parse(effect.line)
    assert message is not None
    stream_id, _, index = effect.old.rpartition(".")
    first = msgid(stream_id, number(index), log_mark(casefold(message.params[0])))
    line = Message(message.verb, message.params, session.source).line()
    return spoken(line, variant, stream_id, first, effect.tags, sender=session.sender)
