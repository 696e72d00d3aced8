"""CHATHISTORY: earlier messages and events of a conversation (IRCv3 chathistory).

A room's log is read for its members, direct messages for the session that sent or received them.
"""

from gateway.chat.capabilities import BATCH, CHATHISTORY
from gateway.chat.commands.streaming import PAGE_EVENTS, Selection, access, begin_batch, end_batch, select, show
from gateway.chat.commands.table import Command
from gateway.chat.dates import parse_time, server_time
from gateway.chat.errors import CommandError, Unavailable
from gateway.chat.history_access import FIRST, ID_LIMIT, LAST, Place, Span, place
from gateway.chat.interfaces import Services
from gateway.chat.isupport import HISTORY_LIMIT
from gateway.chat.playback import verbs
from gateway.chat.render import in_batch
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.message import Message
from gateway.wire.names import CHANNELLEN

REFERENCES = {"AFTER": 1, "AROUND": 1, "BEFORE": 1, "BETWEEN": 2, "LATEST": 1}
"""Subcommand -> how many message references it has."""


async def chathistory(services: Services, session: Session, message: Message) -> None:
    """IRCv3 chathistory, "CHATHISTORY Command"."""
    if not session.caps & CHATHISTORY:
        raise CommandError(n.ERR_UNKNOWNCOMMAND, "CHATHISTORY", "Negotiate draft/chathistory first")
    subcommand, params = message.params[0].upper(), message.params[1:]
    if subcommand == "TARGETS":
        await _targets(services, session, params)
    elif subcommand in REFERENCES:
        await _messages(services, session, subcommand, params)
    else:
        raise _error("INVALID_PARAMS", subcommand, "Unknown command")


def _error(code: str, subcommand: str, *context_and_text: str) -> CommandError:
    """IRCv3 chathistory, "Errors and Warnings": the context of each begins with the subcommand."""
    *context, text = context_and_text
    return CommandError(code, *map(_word, (subcommand, *context)), text, verb="CHATHISTORY", is_implied=True)


async def _messages(services: Services, session: Session, subcommand: str, params: list[str]) -> None:
    _count(subcommand, params, 2 + REFERENCES[subcommand])
    target, *references, limit = params
    # Without batch the response to a label is held in memory, so it must be short (IRCv3 labeled-response needs batch).
    most = PAGE_EVENTS if session.response is not None and not session.caps & BATCH else HISTORY_LIMIT
    spans = _spans(subcommand, target, references, min(_limit(subcommand, limit), most), verbs(session.caps))
    room = session.rooms.get(casefold(target))
    if room is None and (target.startswith("#") or len(target) > CHANNELLEN):
        raise _error("INVALID_TARGET", subcommand, target, "Messages could not be retrieved")
    name, may_read = room.name if room is not None else target, access(session, target)
    found: list[Selection] = []
    try:
        for span in spans:
            if room is not None:
                found.append(await select(services, session, may_read, span))
            else:
                name, said, is_all = services.direct.history(session, target, span)
                found.append(Selection(span, said, is_all))
        if room is not None and may_read() is None:  # the session left the room, or was kicked, meanwhile
            raise _error("INVALID_TARGET", subcommand, target, "Messages could not be retrieved")
    except Unavailable:
        raise _error("MESSAGE_ERROR", subcommand, target, "Messages could not be retrieved") from None
    reference = begin_batch(session, "chathistory", name, is_all=all(one.is_all for one in found))
    try:
        for one in found:
            await show(services, session, name, one, may_read, reference)
    except Unavailable:
        end_batch(session, reference)
        raise _error("MESSAGE_ERROR", subcommand, target, "Messages could not be retrieved") from None
    end_batch(session, reference)


