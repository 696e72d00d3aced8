"""A session as its rooms know it: `Member`, and `Sender`, the part of it that the tags of its lines show. Pure data."""

from dataclasses import dataclass
from typing import Final, NamedTuple

OP: Final = 1
VOICE: Final = 2


class Sender(NamedTuple):
    """What the tags of a line show of the session that sent it (IRCv3 account-tag, bot-mode)."""

    account: str = ""
    is_bot: bool = False


UNKNOWN: Final = Sender()
"""A session of which no tag shows anything."""


@dataclass(slots=True)
class Member:
    """A session in a room.

    `source` is "nick!user@host". It is stored because every line needs it. `revision` is the session's own count of
    its profile changes (AWAY, SETNAME, ACCOUNT, CHGHOST, BOT), as far as this room has applied them.
    """

    sid: str
    nick: str
    user: str
    host: str
    realname: str = ""
    account: str = ""
    away: str | None = None
    modes: int = 0
    token: int = 0
    revision: int = 0
    is_bot: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        self.rename(self.nick)

    def rename(self, nick: str) -> None:
        self.nick = nick
        self.source = f"{nick}!{self.user}@{self.host}"

    @property
    def sender(self) -> Sender:
        return Sender(self.account, self.is_bot)

    @property
    def prefix(self) -> str:
        """All prefixes of the member, highest first (IRCv3 multi-prefix)."""
        return ("", "@", "+", "@+")[self.modes]
