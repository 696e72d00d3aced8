"""REDACT: a message is taken back, by who said it or who may operate its room (IRCv3 message-redaction, draft).

Whose message it is, is looked up in its log; the room's own log then tells all gateways, and every reader of history
omits the message from there on.
"""

from gateway.chat import events
from gateway.chat.capabilities import MESSAGE_REDACTION
from gateway.chat.commands.table import Command
from gateway.chat.history_access import place, readable
from gateway.chat.isupport import KICKLEN
from gateway.chat.ports import Ports
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, parse


async def redact(ports: Ports, session: Session, message: Message) -> None:
    """IRCv3 message-redaction, "Command"."""
    if not session.caps & MESSAGE_REDACTION:
        session.numeric(n.ERR_UNKNOWNCOMMAND, "REDACT", "Negotiate draft/message-redaction first")
        return
    target, msgid = message.params[:2]
    reason = message.params[2][:KICKLEN] if len(message.params) > 2 else ""
    if target.startswith("#"):
        await _in_room(ports, session, target, msgid, reason)
    else:
        await _to_person(ports, session, target, msgid, reason)


async def _in_room(ports: Ports, session: Session, target: str, msgid: str, reason: str) -> None:
    room = session.rooms.get(casefold(target))
    if room is None and session.oper and ports.is_room_name(target):
        room = await ports.open_room(target)
    if room is None:
        _fail_target(session, target)
        return
    may_read = readable(session.sid, room, as_member=bool(session.oper))
    is_hidden = may_read is None or place(msgid) not in may_read
    said = None if is_hidden else await ports.find_message(room.name, msgid)
    if said is None:
        _fail_unknown(session, room.name, msgid)
        return
    is_oper = bool(session.oper)
    void = room.may_redact(session.sid, said.sid, is_oper)
    if void is None:
        line = events.redacted_in_room(session.source, room.name, msgid, said.sid, reason, is_oper)
        void = (await ports.commit(session, room.name, line)).reason
    if void is not None:
        text = "You are not authorised to delete this message"
        session.standard_reply("FAIL", "REDACT", "REDACT_FORBIDDEN", room.name, msgid, text)


async def _to_person(ports: Ports, session: Session, target: str, msgid: str, reason: str) -> None:
    """What others said is not told from what nobody said: a msgid must not tell that a message exists."""
    profile = await ports.find(target)
    if profile is None:
        _fail_target(session, target)
        return
    said = await ports.find_message(profile.sid, msgid)
    message = parse(said.line) if said is not None and said.sid == session.sid else None
    if message is None or message.tags.get(f"{events.FACT}to") != profile.sid:
        _fail_unknown(session, profile.nick, msgid)
        return
    line = events.redacted(session.source, profile.nick, msgid, reason)
    if await ports.notify(profile.sid, line):
        ports.delete_direct(session, msgid)
        session.reply(line)
    else:
        _fail_target(session, target)


def _fail_target(session: Session, target: str) -> None:
    text = f"You cannot delete messages from {target}"
    session.standard_reply("FAIL", "REDACT", "INVALID_TARGET", target, text)


def _fail_unknown(session: Session, target: str, msgid: str) -> None:
    text = "This message does not exist or is too old"
    session.standard_reply("FAIL", "REDACT", "UNKNOWN_MSGID", target, msgid, text)


COMMANDS = {"REDACT": Command(redact, 2)}
