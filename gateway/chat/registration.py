"""From a connection to a user: what must be in before 001, and what is said then (Modern IRC "Connection Setup")."""

from contextlib import suppress

from gateway.chat.commands.connecting import password_fits
from gateway.chat.commands.network import send_isupport, send_lusers, send_motd
from gateway.chat.dates import date
from gateway.chat.ports import Ports, Unavailable
from gateway.chat.session import Session
from gateway.chat.user_modes import LETTERS
from gateway.wire import numerics as n

ROOM_MODES = "beIklimnstov"
ROOM_MODES_WITH_PARAMETER = "beIklov"


def is_complete(ports: Ports, session: Session) -> bool:
    """Whether nick, USER and CAP END are all in; the nick is claimed if the password fits."""
    registration = session.registration
    if registration is None or registration.negotiates or not session.user:
        return False
    return bool(session.nick or (registration.nick and not password_fits(ports, session)))


async def complete(ports: Ports, session: Session) -> None:
    """Makes the session a user of the network and greets it; a wrong password ends it."""
    if not password_fits(ports, session):
        session.numeric(n.ERR_PASSWDMISMATCH, "Password incorrect")
        ports.quit(session, "Bad password")
        return
    session.registration = None
    session.is_registered = True
    server = ports.server
    ports.registered(session)
    session.numeric(n.RPL_WELCOME, f"Welcome to the {server.network} Network, {session.source}")
    session.numeric(n.RPL_YOURHOST, f"Your host is {server.name}, running version {server.version}")
    session.numeric(n.RPL_CREATED, f"This server was created {date(server.started_s)}")
    session.numeric_words(n.RPL_MYINFO, server.name, server.version, LETTERS, ROOM_MODES, ROOM_MODES_WITH_PARAMETER)
    send_isupport(ports, session)
    with suppress(Unavailable):  # whoever comes while Redis is away comes in all the same
        await send_lusers(ports, session)
    send_motd(ports, session)
