"""What the lane's clients are sent of an effect, as bytes: for each variant of readers in its own way.

Lines with the tags that the variant has negotiated, WebSocket messages, or words for who reads plain text. Pure.
"""

from collections.abc import Mapping

from gateway.chat.capabilities import MESSAGE_TAGS
from gateway.chat.effects import Effect
from gateway.chat.member import UNKNOWN, Sender
from gateway.chat.render import msgid, spoken, tags
from gateway.lane.clients.client import ELSEWHERE, TEXT, WEBSOCKET, WS_BINARY
from gateway.wire.message import parse
from gateway.wire.text import NOWHERE
from gateway.wire.text import render as render_text
from gateway.wire.websocket import frame, payload


def render(
    run: list[Effect], stream_id: str, variant: int, mark: str, senders: Mapping[str, Sender] | None = None
) -> list[bytes]:
    """One piece of bytes an effect, b"" for what this variant is not to see; ``mark``: the log's.

    ``senders``: by session id those of whom the tags tell something, mostly nobody.
    """
    if variant & TEXT:
        return [_as_text(effect.line, variant) for effect in run]
    if not variant:
        return [b"" if effect.tags and _is_tagmsg(effect.line) else f"{effect.line}\r\n".encode() for effect in run]
    pieces = []
    for effect in run:
        sender = senders.get(effect.sid, UNKNOWN) if senders else UNKNOWN
        prefix = tags(variant, stream_id, msgid(stream_id, effect.index, mark), effect.tags, sender)
        if effect.tags and not variant & MESSAGE_TAGS and _is_tagmsg(effect.line):
            pieces.append(b"")  # IRCv3 message-tags: TAGMSG only to those who have the capability
        else:
            pieces.append(f"{prefix}{effect.line}\r\n".encode())
    return [_framed(piece, variant) for piece in pieces] if variant & WEBSOCKET else pieces


def render_lines(effect: Effect, stream_id: str, caps: int, mark: str, sender: Sender) -> list[bytes]:
    """The same of a message of several lines; ``caps``: a variant, and what decides whether it is a batch."""
    client_msgid = msgid(stream_id, effect.index, mark)
    lines = spoken(effect.line, caps, stream_id, client_msgid, effect.tags, sender=sender)
    if caps & TEXT:
        return [_as_text(line, caps) for line in lines]
    return [render_piece(line, caps) for line in lines]


def render_line(line: str, stream_id: str, variant: int, sender: Sender) -> bytes:
    """A line that is no message."""
    if variant & TEXT:
        return _as_text(line, variant)
    return render_piece(f"{tags(variant, stream_id, sender=sender)}{line}", variant)


def render_piece(line: str, variant: int) -> bytes:
    """A line, tags included, as one piece of bytes."""
    piece = f"{line}\r\n".encode()
    return _framed(piece, variant) if variant & WEBSOCKET else piece


def _framed(piece: bytes, variant: int) -> bytes:
    """A line with its CRLF as a message of a WebSocket; b"" stays so."""
    return frame(piece[:-2], is_binary=bool(variant & WS_BINARY)) if piece else piece


def _as_text(line: str, variant: int) -> bytes:
    """What all readers of plain text read, whoever they are; in rooms that they do not talk in with its name."""
    message = parse(line)
    text = render_text(message, "", NOWHERE if variant & ELSEWHERE else "") if message is not None else None
    return b"" if text is None else f"{text}\n".encode()


def _is_tagmsg(line: str) -> bool:
    return line.split(" ", 2)[1] == "TAGMSG"


def labeled_piece(piece: bytes, label: str, variant: int) -> bytes:
    """A piece of what all read as its sender reads it."""
    if not variant & WEBSOCKET or not piece:
        return labeled(piece, label)
    return frame(labeled(payload(piece), label), is_binary=bool(variant & WS_BINARY))


def labeled(piece: bytes, label: str) -> bytes:
    """A line with this tag: "label=x" (a whole response) or "batch=x" (of a shared one); "" adds nothing."""
    if not label or not piece:
        return piece
    head = f"@{label}".encode()
    return head + b";" + piece[1:] if piece.startswith(b"@") else head + b" " + piece
