"""WHO and its WHOX form: the users in a room, or whom a mask matches, on any gateway.

Clauses: Modern IRC "WHO message", RFC 2812 3.6.1, IRCv3 WHOX.

The members of a room are in its replica. All else about a user is in the nick's claim in Redis.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.chat import costs
from gateway.chat.capabilities import MULTI_PREFIX
from gateway.chat.commands.rooms import visible_members, visible_room
from gateway.chat.commands.table import Command
from gateway.chat.interfaces import Services
from gateway.chat.member import Member
from gateway.chat.network import Profile
from gateway.chat.session import Session
from gateway.chat.user_modes import BOT_MODE
from gateway.chat.user_status import UserStatus, as_word
from gateway.wire import numerics as n
from gateway.wire.masks import matches
from gateway.wire.message import Message

WHO_LIMIT = 500
ASKED_LIMIT = 5
"""In a longer answer nobody's own lane is asked for idle time and address."""
FIELDS = "tcuihsnfdlaor"
"""In the order of an answer (IRCv3 WHOX, "RPL_WHOSPCRPL")."""
NO_ADDRESS = "255.255.255.255"
NO_LEVEL = "n/a"
NO_HOPS = "0"
"""No gateway is linked to another: the answer is the same on all of them."""
NO_TOKEN = "0"


class Asked(NamedTuple):
    """The parameters after the mask. ``fields``: None for the ordinary reply."""

    only_opers: bool
    fields: frozenset[str] | None
    token: str


class Found(NamedTuple):
    """A user in the reply. Without a room in the query, ``room`` is * and ``prefix`` is empty."""

    profile: Profile
    room: str = "*"
    prefix: str = ""


async def who(services: Services, session: Session, message: Message) -> None:
    """Modern IRC WHO. ``o`` as second parameter: operators only; ``%fields,token`` after it: these fields (WHOX)."""
    mask = message.params[0] if message.params and message.params[0] != "0" else "*"
    asked = _asked(message.params[1] if len(message.params) > 1 else "")
    find = _in_room if mask.startswith("#") else _by_mask
    found, are_more = await find(services, session, mask, asked.only_opers)
    if asked.fields is None:
        for one in found:
            _reply(session, one)
    else:
        await _reply_fields(services, session, found, asked.fields, asked.token)
    if are_more:
        session.note(f"WHO shows {WHO_LIMIT} users at most; there are more. Use a narrower mask")
    session.numeric(n.RPL_ENDOFWHO, mask, "End of WHO list")


def _asked(option: str) -> Asked:
    flags, percent, rest = option.partition("%")
    fields, _, token = rest.partition(",")
    is_token = token.isascii() and token.isdigit() and len(token) <= 3
    return Asked(flags.lower() == "o", frozenset(fields) if percent else None, token if is_token else NO_TOKEN)


async def _in_room(services: Services, session: Session, name: str, only_opers: bool) -> tuple[list[Found], bool]:
    """Return the members that the user may see, and whether there are more."""
    room = await visible_room(services, session, name)
    if room is None:
        return [], False
    members = await visible_members(services, session, room)
    profiles = await services.directory.find_all([member.nick for member in members[:WHO_LIMIT]])
    found = []
    for member, profile in zip(members, profiles, strict=False):
        known = profile if profile is not None and profile.sid == member.sid else _as_seen(member, session.server)
        if known.oper or not only_opers:
            found.append(Found(known, room.name, member.prefix))
    return found, len(members) > WHO_LIMIT


async def _by_mask(services: Services, session: Session, mask: str, only_opers: bool) -> tuple[list[Found], bool]:
    def fits(profile: Profile) -> bool:
        if (only_opers and not profile.oper) or not _may_find(session, profile):
            return False
        known = (profile.nick, profile.user, profile.host, profile.server, profile.realname, profile.source)
        return any(matches(mask, text) for text in known)

    exact = await services.directory.find(mask)
    if exact is not None:  # a nick: it finds its user, even an invisible one
        return [Found(exact)] if exact.oper or not only_opers else [], False
    session.charge(costs.SEARCH)
    found = [Found(profile) for profile in await services.directory.search(fits, WHO_LIMIT + 1)]
    return found[:WHO_LIMIT], len(found) > WHO_LIMIT


def _may_find(session: Session, profile: Profile) -> bool:
    """Modern IRC "Invisible user mode": a mask finds an invisible user only for users who share a room with them."""
    return not profile.invisible or profile.sid == session.sid or bool(session.oper) or _shared(session, profile) != "*"


def _shared(session: Session, profile: Profile) -> str:
    """Return a room that both users are in."""
    return next((room.name for room in session.rooms.values() if profile.sid in room.members), "*")


def _as_seen(member: Member, server: str) -> Profile:
    """Return a member without a claim: it has just joined, left or changed its nick."""
    return Profile(member.nick, member.sid, member.user, member.host, member.realname, server, 0, member.away)


def _reply(session: Session, found: Found) -> None:
    """Send RPL_WHOREPLY."""
    profile = found.profile
    names = (found.room, profile.user, profile.host, profile.server, profile.nick, _flags(session, found))
    session.numeric(n.RPL_WHOREPLY, *names, f"{NO_HOPS} {profile.realname}")


def _flags(session: Session, found: Found) -> str:
    """H or G for here or gone, * for an operator, then the prefix in the room, then B for a bot."""
    profile = found.profile
    prefix = found.prefix if session.caps & MULTI_PREFIX else found.prefix[:1]
    here, oper, bot = (
        "H" if profile.away is None else "G",
        "*" if profile.oper else "",
        BOT_MODE.letter if profile.is_bot else "",
    )
    return here + oper + prefix + bot


async def _reply_fields(
    services: Services, session: Session, found: list[Found], fields: frozenset[str], token: str
) -> None:
    """Send RPL_WHOSPCRPL with the requested fields, in their order."""
    is_asked = bool(fields & {"i", "l"}) and len(found) <= ASKED_LIMIT
    for one in found:
        may_know = bool(session.oper) or one.profile.sid == session.sid
        told = await services.users.status(one.profile, with_address=may_know) if is_asked else None
        values = dict(zip(FIELDS, _values(session, one, token, told), strict=True))
        words = [values[field] for field in FIELDS if field in fields]
        if "r" in fields:
            session.numeric(n.RPL_WHOSPCRPL, *words)
        else:
            session.numeric_words(n.RPL_WHOSPCRPL, *words)


def _values(session: Session, found: Found, token: str, told: UserStatus | None) -> Iterable[str]:
    """Return a value for each of FIELDS; an unknown idle time is 0."""
    profile = found.profile
    return (
        token,
        found.room if found.room != "*" else _shared(session, profile),
        profile.user,
        as_word(told.address) if told is not None and told.address else NO_ADDRESS,
        profile.host,
        profile.server,
        profile.nick,
        _flags(session, found),
        NO_HOPS,
        str(told.idle_s if told is not None else 0),
        profile.account or "0",
        NO_LEVEL,
        profile.realname,
    )


COMMANDS = {"WHO": Command(who)}
