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
from gateway.chat.session import Session
from gateway.wire.casefold import fold
from gateway.wire.message import Message, parse
from gateway.wire.tags import escape

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", re.ASCII)


def log_mark(log: str) -> str:
    """What tells a log (folded room or inbox name) from others: two may have entries of one stream id."""
    return f"{crc32(log.encode()):08x}"


def msgid(stream_id: str, index: int, mark: str) -> str:
    """The id of a message: its entry's stream id, its place there, its log's mark (IRCv3 message-ids: network wide)."""
    return f"{stream_id}-{index}-{mark}"


def server_time(at_ms: int) -> str:
    """Milliseconds since 1970 as IRCv3 server-time wants it: 2026-11-22T10:43:08.123Z."""
    second, millisecond = divmod(at_ms, 1000)
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


def tags(variant: int, stream_id: str, msgid: str = "", client_tags: str = "", account: str = "") -> str:
    """The tags of a line for a variant, with '@' and the space, or ''; only messages have a ``msgid``.

    ``account``: the sender's, "" for none.
    """
    parts = []
    if variant & SERVER_TIME:
        parts.append(f"time={server_time(ms(stream_id))}")
    if variant & MESSAGE_TAGS:
        if msgid:
            parts.append(f"msgid={msgid}")
        if client_tags:
            parts.append(client_tags)
    if account and variant & ACCOUNT_TAG:
        parts.append(f"account={escape(account)}")
    return f"@{';'.join(parts)} " if parts else ""


def echo_of_first(session: Session, variant: int, effect: Effect) -> str:
    """What tells a sender that a message of his, void as AGAIN, is in its room's log already: where the first is."""
    message = parse(effect.line)
    assert message is not None
    stream_id, _, index = effect.old.rpartition(".")
    first = msgid(stream_id, number(index), log_mark(fold(message.params[0])))
    return tags(variant, stream_id, first, effect.tags) + Message(message.verb, message.params, session.source).line()
