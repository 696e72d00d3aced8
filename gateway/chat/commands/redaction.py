"""REDACT: the sender or a room operator deletes a message (IRCv3 message-redaction, draft).

The message is looked up in its log to find its sender. The event goes to the room's log, and histories omit the
message from then on.
"""

from gateway.chat import events
from gateway.chat.capabilities import MESSAGE_REDACTION
from gateway.chat.commands.table import Command
from gateway.chat.effects import reason_of
from gateway.chat.errors import CommandError
from gateway.chat.history_access import place, readable
from gateway.chat.interfaces import Services
from gateway.chat.isupport import KICKLEN
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, parse
from gateway.wire.names import valid_room


async def redact(services: Services, session: Session, message: Message) -> None:
    """IRCv3 message-redaction, "Command"."""
    if not session.caps & MESSAGE_REDACTION:
        raise CommandError(n.ERR_UNKNOWNCOMMAND, "REDACT", "Negotiate draft/message-redaction first")
    target, msgid = message.params[:2]
    reason = message.params[2][:KICKLEN] if len(message.params) > 2 else ""
    if target.startswith("#"):
        await _in_room(services, session, target, msgid, reason)
    else:
        await _to_person(services, session, target, msgid, reason)


async def _in_room(services: Services, session: Session, target: str, msgid: str, reason: str) -> None:
    room = session.rooms.get(casefold(target))
    if room is None and session.oper and valid_room(target):
        room = await services.rooms.open(target)
    if room is None:
        raise _invalid_target(target)
    may_read = readable(session.sid, room, as_member=bool(session.oper))
    is_hidden = may_read is None or place(msgid) not in may_read
    said = None if is_hidden else await services.history.find(room.name, msgid)
    if said is None:
        raise _unknown_message(room.name, msgid)
    is_oper = bool(session.oper)
    rejection = room.may_redact(session.sid, said.sid, is_oper)
    if rejection is None:
        line = events.redacted_in_room(session.source, room.name, msgid, said.sid, reason, is_oper)
        rejection = reason_of(await services.outgoing.commit_to(session, room.name, line))
    if rejection is not None:
        text = "You are not authorised to delete this message"
        raise _error("REDACT_FORBIDDEN", room.name, msgid, text)


async def _to_person(services: Services, session: Session, target: str, msgid: str, reason: str) -> None:
    """Delete a direct message. The reply does not show whether a message that others sent exists."""
    profile = await services.directory.find(target)
    if profile is None:
        raise _invalid_target(target)
    said = await services.history.find(profile.sid, msgid)
    message = parse(said.line) if said is not None and said.sid == session.sid else None
    if message is None or message.tags.get(f"{events.FACT}to") != profile.sid:
        raise _unknown_message(profile.nick, msgid)
    line = events.redacted(session.source, profile.nick, msgid, reason)
    if not await services.direct.notify(profile.sid, line):
        raise _invalid_target(target)
    services.direct.delete(session, msgid)
    session.reply(line)


def _error(code: str, *context_and_text: str) -> CommandError:
    """The FAIL of a REDACT (IRCv3 message-redaction, "Errors"); its capability implies standard replies."""
    return CommandError(code, *context_and_text, verb="REDACT", is_implied=True)


def _invalid_target(target: str) -> CommandError:
    return _error("INVALID_TARGET", target, f"You cannot delete messages from {target}")


def _unknown_message(target: str, msgid: str) -> CommandError:
    return _error("UNKNOWN_MSGID", target, msgid, "This message does not exist or is too old")


COMMANDS = {"REDACT": Command(redact, 2)}
