"""From effects to what a variant of readers is sent: once for all members of that variant.

A variant is a set of capability bits (server-time, message-tags). Pure; times come from stream ids.
"""

from datetime import UTC, datetime
from functools import lru_cache

from gateway.chat.capabilities import MESSAGE_TAGS, SERVER_TIME
from gateway.chat.events import ms


def msgid(stream_id: str, index: int) -> str:
    """The id of a message: its entry's stream id and its place there; unique within a room (IRCv3 message-ids)."""
    return f"{stream_id}-{index}"


def server_time(at_ms: int) -> str:
    """Milliseconds since 1970 as IRCv3 server-time wants it: 2026-11-22T10:43:08.123Z."""
    second, millisecond = divmod(at_ms, 1000)
    return f"{_second(second)}.{millisecond:03}Z"


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def tags(variant: int, stream_id: str, index: int | None, client_tags: str = "") -> str:
    """The tags of a line for a variant, with '@' and the space, or ''. ``index`` None: no message, so no msgid."""
    parts = []
    if variant & SERVER_TIME:
        parts.append(f"time={server_time(ms(stream_id))}")
    if variant & MESSAGE_TAGS:
        if index is not None:
            parts.append(f"msgid={stream_id}-{index}")
        if client_tags:
            parts.append(client_tags)
    return f"@{';'.join(parts)} " if parts else ""
