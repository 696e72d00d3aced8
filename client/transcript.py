"""Lines of a conversation as text to keep: for people, or as JSON for programs.

Owns both forms. Knows the time zone, but no files. Pure; any thread.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from client.buffer import Entry, EntryKind


def as_text(line: Entry, _place: str) -> str:
    """Date, local time, and who said what; a text of several lines gives several."""
    clock = f"{datetime.fromtimestamp(line.at):%Y-%m-%d %H:%M:%S}"
    match line.kind:
        case EntryKind.MESSAGE | EntryKind.NOTICE:
            begin = f"<{line.nick}> "
        case EntryKind.ACTION:
            begin = f"* {line.nick} "
        case _:
            begin = "-- "
    if line.is_redacted:
        return f"{clock} {begin}[deleted by {line.redacted_by}]"
    return "\n".join(f"{clock} {begin}{part}" for part in line.text.split("\n"))


def as_jsonl(line: Entry, place: str) -> str:
    """One JSON object; `room` may be the other person, and where there is a `deleted_by` the text is empty."""
    at = datetime.fromtimestamp(line.at, UTC)
    return json.dumps(
        {
            "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
            "room": place,
            "kind": line.kind.value,
            "nick": line.nick,
            "text": line.text,
            "msgid": line.msgid,
            "reply_to": line.reply_to,
            **({"deleted_by": line.redacted_by} if line.is_redacted else {}),
        },
        ensure_ascii=False,
    )


FORMS: Final[dict[str, Callable[[Entry, str], str]]] = {"text": as_text, "jsonl": as_jsonl}
