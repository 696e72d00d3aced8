"""From effects to lines, and from lines to the bytes that a variant of readers is sent.

Owns the form of everything that clients are shown of a log. A variant is a set of bits (gateway.chat.capabilities):
capabilities, plain text, WebSocket. All readers of one variant are sent the same bytes, which are made once. Times come
from stream ids. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from zlib import crc32

from gateway.chat import events
from gateway.chat.capabilities import ACCOUNT_TAG, ELSEWHERE, MESSAGE_TAGS, SERVER_TIME, TEXT, WEBSOCKET, WS_BINARY
from gateway.chat.dates import server_time
from gateway.chat.effects import (
    Departure,
    Effect,
    Invited,
    Joined,
    Left,
    MessageSent,
    ModesSet,
    MultilineSent,
    ProfileChanged,
    Redacted,
    Rejection,
    Renamed,
    TopicSet,
)
from gateway.chat.events import ms
from gateway.chat.member import UNKNOWN, Sender
from gateway.chat.modes import lines as mode_lines
from gateway.chat.multiline import BATCH_TYPE, CONCAT_TAG, lines_of, takes_batches
from gateway.chat.session import Session
from gateway.wire.casefold import casefold
from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES, LINE_CONTENT_BYTES, cut
from gateway.wire.message import Message, parse
from gateway.wire.tags import escape
from gateway.wire.text import NOWHERE
from gateway.wire.text import render as render_text
from gateway.wire.websocket import frame, payload

_CLIENT_TAGS_BYTES: Final = CLIENT_TAGS_LIMIT_BYTES - len("@ ")


# Ids and tags


def log_mark(log: str) -> str:
    """Eight characters of a log's name (casefolded): entries of two logs may have the same stream id."""
    return f"{crc32(log.encode()):08x}"


def msgid(stream_id: str, index: int, mark: str) -> str:
    """The id of a message in the whole network (IRCv3 message-ids); ``mark`` is its log's."""
    return f"{stream_id}-{index}-{mark}"


def tags(variant: int, stream_id: str, msgid: str = "", client_tags: str = "", sender: Sender = UNKNOWN) -> str:
    """The tags of a line for a variant, with '@' and the space, or ''. Only messages have a ``msgid``.

    Client tags over their limit are left out, even if a log has them: with the server's own tags the line would be
    longer than clients accept (IRCv3 message-tags, "Size limit").
    """
    parts = []
    if variant & SERVER_TIME:
        parts.append(f"time={server_time(ms(stream_id))}")
    if variant & MESSAGE_TAGS:
        if msgid:
            parts.append(f"msgid={msgid}")
        if client_tags and (
            len(client_tags) * 4 <= _CLIENT_TAGS_BYTES or len(client_tags.encode()) <= _CLIENT_TAGS_BYTES
        ):
            parts.append(client_tags)
        if sender.is_bot:
            parts.append("bot")
    if variant & ACCOUNT_TAG and sender.account:
        parts.append(f"account={escape(sender.account)}")
    return f"@{';'.join(parts)} " if parts else ""


def in_batch(reference: str, line: str) -> str:
    """A line with the tag of its batch; ``reference`` "" for none."""
    if not reference:
        return line
    return f"@batch={reference};{line[1:]}" if line.startswith("@") else f"@batch={reference} {line}"


# Lines


def effect_lines(effect: Effect) -> list[str]:
    """The lines without tags that show an effect to the members of its room; none for a rejection."""
    match effect:
        case MessageSent():
            return [effect.line]
        case MultilineSent():
            return [_cut(f"{_head(effect)} :{line}") for line, _ in lines_of(effect.text) if line]
        case Joined():
            return [joined(effect.member.source, effect.room)]
        case Left():
            return [_cut(_departure(effect))]
        case Renamed(member=member):
            return [renamed(f"{effect.old_nick}!{member.user}@{member.host}", effect.nick)]
        case ModesSet():
            return list(mode_lines(f":{effect.source} MODE {effect.room}", effect.changes))
        case TopicSet():
            return [_cut(events.topic_set(effect.source, effect.room, effect.topic))]
        case Invited():
            return [_cut(f":{effect.source} INVITE {effect.nick} {effect.room}")]
        case ProfileChanged():
            return [_cut(effect.update.line)]
        case Redacted():
            return [_cut(events.redacted(effect.source, effect.room, effect.msgid, effect.text))]
    return []


def joined(source: str, room: str) -> str:
    return _cut(f":{source} JOIN {room}")


def extended_join(source: str, room: str, account: str, realname: str) -> str:
    """IRCv3 extended-join."""
    return _cut(f":{source} JOIN {room} {account or events.LOGGED_OUT} :{realname}")


def renamed(source: str, nick: str) -> str:
    return f":{source} NICK {nick}"


def _departure(effect: Left) -> str:
    if effect.how is Departure.PART:
        return events.parted(effect.source, effect.room, effect.text)
    if effect.how is Departure.QUIT:
        return events.quitted(effect.source, effect.text)
    return f":{effect.source} KICK {effect.room} {effect.nick} :{effect.text}"


def message_lines(
    line: str, caps: int, stream_id: str, msgid: str, client_tags: str = "", batch: str = "", sender: Sender = UNKNOWN
) -> list[str]:
    """A message as a reader with these capabilities is sent it, in the reader's batch if there is one.

    ``line`` has no tags; its text may have several lines (gateway.chat.multiline).
    """
    head, colon, text = line.partition(" :")
    if colon and len(lines_of(text)) > 1:
        return _multiline(head, text, caps, stream_id, msgid, client_tags, batch, sender)
    return [in_batch(batch, tags(caps, stream_id, msgid, client_tags, sender) + line)]


