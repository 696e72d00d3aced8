"""CAP, PASS, NICK, USER, PING, PONG, QUIT: the connection and its registration (Modern IRC "Connection Messages")."""

from collections.abc import Coroutine, Iterable
from typing import Any

from gateway.chat import capabilities, costs, multiline
from gateway.chat.commands import registration
from gateway.chat.commands.rooms import packed
from gateway.chat.commands.table import Command
from gateway.chat.errors import CommandError, Unavailable, too_few_parameters, unavailable
from gateway.chat.interfaces import Services
from gateway.chat.isupport import NAMELEN
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.framing import LINE_LIMIT_BYTES
from gateway.wire.message import Message
from gateway.wire.names import valid_nick

CAPABILITY_VALUES = {multiline.BATCH_TYPE: multiline.CAPABILITY_VALUE}


def cap(services: Services, session: Session, message: Message) -> Coroutine[Any, Any, None] | None:
    """IRCv3 capability-negotiation, version 302."""
    subcommand = message.params[0].upper()
    argument = message.params[1] if len(message.params) > 1 else ""
    pending = session.registration
    if subcommand in ("LS", "REQ") and pending is not None:
        pending.negotiates = True
    if subcommand == "LS":
        offered = capabilities.short_offer()
        if argument.isascii() and argument.isdigit() and int(argument) >= 302:
            services.sessions.set_caps(session, session.caps | capabilities.CAP_NOTIFY | capabilities.VERSION_302)
            offered = capabilities.offer(CAPABILITY_VALUES)
        _cap_list(session, "LS", offered)
    elif subcommand == "LIST":
        _cap_list(session, "LIST", capabilities.names(session.caps))
    elif subcommand == "REQ":
        caps = capabilities.change(session.caps, argument)
        if caps is None:
            _cap(session, "NAK", argument)
        else:
            _cap(session, "ACK", argument)
            services.sessions.set_caps(session, caps)
    elif subcommand == "END":
        if pending is not None:
            pending.negotiates = False
            return registration.complete_if_ready(services, session)
    else:
        raise CommandError(n.ERR_INVALIDCAPCMD, message.params[0], "Invalid CAP command")
    return None


def _cap_list(session: Session, subcommand: str, words: Iterable[str]) -> None:
    """Send a list in as many lines as it needs; all but the last have an asterisk (version 302)."""
    rest = LINE_LIMIT_BYTES - len(f":{session.server} CAP {session.nick or '*'} {subcommand} * :\r\n")
    *lines, last = list(packed(words, rest)) or [""]
    for line in lines:
        _cap(session, f"{subcommand} *", line)
    _cap(session, subcommand, last)


def _cap(session: Session, subcommand: str, text: str) -> None:
    session.reply(f":{session.server} CAP {session.nick or '*'} {subcommand} :{text}")


async def password(services: Services, session: Session, message: Message) -> None:
    """Modern IRC PASS. A nick that came before it is claimed now."""
    pending = session.registration
    if pending is None:
        raise CommandError(n.ERR_ALREADYREGISTERED, "You may not reregister")
    pending.password = message.params[0]
    if pending.nick and registration.password_fits(services, session):
        await _first_nick(services, session, pending.nick)


async def nick(services: Services, session: Session, message: Message) -> None:
    """Modern IRC NICK: claim the nick in Redis for the whole network, then send it to every room's log."""
    wanted = message.params[0] if message.params else ""
    if not wanted:
        raise CommandError(n.ERR_NONICKNAMEGIVEN, "No nickname given")
    if not valid_nick(wanted):
        raise CommandError(n.ERR_ERRONEUSNICKNAME, wanted, "Erroneous nickname")
    if session.registration is not None:
        session.registration.nick = wanted
        if registration.password_fits(services, session):
            await _first_nick(services, session, wanted)
        else:  # no session claims a nick without the network's password
            await registration.complete_if_ready(services, session)
    elif wanted != session.nick:
        masks = sum(room.mask_count for room in session.rooms.values())
        session.charge(costs.rooms(len(session.rooms)) + costs.masks(masks))
        for room in session.rooms.values():
            if room.may_rename(session.sid) is not None:
                raise CommandError(n.ERR_BANNICKCHANGE, room.name, "Cannot change nickname while banned on channel")
        if not await services.nicks.take(session, wanted):
            raise _nick_in_use(wanted)


def _nick_in_use(nick: str) -> CommandError:
    return CommandError(n.ERR_NICKNAMEINUSE, nick, "Nickname is already in use")


async def _first_nick(services: Services, session: Session, wanted: str) -> None:
    if not await services.nicks.take(session, wanted):
        raise _nick_in_use(wanted)
    await registration.complete_if_ready(services, session)


def user(services: Services, session: Session, message: Message) -> Coroutine[Any, Any, None] | None:
    """Modern IRC USER. Of the user name only letters, digits and a few signs are used; neither name may be empty."""
    if session.registration is None:
        raise CommandError(n.ERR_ALREADYREGISTERED, "You may not reregister")
    if not (message.params[0] and message.params[3]):
        raise too_few_parameters("USER")
    name = "".join(c for c in message.params[0] if c.isascii() and (c.isalnum() or c in "-_.~"))[:10]
    session.user = name or "user"
    session.realname = message.params[3][:NAMELEN]
    return registration.complete_if_ready(services, session)


async def ping(services: Services, session: Session, message: Message) -> None:
    """Modern IRC PING. For a registered user it is a barrier (gateway/logs/barrier.py)."""
    if session.is_registered:
        try:
            await services.sessions.barrier(session)
        except Unavailable:  # still send PONG, or all clients would disconnect
            session.answer(unavailable("PING", message.params[0]))
    session.reply(f":{session.server} PONG {session.server} :{message.params[0]}")


def pong(services: Services, session: Session, message: Message) -> None:
    """Modern IRC PONG. Nothing to do: the lane notes the time of every line."""


def quit_(services: Services, session: Session, message: Message) -> None:
    """Modern IRC QUIT."""
    text = message.params[0] if message.params else ""
    services.sessions.quit(session, f"Quit: {text}" if text else "Client quit")


COMMANDS = {
    "CAP": Command(cap, 1, before_registration=True),
    "PASS": Command(password, 1, before_registration=True),
    "NICK": Command(nick, 0, before_registration=True),
    "USER": Command(user, 4, before_registration=True),
    "PING": Command(ping, 1, before_registration=True),
    "PONG": Command(pong, 0, before_registration=True),
    "QUIT": Command(quit_, 0, before_registration=True),
}
