"""What a session tells of itself: AWAY, SETNAME, ACCOUNT, CHGHOST (IRCv3 away-notify and its kin), BOT (bot-mode).

Owns what each changes of a room's member, and the line for those who ask to be told. Pure.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from gateway.chat import events
from gateway.chat.capabilities import ACCOUNT_NOTIFY, AWAY_NOTIFY, CHGHOST, SETNAME
from gateway.chat.effects import Kind, Rejection
from gateway.chat.member import Member

NOTIFY_CAPABILITY: Final = {
    Kind.AWAY: AWAY_NOTIFY,
    Kind.SETNAME: SETNAME,
    Kind.ACCOUNT: ACCOUNT_NOTIFY,
    Kind.CHGHOST: CHGHOST,
    Kind.BOT: 0,
}
"""The capability of those who want to be told; 0: no line tells it."""

Change = Callable[[Member, list[str]], str | Rejection]
"""Makes the change that an event's parameters say, which may be so already; its line, or why there is none."""


def _away(member: Member, params: list[str]) -> str | Rejection:
    member.away = "".join(params[:1]) or None
    return events.away(member.source, member.away)


def _setname(member: Member, params: list[str]) -> str | Rejection:
    member.realname = params[0]
    return events.realname_set(member.source, member.realname)


def _account(member: Member, params: list[str]) -> str | Rejection:
    account = "" if params[0] == events.LOGGED_OUT else params[0]
    if not events.NOT_IN_NAMES.isdisjoint(account):
        return Rejection.MALFORMED
    member.account = account
    return events.account_set(member.source, account)


def _chghost(member: Member, params: list[str]) -> str | Rejection:
    user, host = params[:2]
    if not (user and host and events.NOT_IN_NAMES.isdisjoint(user + host)):
        return Rejection.MALFORMED
    line = events.host_changed(member.source, user, host)
    member.user, member.host = user, host
    member.rename(member.nick)
    return line


def _bot(member: Member, params: list[str]) -> str | Rejection:
    member.is_bot = params[0] == "1"
    return events.bot_set(member.source, member.is_bot)


CHANGES: Final[dict[Kind, tuple[Change, int]]] = {
    Kind.AWAY: (_away, 0),
    Kind.SETNAME: (_setname, 1),
    Kind.ACCOUNT: (_account, 1),
    Kind.CHGHOST: (_chghost, 2),
    Kind.BOT: (_bot, 1),
}
"""By the verb, of which the kind has its name: what it does, and how many parameters it needs."""


def as_tuple(known: "Known") -> tuple[str | bool | None, ...]:
    """All that these tell of."""
    return known.user, known.host, known.away, known.realname, known.account, known.is_bot


class Known(Protocol):
    """A session as somebody knows it: a room's member, or the profile behind a nick."""

    @property
    def nick(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def realname(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def away(self) -> str | None: ...
    @property
    def is_bot(self) -> bool: ...


def news(known: Known, now: Known) -> Iterator[tuple[Kind, str]]:
    """The lines that lead from what was known to what is so now."""
    if (now.user, now.host) != (known.user, known.host):
        source = f"{now.nick}!{known.user}@{known.host}"  # a change of nick is shown before
        yield Kind.CHGHOST, events.host_changed(source, now.user, now.host)
    if now.away != known.away:
        yield Kind.AWAY, events.away(now.source, now.away)
    if now.realname != known.realname:
        yield Kind.SETNAME, events.realname_set(now.source, now.realname)
    if now.account != known.account:
        yield Kind.ACCOUNT, events.account_set(now.source, now.account)
    if now.is_bot != known.is_bot:
        yield Kind.BOT, events.bot_set(now.source, now.is_bot)
