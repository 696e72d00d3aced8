"""WHOIS, WHOWAS, ISON, USERHOST, AWAY, SETNAME: queries about users on any gateway, and their own profile.

Clauses: Modern IRC "User-Based Queries", RFC 2812 3.6 and 4.

A user's profile is in the nick's claim in Redis. Only the user's own lane knows the idle time and the rooms.
"""

from gateway.chat import costs, events
from gateway.chat.capabilities import MULTI_PREFIX, PRE_AWAY, SETNAME
from gateway.chat.commands.rooms import packed
from gateway.chat.commands.table import Command
from gateway.chat.dates import date
from gateway.chat.errors import CommandError, Unavailable
from gateway.chat.interfaces import Services
from gateway.chat.isupport import AWAYLEN, NAMELEN
from gateway.chat.network import Profile
from gateway.chat.profile_updates import AWAY, REALNAME, ProfileField
from gateway.chat.session import Session
from gateway.chat.user_status import UserStatus, as_word
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.framing import LINE_CONTENT_BYTES
from gateway.wire.message import Message

WHOWAS_LIMIT = 10
USERHOST_LIMIT = 5


# WHOIS, WHOWAS


async def whois(services: Services, session: Session, message: Message) -> None:
    """Modern IRC WHOIS. A server before the nick (RFC 2812 3.6.2) makes no difference."""
    if not message.params:
        raise CommandError(n.ERR_NONICKNAMEGIVEN, "No nickname given")
    asked = message.params[1] if len(message.params) > 1 else message.params[0]
    profile = await services.directory.find(asked)
    if profile is None:
        session.numeric(n.ERR_NOSUCHNICK, asked, "No such nick/channel")
    else:
        told = await services.users.status(profile, with_address=bool(session.oper) or profile.sid == session.sid)
        _describe(services, session, profile, told)
    session.numeric(n.RPL_ENDOFWHOIS, asked if profile is None else profile.nick, "End of /WHOIS list")


def _describe(services: Services, session: Session, profile: Profile, told: UserStatus | None) -> None:
    nick = profile.nick
    session.numeric(n.RPL_WHOISUSER, nick, profile.user, profile.host, "*", profile.realname)
    if told is not None:
        _describe_rooms(services, session, nick, told)
    session.numeric(n.RPL_WHOISSERVER, nick, profile.server, f"a gateway of {services.context.server.network}")
    if profile.oper:
        session.numeric(n.RPL_WHOISOPERATOR, nick, "is an IRC operator")
    if profile.is_bot:
        session.numeric(n.RPL_WHOISBOT, nick, f"is a bot on {services.context.server.network}")
    if profile.account:
        session.numeric(n.RPL_WHOISACCOUNT, nick, profile.account, "is logged in as")
    if profile.away is not None:
        session.numeric(n.RPL_AWAY, nick, profile.away)
    if told is None:
        return
    if told.address:
        user = f"{profile.user}@{profile.host}"
        session.numeric(n.RPL_WHOISACTUALLY, nick, user, as_word(told.address), "Is actually using host")
    if told.is_secure:
        session.numeric(n.RPL_WHOISSECURE, nick, "is using a secure connection")
    times = str(told.idle_s), str(profile.signon_s)
    session.numeric(n.RPL_WHOISIDLE, nick, *times, "seconds idle, signon time")


def _describe_rooms(services: Services, session: Session, nick: str, told: UserStatus) -> None:
    all_prefixes = session.caps & MULTI_PREFIX
    names = [
        (seat.prefix if all_prefixes else seat.prefix[:1]) + seat.room
        for seat in told.seats
        if not seat.is_secret or casefold(seat.room) in session.rooms or session.oper
    ]
    head = f":{session.server} {n.RPL_WHOISCHANNELS} {session.nick} {nick} :"
    for line in packed(names, LINE_CONTENT_BYTES - len(head.encode())):
        session.reply(head + line)


