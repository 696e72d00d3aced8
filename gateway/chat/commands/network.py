"""LIST, LUSERS, LINKS, MOTD, VERSION, TIME, INFO, HELP, ADMIN, STATS: queries about the network.

Clauses: Modern IRC "Server Queries and Commands" and "LIST message".

All gateways are equal and may share a name. So each answers for the network, whichever gateway a command names.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from gateway.chat import costs
from gateway.chat.capabilities import BATCH, EXTENDED_ISUPPORT
from gateway.chat.commands.table import Command, Handler
from gateway.chat.dates import date
from gateway.chat.errors import CommandError
from gateway.chat.help import INDEX, TOPICS
from gateway.chat.interfaces import Services
from gateway.chat.network import RoomListing
from gateway.chat.render import in_batch
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.framing import LINE_CONTENT_BYTES, cut
from gateway.wire.masks import matches
from gateway.wire.message import Message

LIST_LIMIT = 1000

INFO = (
    "Hubbub: one chat network out of any number of equal gateways.",
    "A room is a log in Redis; each gateway keeps a replica of the rooms that its users are in,",
    "and all replicas apply the same log in the same order. So there is no netsplit.",
)


# LIST

Condition = Callable[[RoomListing], bool]


async def list_(services: Services, session: Session, message: Message) -> None:
    """Modern IRC LIST with the conditions of ELIST=MNU, the largest rooms first."""
    words = [word for word in (message.params[0] if message.params else "").split(",") if word]
    names = [word for word in words if not _is_condition(word)]
    conditions = [_condition(word) for word in words if _is_condition(word)]
    if conditions or not names:
        session.charge(costs.SEARCH)
    rooms = await services.directory.list_rooms([] if conditions else names)
    asked = {casefold(name) for name in names}
    shown = [
        room
        for room in rooms
        if (not room.is_secret or casefold(room.name) in session.rooms or session.oper)
        and (not asked or casefold(room.name) in asked)
        and all(fits(room) for fits in conditions)
    ]
    shown.sort(key=lambda room: (-room.members, room.name))
    session.numeric(n.RPL_LISTSTART, "Channel", "Users  Name")
    for room in shown[:LIST_LIMIT]:
        session.numeric(n.RPL_LIST, room.name, str(room.members), room.topic)
    if len(shown) > LIST_LIMIT:
        session.note(f"LIST shows the {LIST_LIMIT} largest rooms of {len(shown)}")
    session.numeric(n.RPL_LISTEND, "End of /LIST")


def _is_condition(word: str) -> bool:
    return word[0] in "<>!" or "*" in word or "?" in word


def _condition(word: str) -> Condition:
    """Parse a condition of ISUPPORT ELIST: M a mask, N (!) a mask that must not match, U (< >) a number of users."""
    sign, rest = word[0], word[1:]
    if sign in "<>":
        users = int(rest) if rest.isascii() and rest.isdigit() and len(rest) < 10 else 0
        return (lambda room: room.members < users) if sign == "<" else (lambda room: room.members > users)
    if sign == "!":
        return lambda room: not matches(rest, room.name)
    return lambda room: matches(word, room.name)


# LUSERS, LINKS


async def lusers(services: Services, session: Session, message: Message) -> None:
    """Modern IRC LUSERS."""
    await send_lusers(services, session)


async def send_lusers(services: Services, session: Session) -> None:
    """Send the counts of the whole network; 252 to 254 only if they are not zero (RFC 2812 3.4.2).

    This includes 255 and 265, which mean one server in RFC 2812 and Modern IRC: all gateways give the same answer.
    """
    counts, rooms = await services.directory.user_counts(), await services.directory.count_rooms()
    users, invisible = sum(c.users for c in counts), sum(c.invisible for c in counts)
    opers, unknown = sum(c.opers for c in counts), sum(c.unknown for c in counts)
    session.numeric(
        n.RPL_LUSERCLIENT,
        f"There are {users - invisible} users and {invisible} invisible on {len(counts)} servers",
    )
    if opers:
        session.numeric(n.RPL_LUSEROP, str(opers), "operator(s) online")
    if unknown:
        session.numeric(n.RPL_LUSERUNKNOWN, str(unknown), "unknown connection(s)")
    if rooms:
        session.numeric(n.RPL_LUSERCHANNELS, str(rooms), "channels formed")
    peak = sum(c.peak for c in counts)
    session.numeric(n.RPL_LUSERME, f"I have {users} clients and {len(counts)} servers")
    session.numeric(n.RPL_LOCALUSERS, str(users), str(peak), f"Current local users {users}, max {peak}")
    session.numeric(n.RPL_GLOBALUSERS, str(users), str(peak), f"Current global users {users}, max {peak}")


async def links(services: Services, session: Session, message: Message) -> None:
    """Modern IRC LINKS: one line for each gateway, as no gateway is linked to another. Gateways may share a name."""
    mask = message.params[-1] if message.params else "*"
    for count in await services.directory.user_counts():
        if matches(mask, count.name):
            session.numeric(n.RPL_LINKS, count.name, count.name, f"0 gateway {count.gateway}")
    session.numeric(n.RPL_ENDOFLINKS, mask, "End of /LINKS list")


# The server


def motd(services: Services, session: Session, message: Message) -> None:
    """Modern IRC MOTD."""
    send_motd(services, session)


def send_motd(services: Services, session: Session) -> None:
    """Send the message of the day, or ERR_NOMOTD: clients wait for one of the two."""
    if not services.context.server.motd:
        session.numeric(
            n.ERR_NOMOTD, f"No message of the day. To meet the others: /join {services.context.server.lobby}"
        )
        return
    session.numeric(n.RPL_MOTDSTART, f"- {session.server} Message of the day - ")
    for line in services.context.server.motd:
        session.reply(cut(f":{session.server} {n.RPL_MOTD} {session.nick} :- {line}", LINE_CONTENT_BYTES))
    session.numeric(n.RPL_ENDOFMOTD, "End of /MOTD command.")


def isupport(services: Services, session: Session, message: Message) -> None:
    """IRCv3 extended-isupport: before registration only for clients that have negotiated it."""
    if not session.is_registered and not session.caps & EXTENDED_ISUPPORT:
        raise CommandError(n.ERR_NOTREGISTERED, "You have not registered")
    send_isupport(services, session)


def send_isupport(services: Services, session: Session) -> None:
    """Send as many RPL_ISUPPORT lines as are needed, in a batch with draft/extended-isupport."""
    head = f":{session.server} {n.RPL_ISUPPORT} {session.nick or '*'}"
    lines = [f"{head} {tokens} :are supported by this server" for tokens in services.context.server.isupport]
    if session.caps & EXTENDED_ISUPPORT and session.caps & BATCH:
        reference = session.new_batch()
        opening = f":{session.server} BATCH +{reference} draft/isupport"
        lines = [opening, *[in_batch(reference, line) for line in lines], f":{session.server} BATCH -{reference}"]
    for line in lines:
        session.reply(line)


def version(services: Services, session: Session, message: Message) -> None:
    """Modern IRC VERSION, with RPL_ISUPPORT."""
    session.numeric(n.RPL_VERSION, services.context.server.version, session.server, services.context.server.network)
    send_isupport(services, session)


def time(services: Services, session: Session, message: Message) -> None:
    """Modern IRC TIME."""
    session.numeric(n.RPL_TIME, session.server, date(services.context.wall_now))


def admin(services: Services, session: Session, message: Message) -> None:
    """Modern IRC ADMIN: no setting names an administrator."""
    raise CommandError(n.ERR_NOADMININFO, session.server, "No administrative info available")


def info(services: Services, session: Session, message: Message) -> None:
    """Modern IRC INFO."""
    for line in (*INFO, f"{services.context.server.version}, running since {date(services.context.server.started_s)}"):
        session.numeric(n.RPL_INFO, line)
    session.numeric(n.RPL_ENDOFINFO, "End of /INFO list")


def stats(services: Services, session: Session, message: Message) -> None:
    """Modern IRC STATS: ``u`` is the uptime of the gateway; other letters have an empty reply."""
    letter = message.params[0][:1]
    if letter == "u":
        up_s = max(0, int(services.context.wall_now - services.context.server.started_s))
        days, (hours, minutes), seconds = up_s // 86400, divmod(up_s % 86400 // 60, 60), up_s % 60
        session.numeric(n.RPL_STATSUPTIME, f"Server Up {days} days {hours}:{minutes:02}:{seconds:02}")
    session.numeric(n.RPL_ENDOFSTATS, letter or "*", "End of /STATS report")


def help_(services: Services, session: Session, message: Message) -> None:
    """Modern IRC HELP."""
    subject = message.params[0].upper() if message.params else ""
    lines = TOPICS.get(subject) if subject else INDEX
    if lines is None:
        raise CommandError(n.ERR_HELPNOTFOUND, message.params[0], "No help available on this topic")
    first, *others = lines
    session.numeric(n.RPL_HELPSTART, subject or "*", first)
    for line in others:
        session.numeric(n.RPL_HELPTXT, subject or "*", line)
    session.numeric(n.RPL_ENDOFHELP, subject or "*", "End of /HELP.")


def _of_server(handler: Handler, at: int = 0, *, only_here: bool = False) -> Handler:
    """Return the handler of a command whose parameter at this position may be a server name or a mask of it.

    It may name any gateway, as each answers for the network; with ``only_here`` only this one.
    """

    def checked(services: Services, session: Session, message: Message) -> Coroutine[Any, Any, None] | None:
        mask = message.params[at] if len(message.params) > at else "*"
        if matches(mask, session.server):
            return handler(services, session, message)
        return elsewhere(services, session, message, mask)

    async def elsewhere(services: Services, session: Session, message: Message, mask: str) -> None:
        if only_here or not any(matches(mask, count.name) for count in await services.directory.user_counts()):
            raise CommandError(n.ERR_NOSUCHSERVER, mask, "No such server")
        waits = handler(services, session, message)
        if waits is not None:
            await waits

    return checked


COMMANDS = {
    "ADMIN": Command(_of_server(admin)),
    "HELP": Command(help_),
    "INFO": Command(_of_server(info)),
    "ISUPPORT": Command(isupport, before_registration=True),
    "LINKS": Command(links),
    "LIST": Command(list_),
    "LUSERS": Command(_of_server(lusers, 1)),
    "MOTD": Command(_of_server(motd)),
    "STATS": Command(_of_server(stats, 1, only_here=True), 1),
    "TIME": Command(_of_server(time)),
    "VERSION": Command(_of_server(version)),
}
