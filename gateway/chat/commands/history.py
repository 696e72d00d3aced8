"""CHATHISTORY: what was said in a room before, from its log (IRCv3 chathistory).

LATEST, BEFORE and AFTER, of rooms, for their members; the lines are what they were when they were said.
"""

from collections.abc import Iterable

from gateway.chat.capabilities import BATCH, CHATHISTORY
from gateway.chat.commands.table import Command
from gateway.chat.isupport import HISTORY_LIMIT
from gateway.chat.past import FIRST, ID_LIMIT, LAST, Past, Place, place
from gateway.chat.ports import Ports, Unavailable
from gateway.chat.render import log_mark, parse_time, recalled
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import fold
from gateway.wire.message import Message

SUBCOMMANDS = ("LATEST", "BEFORE", "AFTER")


class Refused(Exception):
    """The command cannot be carried out: the code of its FAIL, the context, and the words for people."""

    def __init__(self, code: str, *context_and_text: str) -> None:
        self.code = code
        *self.context, self.text = context_and_text


async def chathistory(ports: Ports, session: Session, message: Message) -> None:
    """IRCv3 chathistory, "CHATHISTORY Command"."""
    if not session.caps & CHATHISTORY:
        session.numeric(n.ERR_UNKNOWNCOMMAND, "CHATHISTORY", "Negotiate draft/chathistory first")
        return
    subcommand = message.params[0].upper()
    try:
        target, after, before, limit = _read(subcommand, message.params[1:])
        room = session.rooms.get(fold(target))
        if room is None:
            raise Refused("INVALID_TARGET", target, "Messages could not be retrieved")
        try:
            said = await ports.history(target, after, before, limit, newest=subcommand != "AFTER")
        except Unavailable:
            raise Refused("MESSAGE_ERROR", target, "Messages could not be retrieved") from None
    except Refused as refused:
        context = " ".join((refused.code, _word(subcommand), *map(_word, refused.context)))
        session.reply(f":{session.server} FAIL CHATHISTORY {context} :{refused.text}")
    else:
        _show(session, room.name, said)


def _read(subcommand: str, params: list[str]) -> tuple[str, Place, Place, int]:
    """(target, after, before, limit) of a command's parameters."""
    if subcommand not in SUBCOMMANDS:
        raise Refused("INVALID_PARAMS", "Unknown command")
    if len(params) < 3:
        raise Refused("INVALID_PARAMS", "Insufficient parameters")
    if len(params) > 3:
        raise Refused("INVALID_PARAMS", "Too many parameters")
    target, reference, limit = params
    if not (limit.isascii() and limit.isdigit()) or len(limit) > 9 or int(limit) == 0:
        raise Refused("INVALID_PARAMS", limit, "Invalid limit")
    if subcommand == "LATEST" and reference == "*":
        after, before = FIRST, LAST
    elif subcommand == "BEFORE":
        after, before = FIRST, _place(reference, is_end=False)
    else:
        after, before = _place(reference, is_end=True), LAST
    return target, after, before, min(int(limit), HISTORY_LIMIT)


def _place(reference: str, *, is_end: bool) -> Place:
    """The place that a timestamp or msgid names; of a timestamp's many the first or the last (``is_end``)."""
    kind, _, value = reference.partition("=")
    if kind == "timestamp":
        ms = parse_time(value)
        if ms is None:
            raise Refused("INVALID_PARAMS", reference, "Invalid timestamp")
        return (ms, ID_LIMIT, ID_LIMIT) if is_end else (ms, 0, -1)
    if kind != "msgid":
        raise Refused("INVALID_PARAMS", reference, "Invalid message reference")
    found = place(value)
    if found == FIRST:
        raise Refused("INVALID_PARAMS", reference, "Unknown message")
    return found


def _word(text: str) -> str:
    """Text as a parameter in the middle of a line."""
    word = text.partition(" ")[0][:100].lstrip(":")
    return word or "*"


def _show(session: Session, room: str, said: Iterable[Past]) -> None:
    """In a batch for those who know batches; the order is the log's."""
    mark = log_mark(fold(room))
    reference = session.new_batch() if session.caps & BATCH else ""
    if reference:
        session.reply(f":{session.server} BATCH +{reference} chathistory {room}")
    for past in said:
        for line in recalled(past, session.caps, mark, reference):
            session.reply(line)
    if reference:
        session.reply(f":{session.server} BATCH -{reference}")


COMMANDS = {"CHATHISTORY": Command(chathistory, 1)}
