"""OPER, KILL, WALLOPS, REHASH: commands of network operators (Modern IRC "Operator Messages")."""

from collections.abc import Coroutine
from typing import Any

from gateway.chat import costs
from gateway.chat.commands.modes import send_own_modes
from gateway.chat.commands.table import Command, Handler
from gateway.chat.errors import CommandError, Unavailable, no_such_nick
from gateway.chat.interfaces import Services
from gateway.chat.isupport import KICKLEN
from gateway.chat.modes import Change
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.message import Message

FAILED_PAUSE_S = 1.0
"""How long a wrong password parks the session: what one connection can try is one a second."""


async def oper(services: Services, session: Session, message: Message) -> None:
    """Modern IRC OPER. Another thread verifies the password. It is never logged."""
    name, password = message.params[:2]
    operators = services.context.server.operators
    if not operators:
        raise CommandError(n.ERR_NOOPERHOST, "No operators are set up for this server")
    # For an unknown name another operator's hash is verified, so that the time does not show which names exist.
    password_hash = operators.get(name) or next(iter(operators.values()))
    try:
        fits = await services.operators.verify(session, password_hash, password)
    except Unavailable:
        text = "Too many passwords are being tried: wait a while and try again"
        raise CommandError(n.RPL_TRYAGAIN, "OPER", text) from None
    if not fits or name not in operators:
        session.charge(costs.WRONG_PASSWORD)
        await services.pacing.pause(FAILED_PAUSE_S)
        raise CommandError(n.ERR_PASSWDMISMATCH, "Password incorrect")
    session.oper = name
    session.numeric(n.RPL_YOUREOPER, "You are now an IRC operator")
    send_own_modes(services, session, [Change(True, "o", None)])


async def kill(services: Services, session: Session, message: Message) -> None:
    """Modern IRC KILL, on any gateway: the target's own lane ends its session."""
    nick, comment = message.params[0], message.params[1][:KICKLEN]
    profile = await services.directory.find(nick)
    line = f":{session.source} KILL {profile.nick if profile else nick} :{comment}"
    if profile is None or not await services.direct.notify(profile.sid, line):
        raise no_such_nick(nick)
    services.operators.report(session, "KILL", profile.nick, comment)


async def wallops(services: Services, session: Session, message: Message) -> None:
    """RFC 2812 4.7 WALLOPS: to all users with +w, and to all operators."""
    await services.direct.broadcast(f":{session.source} WALLOPS :{message.params[0]}")


def rehash(services: Services, session: Session, message: Message) -> None:
    """Modern IRC REHASH: this gateway reads its configuration again, as on SIGHUP."""
    session.numeric(n.RPL_REHASHING, "settings", "Rehashing")
    services.operators.report(session, "REHASH")
    services.operators.rehash()


def _operators_only(handler: Handler) -> Handler:
    def guarded(services: Services, session: Session, message: Message) -> Coroutine[Any, Any, None] | None:
        if not session.oper:
            raise CommandError(n.ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator")
        return handler(services, session, message)

    return guarded


COMMANDS = {
    "OPER": Command(oper, 2),
    "KILL": Command(_operators_only(kill), 2),
    "WALLOPS": Command(_operators_only(wallops), 1),
    "REHASH": Command(_operators_only(rehash)),
}
