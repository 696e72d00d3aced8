"""WHO, WHOIS, WHOWAS, ISON, USERHOST, AWAY: asking about people, on whichever gateway they are.

Clauses: Modern IRC "User-Based Queries", RFC 2812 3.6 and 4.

Who is in a room stands in its replica; what else there is to know of a user stands behind the nick's claim,
and how long it is idle only its own lane knows.
"""

from gateway.chat import events
from gateway.chat.capabilities import MULTI_PREFIX
from gateway.chat.commands.rooms import LOOKED_UP_A_LINE, packed, room_in_view, visible_members
from gateway.chat.commands.table import Command
from gateway.chat.dates import date
from gateway.chat.effects import Member
from gateway.chat.isupport import AWAYLEN
from gateway.chat.ports import Ports, Profile, Unavailable
from gateway.chat.presence import Presence
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import fold
from gateway.wire.framing import LINE_LIMIT_BYTES
from gateway.wire.masks import matches
from gateway.wire.message import Message

WHO_LIMIT = 500
WHOWAS_LIMIT = 10
SEARCH_LINES = 8
"""What a search through everybody costs."""
USERHOST_LIMIT = 5
_LINE_BYTES = LINE_LIMIT_BYTES - len("\r\n")


# WHO


async def who(ports: Ports, session: Session, message: Message) -> None:
    """Modern IRC WHO; ``o`` as second parameter asks for operators only (RFC 2812 3.6.1)."""
    mask = message.params[0] if message.params and message.params[0] != "0" else "*"
    only_opers = len(message.params) > 1 and message.params[1].lower() == "o"
    if mask.startswith("#"):
        await _who_room(ports, session, mask, only_opers)
    else:
        await _who_people(ports, session, mask, only_opers)
    session.numeric(n.RPL_ENDOFWHO, mask, "End of WHO list")


async def _who_room(ports: Ports, session: Session, name: str, only_opers: bool) -> None:
    room = await room_in_view(ports, session, name)
    if room is None:
        return
    members = await visible_members(ports, session, room)
    profiles = await ports.find_all([member.nick for member in members[:WHO_LIMIT]])
    for member, profile in zip(members, profiles, strict=False):
        known = profile if profile is not None and profile.sid == member.sid else _as_seen(member, session.server)
        if known.oper or not only_opers:
            _who_reply(session, known, room.name, member.prefix)
    if len(members) > WHO_LIMIT:
        _stopped(session)


async def _who_people(ports: Ports, session: Session, mask: str, only_opers: bool) -> None:
    def fits(profile: Profile) -> bool:
        if (only_opers and not profile.oper) or not _may_find(session, profile):
            return False
        known = (profile.nick, profile.user, profile.host, profile.server, profile.realname, profile.source)
        return any(matches(mask, text) for text in known)

    exact = await ports.find(mask)
    if exact is not None:  # a nick: whoever knows it is shown its holder, even an invisible one
        found = [exact] if exact.oper or not only_opers else []
    else:
        session.charge(SEARCH_LINES)
        found = await ports.search(fits, WHO_LIMIT + 1)
    for profile in found[:WHO_LIMIT]:
        _who_reply(session, profile, "*", "")
    if len(found) > WHO_LIMIT:
        _stopped(session)


def _may_find(session: Session, profile: Profile) -> bool:
    """Modern IRC "Invisible user mode": masks find an invisible user only for those who share a room with it."""
    if not profile.invisible or profile.sid == session.sid or session.oper:
        return True
    return any(profile.sid in room.members for room in session.rooms.values())


def _as_seen(member: Member, server: str) -> Profile:
    """A member whose claim tells nothing: it has just come, gone or changed its nick."""
    return Profile(member.nick, member.sid, member.user, member.host, member.realname, server, 0, member.away)


def _who_reply(session: Session, profile: Profile, room: str, prefix: str) -> None:
    """RPL_WHOREPLY: H or G for here or gone, * for an operator, then the prefix in the room."""
    shown = prefix if session.caps & MULTI_PREFIX else prefix[:1]
    flags = ("H" if profile.away is None else "G") + ("*" if profile.oper else "") + shown
    hops = "0" if _gateway(profile.sid) == _gateway(session.sid) else "1"
    names = (room, profile.user, profile.host, profile.server, profile.nick, flags)
    session.numeric(n.RPL_WHOREPLY, *names, f"{hops} {profile.realname}")


def _gateway(sid: str) -> str:
    return sid.partition(".")[0]


def _stopped(session: Session) -> None:
    session.note(f"WHO shows {WHO_LIMIT} users at most: there are more, ask for fewer")


# WHOIS, WHOWAS


async def whois(ports: Ports, session: Session, message: Message) -> None:
    """Modern IRC WHOIS; a server may stand before the nick (RFC 2812 3.6.2) and makes no difference."""
    if not message.params:
        session.numeric(n.ERR_NONICKNAMEGIVEN, "No nickname given")
        return
    asked = message.params[1] if len(message.params) > 1 else message.params[0]
    profile = await ports.find(asked)
    if profile is None:
        session.numeric(n.ERR_NOSUCHNICK, asked, "No such nick/channel")
    else:
        told = await ports.presence(profile, with_address=bool(session.oper) or profile.sid == session.sid)
        _describe(ports, session, profile, told)
    session.numeric(n.RPL_ENDOFWHOIS, asked if profile is None else profile.nick, "End of /WHOIS list")


