"""Message tags: their text form and their escaping (IRCv3 message-tags).

Owns the part of a line between "@" and the first space. Knows nothing of what a tag means. Pure; any thread.
"""

import re
from collections.abc import Mapping

_ESCAPES = {";": r"\:", " ": r"\s", "\\": r"\\", "\r": r"\r", "\n": r"\n"}
_TO_ESCAPED = str.maketrans(_ESCAPES)
_FROM_ESCAPED = {escaped[1]: plain for plain, escaped in _ESCAPES.items()}
_CLIENT_KEY = re.compile(r"\+(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")
_ESCAPE_SEQUENCE = re.compile(r"\\(.?)")


def escape(value: str) -> str:
    """Give the form in which a value stands in a line (IRCv3 message-tags, Escaping values)."""
    return value.translate(_TO_ESCAPED)


def unescape(value: str) -> str:
    """Undo `escape`; an unknown escape stands for its character, a lone backslash at the end for nothing."""
    if "\\" not in value:
        return value
    return _ESCAPE_SEQUENCE.sub(lambda found: _FROM_ESCAPED.get(found[1], found[1]), value)


def parse_tags(text: str) -> dict[str, str]:
    """Read tags without the leading "@"; a missing value is "", the last of equal keys wins.

    A value that was no valid UTF-8 is dropped: replaced characters could make different values equal.
    """
    tags = {}
    for tag in text.split(";"):
        key, _, value = tag.partition("=")
        if key:
            tags[key] = "" if "\ufffd" in value else unescape(value)
    return tags


def format_tags(tags: Mapping[str, str]) -> str:
    """Write tags without the leading "@"; an empty value is written as a missing one."""
    return ";".join(f"{key}={escape(value)}" if value else key for key, value in tags.items())


def client_only(tags: Mapping[str, str]) -> dict[str, str]:
    """Keep the tags that a client may set for other clients: "+", a vendor's host and "/" or not, and a name.

    A key of other characters (IRCv3 message-tags, "Format") would grow when it is sent on as UTF-8.
    """
    return {key: value for key, value in tags.items() if _CLIENT_KEY.fullmatch(key) is not None}