def sent_lines(
    effect: MessageSent | MultilineSent, caps: int, stream_id: str, mark: str, sender: Sender = UNKNOWN
) -> list[str]:
    """The same of an effect; ``mark`` is its log's."""
    client_msgid = msgid(stream_id, effect.index, mark)
    if isinstance(effect, MultilineSent):
        return _multiline(_head(effect), effect.text, caps, stream_id, client_msgid, effect.tags, "", sender)
    return [tags(caps, stream_id, client_msgid, effect.tags, sender) + effect.line]


def _head(effect: MultilineSent) -> str:
    return f":{effect.source} {effect.verb} {effect.room}"


def _multiline(
    head: str, text: str, caps: int, stream_id: str, msgid: str, client_tags: str, batch: str, sender: Sender
) -> list[str]:
    """A reader without batches gets each line that is not blank, the first with all tags (IRCv3 multiline, "Fallback").

    ``head``: ":SOURCE VERB TARGET".
    """
    prefix = tags(caps, stream_id, msgid, client_tags, sender)
    lines = lines_of(text)
    if not takes_batches(caps):
        bare = tags(caps, stream_id, sender=sender)
        shown = [_cut(f"{head} :{one}") for one, _ in lines if one]
        return [in_batch(batch, (bare if at else prefix) + one) for at, one in enumerate(shown)]
    source, _, target = head.split(" ", 2)
    inside = [(f";{CONCAT_TAG}" if goes_on else "", _cut(f"{head} :{one}")) for one, goes_on in lines]
    return [
        in_batch(batch, f"{prefix}{source} BATCH +{msgid} {BATCH_TYPE} {target}"),
        *[f"@batch={msgid}{concat} {one}" for concat, one in inside],
        in_batch(batch, f"BATCH -{msgid}"),
    ]


def _cut(line: str) -> str:
    return cut(line, LINE_CONTENT_BYTES)


def echo_of_first(session: Session, caps: int, duplicate: Rejection) -> list[str]:
    """The echo of the message that the session sent before, and sent again: it names the first one's id."""
    assert duplicate.first is not None
    event, (stream_id, index) = duplicate.event, duplicate.first
    params = [event.params[0], events.text_of(event)] if len(event.params) > 1 else event.params
    first = msgid(stream_id, index, log_mark(casefold(params[0])))
    line = Message(event.verb, params, session.source).line()
    return message_lines(line, caps, stream_id, first, duplicate.tags, sender=session.sender)


# Bytes


def message_pieces(
    run: Sequence[MessageSent], stream_id: str, variant: int, mark: str, senders: Mapping[str, Sender] | None = None
) -> list[bytes]:
    """One piece of bytes for each message, b"" for what this variant is not sent; ``mark``: the log's.

    ``senders``: by session id, the sessions of which tags show something. Mostly there are none.
    """
    if variant & TEXT:
        return [_as_text(effect.line, variant) for effect in run]
    if not variant:
        return [b"" if effect.is_tagmsg else f"{effect.line}\r\n".encode() for effect in run]
    pieces = []
    for effect in run:
        sender = senders.get(effect.sid, UNKNOWN) if senders else UNKNOWN
        prefix = tags(variant, stream_id, msgid(stream_id, effect.index, mark), effect.tags, sender)
        if effect.is_tagmsg and not variant & MESSAGE_TAGS:
            pieces.append(b"")  # IRCv3 message-tags: TAGMSG only to those who have the capability
        else:
            pieces.append(f"{prefix}{effect.line}\r\n".encode())
    return [_framed(one, variant) for one in pieces] if variant & WEBSOCKET else pieces


def multiline_pieces(effect: MultilineSent, stream_id: str, caps: int, mark: str, sender: Sender) -> list[bytes]:
    """One piece for each line of a message; ``caps``: a variant, and the bits that decide whether it is a batch."""
    lines = sent_lines(effect, caps, stream_id, mark, sender)
    return [_as_text(line, caps) if caps & TEXT else piece(line, caps) for line in lines]


def line_piece(line: str, stream_id: str, variant: int, sender: Sender) -> bytes:
    """A line that is no message."""
    if variant & TEXT:
        return _as_text(line, variant)
    return piece(f"{tags(variant, stream_id, sender=sender)}{line}", variant)


def piece(line: str, variant: int) -> bytes:
    """A line, tags included, as one piece of bytes."""
    data = f"{line}\r\n".encode()
    return _framed(data, variant) if variant & WEBSOCKET else data


def _framed(piece: bytes, variant: int) -> bytes:
    """A line with its CRLF as a message of a WebSocket; b"" stays so."""
    return frame(piece[:-2], is_binary=bool(variant & WS_BINARY)) if piece else piece


def _as_text(line: str, variant: int) -> bytes:
    """The same for all readers of plain text. Lines of a room that is not the active one name it."""
    message = parse(line)
    text = render_text(message, "", NOWHERE if variant & ELSEWHERE else "") if message is not None else None
    return b"" if text is None else f"{text}\n".encode()


def labeled_piece(piece: bytes, label: str, variant: int) -> bytes:
    """A piece that all readers get, with the label that its sender gets."""
    if not variant & WEBSOCKET or not piece:
        return labeled(piece, label)
    return frame(labeled(payload(piece), label), is_binary=bool(variant & WS_BINARY))


def labeled(piece: bytes, label: str) -> bytes:
    """A line with this tag: "label=x" for a whole response, "batch=x" for a part of one, "" for none."""
    if not label or not piece:
        return piece
    head = f"@{label}".encode()
    return head + b";" + piece[1:] if piece.startswith(b"@") else head + b" " + piece
