"""Registration: the requirements for 001, and the greeting (Modern IRC "Connection Setup")."""

import hmac
from contextlib import suppress

from gateway.chat.commands.network import send_isupport, send_lusers, send_motd
from gateway.chat.dates import date
from gateway.chat.errors import Unavailable
from gateway.chat.interfaces import Services
from gateway.chat.session import Session
from gateway.chat.user_modes import LETTERS
from gateway.wire import numerics as n

ROOM_MODES = "beIklimnstov"
ROOM_MODES_WITH_PARAMETER = "beIklov"


def password_fits(services: Services, session: Session) -> bool:
    """Return whether the network's password, if there is one, was given. Compares in constant time."""
    wanted, registration = services.context.server.password, session.registration
    given = registration.password if registration is not None else ""
    return wanted is None or hmac.compare_digest(wanted.encode(), given.encode())


async def complete_if_ready(services: Services, session: Session) -> None:
    """Greet the session when nick, USER and CAP END are complete. A wrong password ends the session."""
    registration = session.registration
    if registration is None or registration.negotiates or not session.user:
        return
    if not password_fits(services, session):
        if session.nick or registration.nick:
            session.numeric(n.ERR_PASSWDMISMATCH, "Password incorrect")
            services.sessions.quit(session, "Bad password")
    elif session.nick:
        await _greet(services, session)


async def _greet(services: Services, session: Session) -> None:
    """Make the session a user of the network."""
    session.registration = None
    session.is_registered = True
    server = services.context.server
    services.sessions.registered(session)
    session.numeric(n.RPL_WELCOME, f"Welcome to the {server.network} Network, {session.source}")
    session.numeric(n.RPL_YOURHOST, f"Your host is {server.name}, running version {server.version}")
    session.numeric(n.RPL_CREATED, f"This server was created {date(server.started_s)}")
    session.numeric_words(n.RPL_MYINFO, server.name, server.version, LETTERS, ROOM_MODES, ROOM_MODES_WITH_PARAMETER)
    send_isupport(services, session)
    with suppress(Unavailable):  # a session is registered also while Redis is unavailable
        await send_lusers(services, session)
    send_motd(services, session)
