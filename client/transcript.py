"""Entries of a buffer as text for a file: for people, or as JSON for programs.

Owns both formats. Knows the time zone, but no files. Pure; any thread.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from client.buffer import Entry, EntryKind


def as_text(entry: Entry, _place: str) -> str:
    """Format an entry with date, local time, nick and text; one line for each line of the text."""
    clock = f"{datetime.fromtimestamp(entry.at):%Y-%m-%d %H:%M:%S}"
    match entry.kind:
        case EntryKind.MESSAGE | EntryKind.NOTICE:
            begin = f"<{entry.nick}> "
        case EntryKind.ACTION:
            begin = f"* {entry.nick} "
        case _:
            begin = "-- "
    if entry.is_redacted:
        return f"{clock} {begin}[deleted by {entry.redacted_by}]"
    return "\n".join(f"{clock} {begin}{part}" for part in entry.text.split("\n"))


def as_jsonl(entry: Entry, place: str) -> str:
    """Format an entry as one JSON object. `room` may be a person; with `deleted_by`, the text is empty."""
    at = datetime.fromtimestamp(entry.at, UTC)
    return json.dumps(
        {
            "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
            "room": place,
            "kind": entry.kind.value,
            "nick": entry.nick,
            "text": entry.text,
            "msgid": entry.msgid,
            "reply_to": entry.reply_to,
            **({"deleted_by": entry.redacted_by} if entry.is_redacted else {}),
        },
        ensure_ascii=False,
    )


FORMS: Final[dict[str, Callable[[Entry, str], str]]] = {"text": as_text, "jsonl": as_jsonl}
