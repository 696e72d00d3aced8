"""The profile of a session: AWAY, SETNAME, ACCOUNT, CHGHOST (IRCv3 away-notify and its kin), BOT (bot-mode).

Owns the table of what a profile consists of: how each part is read from an event, stored and shown. Pure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from gateway.chat import events
from gateway.chat.capabilities import ACCOUNT_NOTIFY, AWAY_NOTIFY, CHGHOST, SETNAME
from gateway.chat.member import Member

Values = tuple[Any, ...]


class HasProfile(Protocol):
    """A session as somebody knows it: a room's member, a session, or the profile behind a nick."""

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


@dataclass(frozen=True, slots=True)
class ProfileField:
    """One part of a profile, named by the verb of its event: the values of these attributes of a session."""

    verb: str
    attributes: tuple[str, ...]
    capability: int
    """Clients with it are shown the line; 0: no client is."""
    fewest_params: int
    read: Callable[[list[str]], Values | None]
    """The values in an event's parameters; None if they are malformed."""
    line: Callable[..., str]
    """Takes the source, the values, and optionally a revision."""

    def values(self, profile: HasProfile) -> Values:
        return tuple([getattr(profile, attribute) for attribute in self.attributes])


def _host(params: list[str]) -> Values | None:
    user, host = params[:2]
    return (user, host) if user and host and events.NOT_IN_NAMES.isdisjoint(user + host) else None


def _account(params: list[str]) -> Values | None:
    account = "" if params[0] == events.LOGGED_OUT else params[0]
    return (account,) if events.NOT_IN_NAMES.isdisjoint(account) else None


_HOST: Final = ProfileField("CHGHOST", ("user", "host"), CHGHOST, 2, _host, events.host_changed)
AWAY: Final = ProfileField(
    "AWAY", ("away",), AWAY_NOTIFY, 0, lambda params: ("".join(params[:1]) or None,), events.away
)
REALNAME: Final = ProfileField("SETNAME", ("realname",), SETNAME, 1, lambda params: (params[0],), events.realname_set)
_ACCOUNT: Final = ProfileField("ACCOUNT", ("account",), ACCOUNT_NOTIFY, 1, _account, events.account_set)
BOT: Final = ProfileField("BOT", ("is_bot",), 0, 1, lambda params: (params[0] == "1",), events.bot_set)

FIELDS: Final = (_HOST, AWAY, REALNAME, _ACCOUNT, BOT)
"""In the order in which several changes at once are shown."""


class ProfileUpdate(NamedTuple):
    """New values of one field. `source` is the session's source before the update."""

    field: ProfileField
    source: str
    values: Values

    @property
    def line(self) -> str:
        return self.field.line(self.source, *self.values)

    def apply(self, member: Member) -> bool:
        """Store the values in a member; whether that changes anything."""
        if self.field.values(member) == self.values:
            return False
        for attribute, value in zip(self.field.attributes, self.values, strict=True):
            setattr(member, attribute, value)
        member.rename(member.nick)  # its source has user and host
        return True


def diff(known: HasProfile, now: HasProfile) -> Iterator[ProfileUpdate]:
    """The updates that lead from what was known to what is so now. A change of nick is shown before them."""
    for field in FIELDS:
        values = field.values(now)
        if values != field.values(known):
            source = f"{now.nick}!{known.user}@{known.host}" if field is _HOST else now.source
            yield ProfileUpdate(field, source, values)
