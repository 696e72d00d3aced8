"""MONITOR: notify clients when a nick comes and when it leaves (IRCv3 monitor, extended-monitor)."""

from collections.abc import Iterable, Sequence

from gateway.chat import costs
from gateway.chat.commands.rooms import packed
from gateway.chat.commands.table import Command
from gateway.chat.errors import ClientLeft, CommandError, Unavailable, too_few_parameters
from gateway.chat.interfaces import Services
from gateway.chat.isupport import MAX_MONITORED
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.framing import LINE_CONTENT_BYTES
from gateway.wire.message import Message
from gateway.wire.names import valid_nick


async def monitor(services: Services, session: Session, message: Message) -> None:
    """One of ``+ nick,...``, ``- nick,...``, C (clear), L (list), S (status)."""
    modifier, targets = message.params[0].upper(), message.params[1:2]
    if modifier in ("+", "-") and not targets:
        raise too_few_parameters("MONITOR")
    if modifier == "+":
        await _add(services, session, _nicks(targets[0]))
    elif modifier == "-":
        services.monitor.remove(session, [casefold(nick) for nick in _nicks(targets[0])])
    elif modifier == "C":
        services.monitor.remove(session, list(services.monitor.targets(session)))
    elif modifier == "L":
        _send(session, n.RPL_MONLIST, services.monitor.targets(session).values())
        session.numeric(n.RPL_ENDOFMONLIST, "End of MONITOR list")
    elif modifier == "S":
        await _send_status(services, session, list(services.monitor.targets(session).values()))
    else:
        raise CommandError(n.ERR_UNKNOWNERROR, "MONITOR", "Unknown modifier: it is one of + - C L S")


def _nicks(text: str) -> list[str]:
    """Return each valid nick once."""
    return list({casefold(nick): nick for nick in text.split(",") if valid_nick(nick)}.values())


async def _add(services: Services, session: Session, nicks: list[str]) -> None:
    known = services.monitor.targets(session)
    new = [nick for nick in nicks if casefold(nick) not in known]
    surplus = new[max(0, MAX_MONITORED - len(known)) :]
    added = new[: len(new) - len(surplus)]
    services.monitor.add(session, added)
    try:
        await _send_status(services, session, [nick for nick in nicks if nick not in surplus])
    except (ClientLeft, Unavailable):
        services.monitor.remove(session, [casefold(nick) for nick in added])
        raise
    if surplus:
        raise CommandError(n.ERR_MONLISTFULL, str(MAX_MONITORED), ",".join(surplus), "Monitor list is full.")


async def _send_status(services: Services, session: Session, nicks: Sequence[str]) -> None:
    """Reply which of these nicks are online and which are not."""
    session.charge(costs.lookups(len(nicks)))
    holders = await services.directory.find_all(nicks)
    found = [holder or services.monitor.holder(nick) for nick, holder in zip(nicks, holders, strict=True)]
    _send(session, n.RPL_MONONLINE, [profile.source for profile in found if profile is not None])
    _send(session, n.RPL_MONOFFLINE, [nick for nick, profile in zip(nicks, found, strict=True) if profile is None])


def _send(session: Session, code: str, targets: Iterable[str]) -> None:
    head = f":{session.server} {code} {session.nick} :"
    for line in packed(targets, LINE_CONTENT_BYTES - len(head.encode()), ","):
        session.reply(head + line)


COMMANDS = {"MONITOR": Command(monitor, 1)}
