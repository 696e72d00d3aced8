"""Parse, format and escape message tags (IRCv3 message-tags).

Owns the part of a line between "@" and the first space. Does not interpret tags. Pure; any thread.
"""

import re
from collections.abc import Mapping

_ESCAPES = {";": r"\:", " ": r"\s", "\\": r"\\", "\r": r"\r", "\n": r"\n"}
_TO_ESCAPED = str.maketrans(_ESCAPES)
_FROM_ESCAPED = {escaped[1]: plain for plain, escaped in _ESCAPES.items()}
_CLIENT_KEY = re.compile(r"\+(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")
_ESCAPE_SEQUENCE = re.compile(r"\\(.?)")


def escape(value: str) -> str:
    """Escape a value (IRCv3 message-tags, "Escaping values")."""
    return value.translate(_TO_ESCAPED)


def unescape(value: str) -> str:
    """Undo `escape`. An unknown escape yields its character; a lone backslash at the end is dropped."""
    if "\\" not in value:
        return value
    return _ESCAPE_SEQUENCE.sub(lambda found: _FROM_ESCAPED.get(found[1], found[1]), value)


def parse_tags(text: str) -> dict[str, str]:
    """Parse tags without the leading "@". A missing value is ""; the last of equal keys wins.

    A value that was not valid UTF-8 is dropped: replacement characters could make different values equal.
    """
    tags = {}
    for tag in text.split(";"):
        key, _, value = tag.partition("=")
        if key:
            tags[key] = "" if "\ufffd" in value else unescape(value)
    return tags


def format_tags(tags: Mapping[str, str]) -> str:
    """Format tags without the leading "@"; an empty value is left out."""
    return ";".join(f"{key}={escape(value)}" if value else key for key, value in tags.items())


def client_only(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the client-only tags: "+", optionally a vendor's host and "/", and a name.

    A key with other characters (IRCv3 message-tags, "Format") could grow when it is relayed as UTF-8.
    """
    return {key: value for key, value in tags.items() if _CLIENT_KEY.fullmatch(key) is not None}