async def whowas(services: Services, session: Session, message: Message) -> None:
    """Modern IRC WHOWAS: the last users who released a nick, the newest first."""
    if not message.params or not message.params[0]:
        raise CommandError(n.ERR_NONICKNAMEGIVEN, "No nickname given")
    nick = message.params[0]
    count = message.params[1] if len(message.params) > 1 else ""
    limit = int(count) if count.isascii() and count.isdigit() and 0 < len(count) < 4 else 0
    past = await services.directory.whowas(nick)
    if not past:
        session.numeric(n.ERR_WASNOSUCHNICK, nick, "There was no such nickname")
    for profile in past[: limit or WHOWAS_LIMIT]:
        session.numeric(n.RPL_WHOWASUSER, profile.nick, profile.user, profile.host, "*", profile.realname)
        session.numeric(n.RPL_WHOISSERVER, profile.nick, profile.server, date(profile.signon_s))
    session.numeric(n.RPL_ENDOFWHOWAS, nick, "End of WHOWAS")


# ISON, USERHOST


async def ison(services: Services, session: Session, message: Message) -> None:
    """RFC 2812 4.9: which of these nicks are in use, in the given order."""
    nicks = [nick for param in message.params for nick in param.split()]
    session.charge(costs.lookups(len(nicks)))
    found = await services.directory.find_all(nicks)
    session.numeric(n.RPL_ISON, " ".join(profile.nick for profile in found if profile is not None))


async def userhost(services: Services, session: Session, message: Message) -> None:
    """RFC 2812 4.8: at most five nicks; ``*`` marks an operator, ``-`` a user who is away."""
    found = await services.directory.find_all(message.params[:USERHOST_LIMIT])
    session.numeric(n.RPL_USERHOST, " ".join(_userhost(profile) for profile in found if profile is not None))


def _userhost(profile: Profile) -> str:
    oper, away = "*" if profile.oper else "", "+" if profile.away is None else "-"
    return f"{profile.nick}{oper}={away}{profile.user}@{profile.host}"


# AWAY, SETNAME, user mode +B: sent to every room of the user, so that all gateways know


async def away(services: Services, session: Session, message: Message) -> None:
    """Modern IRC AWAY. IRCv3 pre-away: clients that have negotiated it may send it before registration."""
    text = message.params[0][:AWAYLEN] if message.params else ""
    if session.is_registered:
        await change_profile(services, session, AWAY, text or None)
    elif session.caps & PRE_AWAY:
        session.away = text or None
    else:
        raise CommandError(n.ERR_NOTREGISTERED, "You have not registered")
    if session.away is None:
        session.numeric(n.RPL_UNAWAY, "You are no longer marked as being away")
    else:
        session.numeric(n.RPL_NOWAWAY, "You have been marked as being away")


async def setname(services: Services, session: Session, message: Message) -> None:
    """IRCv3 setname: clients with the capability get the line itself as confirmation, others nothing."""
    realname = message.params[0]
    if not 0 < len(realname) <= NAMELEN:
        raise CommandError("INVALID_REALNAME", f"A real name has 1 to {NAMELEN} characters", verb="SETNAME")
    try:
        await change_profile(services, session, REALNAME, realname)
    except Unavailable:
        text = "The network's message store does not answer; try again"
        raise CommandError("CANNOT_CHANGE_REALNAME", text, verb="SETNAME") from None
    if not session.rooms and session.caps & SETNAME:
        session.reply(events.realname_set(session.source, realname))


async def change_profile(services: Services, session: Session, field: ProfileField, value: str | bool | None) -> None:
    """Change one field of a session's profile, in all its rooms. Raises Unavailable if that fails."""
    (attribute,), before = field.attributes, field.values(session)
    if (value,) == before:
        return
    session.charge(costs.rooms(len(session.rooms)))
    setattr(session, attribute, value)
    session.revision += 1
    services.profiles.publish(session)
    try:
        await services.outgoing.commit_to_all(session, field.line(session.source, value, session.revision))
    except Unavailable:
        setattr(session, attribute, *before)
        session.revision += 1
        services.profiles.correct_shown(session)
        services.profiles.publish(session)
        raise


COMMANDS = {
    "AWAY": Command(away, before_registration=True),
    "ISON": Command(ison, 1),
    "SETNAME": Command(setname, 1),
    "USERHOST": Command(userhost, 1),
    "WHOIS": Command(whois),
    "WHOWAS": Command(whowas),
}