def _describe(ports: Ports, session: Session, profile: Profile, told: Presence | None) -> None:
    nick = profile.nick
    session.numeric(n.RPL_WHOISUSER, nick, profile.user, profile.host, "*", profile.realname)
    if told is not None:
        _describe_rooms(ports, session, nick, told)
    session.numeric(n.RPL_WHOISSERVER, nick, profile.server, f"a gateway of {ports.server.network}")
    if profile.oper:
        session.numeric(n.RPL_WHOISOPERATOR, nick, "is an IRC operator")
    if profile.account:
        session.numeric(n.RPL_WHOISACCOUNT, nick, profile.account, "is logged in as")
    if profile.away is not None:
        session.numeric(n.RPL_AWAY, nick, profile.away)
    if told is None:
        return
    if told.address:
        user = f"{profile.user}@{profile.host}"
        session.numeric(n.RPL_WHOISACTUALLY, nick, user, _param(told.address), "Is actually using host")
    if told.is_secure:
        session.numeric(n.RPL_WHOISSECURE, nick, "is using a secure connection")
    times = str(told.idle_s), str(profile.signon_s)
    session.numeric(n.RPL_WHOISIDLE, nick, *times, "seconds idle, signon time")


def _describe_rooms(ports: Ports, session: Session, nick: str, told: Presence) -> None:
    all_prefixes = session.caps & MULTI_PREFIX
    names = [
        (seat.prefix if all_prefixes else seat.prefix[:1]) + seat.room
        for seat in told.seats
        if not seat.is_secret or fold(seat.room) in session.rooms or session.oper
    ]
    head = f":{session.server} {n.RPL_WHOISCHANNELS} {session.nick} {nick} :"
    for line in packed(names, _LINE_BYTES - len(head.encode())):
        session.reply(head + line)


def _param(address: str) -> str:
    """An address as a parameter: an IPv6 one may not begin with the colon that begins a text."""
    return f"0{address}" if address.startswith(":") else address


async def whowas(ports: Ports, session: Session, message: Message) -> None:
    """Modern IRC WHOWAS: the last who had a nick and gave it up, the newest first."""
    if not message.params or not message.params[0]:
        session.numeric(n.ERR_NONICKNAMEGIVEN, "No nickname given")
        return
    nick = message.params[0]
    count = message.params[1] if len(message.params) > 1 else ""
    limit = int(count) if count.isascii() and count.isdigit() and 0 < len(count) < 4 else 0
    past = await ports.whowas(nick)
    if not past:
        session.numeric(n.ERR_WASNOSUCHNICK, nick, "There was no such nickname")
    for profile in past[: limit or WHOWAS_LIMIT]:
        session.numeric(n.RPL_WHOWASUSER, profile.nick, profile.user, profile.host, "*", profile.realname)
        session.numeric(n.RPL_WHOISSERVER, profile.nick, profile.server, date(profile.signon_s))
    session.numeric(n.RPL_ENDOFWHOWAS, nick, "End of WHOWAS")


# ISON, USERHOST


async def ison(ports: Ports, session: Session, message: Message) -> None:
    """RFC 2812 4.9: which of these nicks are in use, in the order asked."""
    nicks = [nick for param in message.params for nick in param.split()]
    session.charge(len(nicks) / LOOKED_UP_A_LINE)
    found = await ports.find_all(nicks)
    session.numeric(n.RPL_ISON, " ".join(profile.nick for profile in found if profile is not None))


async def userhost(ports: Ports, session: Session, message: Message) -> None:
    """RFC 2812 4.8: at most five nicks; ``*`` marks an operator, ``-`` one who is away."""
    found = await ports.find_all(message.params[:USERHOST_LIMIT])
    session.numeric(n.RPL_USERHOST, " ".join(_userhost(profile) for profile in found if profile is not None))


def _userhost(profile: Profile) -> str:
    oper, away = "*" if profile.oper else "", "+" if profile.away is None else "-"
    return f"{profile.nick}{oper}={away}{profile.user}@{profile.host}"


# AWAY


async def away(ports: Ports, session: Session, message: Message) -> None:
    """Modern IRC AWAY: told to every room of the user, so that all gateways know."""
    text = message.params[0][:AWAYLEN] if message.params else ""
    if (text or None) != session.away:
        before, session.away = session.away, text or None
        ports.publish_profile(session)
        try:
            await ports.commit_everywhere(session, events.away(session.source, session.away))
        except Unavailable:
            session.away = before
            ports.publish_profile(session)
            raise
    if session.away is None:
        session.numeric(n.RPL_UNAWAY, "You are no longer marked as being away")
    else:
        session.numeric(n.RPL_NOWAWAY, "You have been marked as being away")


COMMANDS = {
    "AWAY": Command(away),
    "ISON": Command(ison, 1),
    "USERHOST": Command(userhost, 1),
    "WHO": Command(who),
    "WHOIS": Command(whois),
    "WHOWAS": Command(whowas),
}
