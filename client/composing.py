"""A text, split into messages: of several lines if the server accepts them (IRCv3 multiline), else of one line each.

Owns the limits of a line and of a batch (Modern IRC "Message Format", IRCv3 multiline). Pure; any thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.wire.message import Message

# A relayed line has its source before it: nick, user and host at their largest (Modern IRC "Message Format").
_LINE_LIMIT_BYTES: Final = 512 - len(":" + "!" + "@" + " " + "\r\n") - 30 - 20 - 63
_BATCH_LINES: Final = 100  # more would take a flood-limited connection so long that it looks dead
_CONCAT: Final = "draft/multiline-concat"
_ACTION: Final = "\x01ACTION "


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The limits of one message of several lines; `max_bytes` counts texts and line feeds."""

    max_bytes: int
    max_lines: int


def parse_limits(value: str) -> BatchLimits | None:
    """Parse the value of the capability draft/multiline; None if it allows nothing useful."""
    tokens = dict(token.partition("=")[::2] for token in value.split(","))
    max_bytes = _number(tokens.get("max-bytes", ""), 0)
    max_lines = min(_number(tokens.get("max-lines", ""), _BATCH_LINES), _BATCH_LINES)
    return BatchLimits(max_bytes, max_lines) if max_bytes >= _LINE_LIMIT_BYTES and max_lines > 1 else None


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else default


def compose(verb: str, target: str, text: str, limits: BatchLimits | None) -> list[str]:
    """Split a text into the texts of messages. They contain line feeds only if `limits` allow it."""
    limit_bytes = _limit_bytes(verb, target)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if text.startswith(_ACTION):
        lines = text.removeprefix(_ACTION).removesuffix("\x01").split("\n")
        return [f"{_ACTION}{piece}\x01" for line in lines for piece in split_text(line, limit_bytes)]
    if limits is None or ("\n" not in text and len(text.encode()) <= limit_bytes):
        messages = [piece for line in text.split("\n") for piece in split_text(line, limit_bytes)]
    else:
        messages = [batch.strip("\n") for batch in _batches(text, limit_bytes, limits)]
    return [message for message in messages if message.strip()]


def _batches(text: str, limit_bytes: int, limits: BatchLimits) -> Iterator[str]:
    batch: list[str] = []
    size = pieces = 0
    # A line longer than a batch is split. It gets half of the limit, because words do not fill lines.
    longest = min(limits.max_bytes, limit_bytes * limits.max_lines // 2)
    for line in text.split("\n"):
        for part in split_text(line, longest) or [""]:
            part_size, part_pieces = len(part.encode()) + 1, len(_cut(part, limit_bytes)) or 1
            if batch and (size + part_size > limits.max_bytes or pieces + part_pieces > limits.max_lines):
                yield "\n".join(batch)
                batch, size, pieces = [], 0, 0
            batch.append(part)
            size, pieces = size + part_size, pieces + part_pieces
    yield "\n".join(batch)


def lines_of(message: Message, limits: BatchLimits | None, reference: str) -> list[Message] | None:
    """Return a message as lines, in a batch if it needs one; None if it exceeds the limits.

    The message's tags are on the line that opens the batch (IRCv3 multiline, "Message tags").
    """
    target, text = message.params
    limit_bytes = _limit_bytes(message.verb, target)
    if "\n" not in text and len(text.encode()) <= limit_bytes:
        return [message]
    cut = [_cut(line, limit_bytes) or [""] for line in text.split("\n")]
    pieces = [(piece, number > 0) for line in cut for number, piece in enumerate(line)]
    if limits is None or len(text.encode()) > limits.max_bytes or len(pieces) > limits.max_lines:
        return None
    lines = [Message("BATCH", [f"+{reference}", "draft/multiline", target], tags=message.tags)]
    for piece, is_concat in pieces:
        tags = {"batch": reference, _CONCAT: ""} if is_concat else {"batch": reference}
        lines.append(Message(message.verb, [target, piece], tags=tags))
    return [*lines, Message("BATCH", [f"-{reference}"])]


def join(lines: list[Message]) -> str:
    """Return the text of a multiline batch."""
    text = lines[0].params[1]
    for line in lines[1:]:
        text += line.params[1] if _CONCAT in line.tags else "\n" + line.params[1]
    return text


def split_text(text: str, limit_bytes: int) -> list[str]:
    """Split a text into pieces of at most `limit_bytes` of UTF-8, between words if possible."""
    *pieces, last = _cut(text, limit_bytes) or [""]
    return [piece for piece in [*(piece.removesuffix(" ") for piece in pieces), last] if piece]


def _cut(text: str, limit_bytes: int) -> list[str]:
    """Split like split_text, but keep the space between two pieces at the end of the first."""
    encoded = text.encode()
    pieces = []
    start = 0
    while start < len(encoded):
        piece = encoded[start : start + limit_bytes].decode("utf-8", "ignore")
        if start + limit_bytes < len(encoded):
            before, space, _ = piece.rpartition(" ")
            piece = before + space or piece
        pieces.append(piece)
        start += len(piece.encode())
    return pieces


def _limit_bytes(verb: str, target: str) -> int:
    """Return how many bytes of text fit into a line, also when it is relayed."""
    return _LINE_LIMIT_BYTES - len(f"{verb} {target} :{_ACTION}\x01".encode())
