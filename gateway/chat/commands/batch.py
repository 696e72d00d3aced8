"""BATCH from a client: a message of several lines (IRCv3 client-batch and multiline, drafts).

Its lines come as PRIVMSG and NOTICE commands and are collected. The end of the batch sends them as one message.
"""

from collections.abc import Coroutine
from typing import Any

from gateway.chat.batches import collect, refuse
from gateway.chat.capabilities import MULTILINE
from gateway.chat.commands.messages import speak
from gateway.chat.commands.table import Command
from gateway.chat.errors import CommandError, Unavailable
from gateway.chat.interfaces import Services
from gateway.chat.multiline import Batch, batch_error
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.message import Message


def batch(services: Services, session: Session, message: Message) -> Coroutine[Any, Any, None] | None:
    """IRCv3 client-batch, "The client-to-server BATCH verb"; one at a time, and none in another."""
    reference = message.params[0]
    if not session.caps & MULTILINE:
        raise CommandError(n.ERR_UNKNOWNCOMMAND, "BATCH", "Negotiate draft/multiline first")
    if "batch" in message.tags:
        collect(session, message)  # BATCH is not allowed inside a batch
    elif reference.startswith("-"):
        return _end(services, session, reference[1:])
    elif reference.startswith("+"):
        _begin(session, message, services.context.wall_now)
    else:
        raise batch_error("INVALID_REFTAG", reference, "A batch begins with + and ends with -")
    return None


def _begin(session: Session, opening: Message, now: float) -> None:
    if session.batch is not None:
        refuse(session, batch_error("MULTILINE_INVALID", "Another batch begins before the end of this one"))
    begun = session.batch = Batch(opening, session.put_off_response(), now)
    try:
        begun.check(opening)
    except CommandError as error:
        refuse(session, error)


def _end(services: Services, session: Session, reference: str) -> Coroutine[Any, Any, None] | None:
    ended = session.batch
    if ended is None or ended.reference != reference:
        session.standard_reply("FAIL", "BATCH", "MULTILINE_INVALID", "No such batch is open")
        return None
    message = None
    if not ended.is_refused:
        try:
            message = ended.message()
        except CommandError as error:
            refuse(session, error)
    session.batch = None
    if message is None:
        return None
    session.resume_response(ended.label)
    waits = speak(services, session, message)
    if waits is None:
        session.end_response()
        return None
    return _named(waits, message)


async def _named(waits: Coroutine[Any, Any, None], message: Message) -> None:
    """Name the message in the error, not BATCH."""
    try:
        await waits
    except Unavailable:
        raise Unavailable(message.verb, message.params[0]) from None


COMMANDS = {"BATCH": Command(batch, 1)}
