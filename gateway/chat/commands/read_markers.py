"""MARKREAD: the position up to which a user has read each conversation (IRCv3 read-marker).

Read markers belong to the session: nothing shows yet that two sessions are of one user.
"""

from typing import Final

from gateway.chat.capabilities import READ_MARKER
from gateway.chat.commands.table import Command
from gateway.chat.dates import parse_time, server_time
from gateway.chat.interfaces import Services
from gateway.chat.session import Session
from gateway.wire.casefold import casefold
from gateway.wire.message import Message
from gateway.wire.names import CHANNELLEN

MARKS_LIMIT: Final = 500
"""Conversations of a session; of more, those whose mark moved longest ago are forgotten."""


def markread(_ports: Services, session: Session, message: Message) -> None:
    """IRCv3 read-marker, "MARKREAD client set command", "MARKREAD client get command"."""
    params = message.params
    if not params or not params[0]:
        session.reply(f":{session.server} FAIL MARKREAD NEED_MORE_PARAMS :Missing parameters")
        return
    target = params[0]
    if " " in target or target[0] == ":" or len(target) > CHANNELLEN:
        session.reply(f":{session.server} FAIL MARKREAD INVALID_PARAMS :Invalid parameters")
        return
    if len(params) > 1:
        kind, _, time = params[1].partition("=")
        at_ms = parse_time(time) if kind == "timestamp" else None
        if at_ms is None:
            invalid = params[1].partition(" ")[0][:100].lstrip(":") or "*"
            session.reply(f":{session.server} FAIL MARKREAD INVALID_PARAMS {invalid} :Invalid parameters")
            return
        _set(session, casefold(target), at_ms)
    send_marker(session, target)


def _set(session: Session, folded: str, at_ms: int) -> None:
    """Set a read marker; it only moves forward."""
    marks = session.read_marks
    if at_ms > marks.get(folded, 0):
        marks.pop(folded, None)
        marks[folded] = at_ms
        if len(marks) > MARKS_LIMIT:
            del marks[next(iter(marks))]


def send_marker(session: Session, target: str) -> None:
    """Send the read marker of a conversation; `*` if there is none."""
    at_ms = session.read_marks.get(casefold(target))
    told = "*" if at_ms is None else f"timestamp={server_time(at_ms)}"
    session.reply(f":{session.server} MARKREAD {target} {told}")


def send_room_marker(session: Session, room: str) -> None:
    """IRCv3 read-marker, "Command flows": after a JOIN and before the end of NAMES."""
    if session.caps & READ_MARKER:
        send_marker(session, room)


COMMANDS = {"MARKREAD": Command(markread)}
