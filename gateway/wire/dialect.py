"""Detect the dialect of a connection from its first bytes.

Owns the decision between TLS, HTTP, IRC and plain text on one port. Reads up to the first line that is not blank, and
consumes nothing: the caller keeps the bytes. Pure; runs on its owner's thread.
"""

import re
from enum import Enum
from typing import Final

from gateway.wire.framing import LINE_LIMIT_BYTES, TAGS_LIMIT_BYTES
from gateway.wire.message import parse

# More than any IRC or HTTP line: input of this size without a line end is plain text.
SNIFF_LIMIT_BYTES: Final = TAGS_LIMIT_BYTES + LINE_LIMIT_BYTES

_TLS_HANDSHAKE: Final = b"\x16"  # RFC 8446 5.1, ContentType
_HTTP_REQUEST = re.compile(rb"[A-Z]+ \S+ HTTP/\d(\.\d)?\r?")  # RFC 9112 3
# The commands that may come before registration (Modern IRC "Connection Registration"). Each needs a
# parameter, because a plain-text user may be named Nick.
_IRC_VERBS = frozenset(("CAP", "NICK", "USER", "PASS", "AUTHENTICATE", "PING"))
# RFC 854: IAC, then DO, DONT, WILL or WONT and an option; or SB ... IAC SE; or one command.
_TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa.{0,64}?\xff\xf0|[\xf0-\xf9])", re.DOTALL)

_TELNET_BEGUN = re.compile(rb"\xff\xfa(?!.{0,64}?\xff\xf0)", re.DOTALL)
_TELNET_LIMIT_BYTES: Final = 2 + 64 + 2


class Kind(Enum):
    """A dialect of the port."""

    TLS = "tls"
    HTTP = "http"
    IRC = "irc"
    TEXT = "text"


def sniff(buffer: bytes) -> Kind | None:
    """Detect the dialect from all bytes received so far; None if they do not decide it yet."""
    if buffer.startswith(_TLS_HANDSHAKE):
        return Kind.TLS
    size = len(buffer)
    begun = _TELNET_BEGUN.search(buffer)
    if begun is not None and size - begun.start() < _TELNET_LIMIT_BYTES:
        buffer = buffer[: begun.start()]  # incomplete: its bytes may look like a line
    *lines, _unfinished = strip_telnet(buffer).split(b"\n")
    for line in lines:
        if line.strip():
            return _kind_of(line)
    return Kind.TEXT if size > SNIFF_LIMIT_BYTES else None


def strip_telnet(data: bytes) -> bytes:
    """Remove telnet negotiation (RFC 854). It is never text, since UTF-8 has no byte 0xFF."""
    return _TELNET.sub(b"", data) if b"\xff" in data else data


def _kind_of(line: bytes) -> Kind:
    if _HTTP_REQUEST.fullmatch(line):
        return Kind.HTTP
    message = parse(line.decode("utf-8", "replace").rstrip("\r"))
    if message and (message.verb == "QUIT" or (message.verb in _IRC_VERBS and message.params)):
        return Kind.IRC
    return Kind.TEXT
