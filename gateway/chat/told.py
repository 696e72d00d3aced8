"""What a session tells of itself: AWAY, SETNAME, ACCOUNT, CHGHOST (IRCv3 away-notify and its kin). Pure."""

from collections.abc import Iterator
from typing import Final, Protocol

from gateway.chat import events
from gateway.chat.capabilities import ACCOUNT_NOTIFY, AWAY_NOTIFY, CHGHOST, SETNAME
from gateway.chat.effects import Kind

ASKED_BY: Final = {
    Kind.AWAY: AWAY_NOTIFY,
    Kind.SETNAME: SETNAME,
    Kind.ACCOUNT: ACCOUNT_NOTIFY,
    Kind.CHGHOST: CHGHOST,
}
"""The capability of those who want to be told."""


class Known(Protocol):
    """A session as somebody knows it: a room's member, or the profile behind a nick."""

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


def news(known: Known, now: Known) -> Iterator[tuple[Kind, str]]:
    """The lines that lead from what was known to what is so now."""
    if (now.user, now.host) != (known.user, known.host):
        yield Kind.CHGHOST, events.host_changed(known.source, now.user, now.host)
    if now.away != known.away:
        yield Kind.AWAY, events.away(now.source, now.away)
    if now.realname != known.realname:
        yield Kind.SETNAME, events.realname_set(now.source, now.realname)
    if now.account != known.account:
        yield Kind.ACCOUNT, events.account_set(now.source, now.account)