async def _targets(services: Services, session: Session, params: list[str]) -> None:
    """IRCv3 chathistory, "TARGETS". The time of a conversation is that of its latest message, not of other events."""
    _count("TARGETS", params, 3)
    [span] = _spans("TARGETS", "*", params[:2], _limit("TARGETS", params[2]), verbs(0))
    for reference in params[:2]:
        if not reference.startswith("timestamp="):
            raise _error("INVALID_PARAMS", "TARGETS", reference, "Invalid timestamp")
    latest = Span(span.after, LAST, 1, newest=True)
    last: list[tuple[Place, str]] = []
    try:
        for name, room in list(session.rooms.items()):
            found = await select(services, session, access(session, name), latest)
            last += [(past.place, room.name) for past in found.events or ()]
            await services.pacing.pace(session)  # many rooms may take longer than one wait
        last += [((at_ms, 0, 0, ""), nick) for nick, at_ms in services.direct.conversations(session)]
    except Unavailable:
        raise _error("MESSAGE_ERROR", "TARGETS", "*", "Messages could not be retrieved") from None
    inside = sorted((at, name) for at, name in last if span.after < at < span.before)
    chosen = inside[-span.limit :] if span.newest else inside[: span.limit]
    reference = begin_batch(session, "draft/chathistory-targets", is_all=len(chosen) == len(inside))
    for at, name in chosen:
        session.reply(in_batch(reference, f":{session.server} CHATHISTORY TARGETS {name} {server_time(at[0])}"))
    end_batch(session, reference)


# Parameters


def _count(subcommand: str, params: list[str], wanted: int) -> None:
    if len(params) != wanted:
        raise _error(
            "INVALID_PARAMS", subcommand, f"{'Insufficient' if len(params) < wanted else 'Too many'} parameters"
        )


def _limit(subcommand: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) == 0:
        raise _error("INVALID_PARAMS", subcommand, text, "Invalid limit")
    return min(int(text), HISTORY_LIMIT)


def _spans(subcommand: str, target: str, references: list[str], limit: int, verbs: frozenset[str]) -> list[Span]:
    """Return the spans to read, in the order in which they are shown."""
    if subcommand == "LATEST" and references[0] == "*":
        return [Span(FIRST, LAST, limit, newest=True, verbs=verbs)]
    begin, end = _place(subcommand, target, references[0])
    if subcommand == "BEFORE":
        return [Span(FIRST, begin, limit, newest=True, verbs=verbs)]
    if subcommand == "AROUND":  # the named message is the first of the second part
        middle = (*begin[:3], "")
        before, behind = limit // 2, limit - limit // 2
        parts = [Span(FIRST, middle, before, newest=True, verbs=verbs), Span(middle, LAST, behind, False, verbs)]
        return parts if before else parts[1:]
    if subcommand in ("BETWEEN", "TARGETS"):
        other_begin, other_end = _place(subcommand, target, references[1])
        if other_begin < begin:
            return [Span(other_end, begin, limit, newest=True, verbs=verbs)]
        return [Span(end, other_begin, limit, newest=False, verbs=verbs)]
    return [Span(end, LAST, limit, newest=subcommand == "LATEST", verbs=verbs)]


def _place(subcommand: str, target: str, reference: str) -> tuple[Place, Place]:
    """Return the first and the last place that a reference names: one for a msgid, a millisecond for a timestamp."""
    kind, equals, value = reference.partition("=")
    if kind == "timestamp":
        ms = parse_time(value)
        if ms is None:
            raise _error("INVALID_PARAMS", subcommand, reference, "Invalid timestamp")
        return (ms, 0, -1, ""), (ms, ID_LIMIT, ID_LIMIT, "")
    if kind != "msgid":
        if equals:
            text = f"{_word(kind)}-based history requests are not supported"
            raise _error("INVALID_MSGREFTYPE", subcommand, target, reference, text)
        raise _error("INVALID_PARAMS", subcommand, reference, "Invalid message reference")
    found = place(value)
    if found == FIRST:
        raise _error("INVALID_PARAMS", subcommand, reference, "Unknown message")
    return found, found


def _word(text: str) -> str:
    """Return text as a parameter for the middle of a line."""
    word = text.partition(" ")[0][:100].lstrip(":")
    return word or "*"


COMMANDS = {"CHATHISTORY": Command(chathistory, 1)}
