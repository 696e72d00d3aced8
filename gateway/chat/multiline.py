"""Messages of several lines, which a client sends line by line (IRCv3 multiline and client-batch, drafts).

In such a text each line after the first follows a LF, or a CR if it continues the line before (the tag
`draft/multiline-concat`). A client's line can contain neither. Such a text is one message in every respect. Pure.
"""

import re
from typing import Final

from gateway.chat.capabilities import BATCH, MULTILINE
from gateway.chat.errors import CommandError
from gateway.wire.casefold import casefold
from gateway.wire.message import Message
from gateway.wire.tags import client_only

MAX_BYTES: Final = 16384
"""The limit of a text with its line feeds. Escaped and with the client's tags, it fits into an entry."""
MAX_LINES: Final = 100
LIMIT_S: Final = 60.0
"""The maximum time for which a batch may be open."""
CAPABILITY_VALUE: Final = f"max-bytes={MAX_BYTES},max-lines={MAX_LINES}"

BATCH_TYPE: Final = "draft/multiline"
CONCAT_TAG: Final = "draft/multiline-concat"

_NEXT: Final = "\n"
_ON: Final = "\r"
_REFERENCE = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_SEPARATOR = re.compile("[\n\r]")
_OF_A_LINE: Final = frozenset(("batch", CONCAT_TAG))
"""The tags that a line in a batch may have (IRCv3 multiline, "Message tags")."""


def takes_batches(caps: int) -> bool:
    """Return whether a reader gets such a message as a batch. The capability has no effect without batch."""
    return caps & (MULTILINE | BATCH) == MULTILINE | BATCH


def first_and_more(text: str) -> tuple[str, str]:
    """Return the first line of a text, and the rest with its separators."""
    found = _SEPARATOR.search(text)
    return (text, "") if found is None else (text[: found.start()], text[found.start() :])


def lines_of(text: str) -> list[tuple[str, bool]]:
    """Return the lines of a text as its sender split it, and whether each continues the one before."""
    first, more = first_and_more(text)
    separators = _SEPARATOR.findall(more)
    return [(first, False), *zip(_SEPARATOR.split(more)[1:], [one == _ON for one in separators], strict=True)]


def value_of(text: str) -> str:
    """Return the combined text: IRCv3 multiline, "combined message value"."""
    return text.replace(_ON, "")


def batch_error(*code_context_and_text: str) -> CommandError:
    """The error of a batch that cannot be sent: code, context and text of its FAIL (IRCv3 client-batch, multiline)."""
    return CommandError(*code_context_and_text, verb="BATCH", is_implied=True)


class Batch:
    """The lines that a client has sent since BATCH +reference. A session has at most one open batch.

    A refused batch stays until its end, so that its lines are ignored.
    """

    __slots__ = ("_bytes", "_lines", "_tags", "_target", "_verb", "is_refused", "label", "opened_at", "reference")

    def __init__(self, opening: Message, label: str, now: float) -> None:
        """``label`` is the opening's. The response to the whole batch has it."""
        self.reference = opening.params[0][1:]
        self.label = label
        self.opened_at = now
        self.is_refused = False
        self._target = opening.params[2] if len(opening.params) > 2 else ""
        self._tags = client_only(opening.tags)
        self._verb = ""
        self._lines: list[str] = []  # each but the first after its separator
        self._bytes = 0

    def check(self, opening: Message) -> None:
        """Raise CommandError if such a batch cannot be opened."""
        kind = opening.params[1] if len(opening.params) > 1 else ""
        if _REFERENCE.fullmatch(self.reference) is None:
            raise batch_error("INVALID_REFTAG", self.reference, "A reference tag is letters, digits and hyphens")
        if kind != BATCH_TYPE:
            raise batch_error("UNKNOWN_TYPE", self.reference, kind, "There is no such type of batch")
        if not self._target or "," in self._target:
            raise batch_error("MULTILINE_INVALID", "A multiline batch has one target")

    def add(self, message: Message) -> None:
        """Add a line. Raise CommandError if the batch cannot be sent with it."""
        target, text = (*message.params[:2], "", "")[:2]
        goes_on = CONCAT_TAG in message.tags
        if len(message.params) < 2 or message.verb not in ("PRIVMSG", "NOTICE"):
            raise batch_error("MULTILINE_INVALID", "A multiline batch has PRIVMSG or NOTICE with a text")
        if casefold(target) != casefold(self._target):
            raise batch_error("MULTILINE_INVALID_TARGET", self._target, target, "Invalid multiline target")
        has_tags = text and not message.tags.keys() <= _OF_A_LINE  # of a blank line they mean nothing: they are dropped
        if message.verb != (self._verb or message.verb) or has_tags:
            raise batch_error(
                "MULTILINE_INVALID", "Invalid multiline batch with various commands, or tags on its lines"
            )
        if goes_on and not text:
            raise batch_error("MULTILINE_INVALID", "Invalid multiline batch with concatenated blank line")
        separator = "" if not self._lines else _ON if goes_on else _NEXT
        self._bytes += len(text.encode()) + (separator == _NEXT)
        if self._bytes > MAX_BYTES:
            raise batch_error("MULTILINE_MAX_BYTES", str(MAX_BYTES), "Multiline batch max-bytes exceeded")
        if len(self._lines) == MAX_LINES:
            raise batch_error("MULTILINE_MAX_LINES", str(MAX_LINES), "Multiline batch max-lines exceeded")
        self._verb = message.verb
        self._lines.append(separator + text)

    def message(self) -> Message:
        """Return the whole message, with the client's tags. Raise CommandError if its text is empty."""
        text = "".join(self._lines)
        if not text.strip(_NEXT):
            raise batch_error("MULTILINE_INVALID", "Invalid multiline batch with blank lines only")
        return Message(self._verb, [self._target, text], tags=self._tags)

    def refuse(self) -> None:
        """Ignore all further lines of the batch."""
        self.is_refused = True
        self._lines.clear()
