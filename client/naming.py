"""The nick: which one to request, and when to request it again.

After a gateway has crashed, the client's own dead session holds its nick until the gateway's lease ends. So a nick that
was ours is requested again and again, with another nick meanwhile. Any other nick that is in use is replaced by a
similar one. Knows no clock: `now` comes in, in seconds. Pure; under the session's lock.
"""

from collections.abc import Callable
from typing import Final

from gateway.wire.casefold import casefold
from gateway.wire.names import suggest_nick

ASK_AGAIN_S: Final = 3.0
GIVE_UP_AFTER_S: Final = 90.0  # a lease and its cleanup take 20 to 60 s

REFUSALS_LIMIT: Final = 5


class Naming:
    """The nick that the user wants, and the one that the session has."""

    def __init__(self, wanted: str, new_suffix: Callable[[], str]) -> None:
        self.wanted = wanted
        self.current = wanted
        self.user = wanted
        """The user name on all connections. By it and the host, a gateway recognizes a message that is sent again."""
        self._new_suffix = new_suffix
        self.was_ours = False  # on this network, on any connection
        self._ask_again_at: float | None = None
        self._give_up_at = 0.0
        self._error_replies = 0  # on this connection
        self._had: set[str] = set()
        self._typed = ""

    @property
    def is_reclaiming(self) -> bool:
        """Tell whether the nick will be requested again."""
        return self._ask_again_at is not None

    def is_mine(self, nick: str) -> bool:
        return casefold(nick) == casefold(self.current)

    def was_mine(self, nick: str) -> bool:
        """Tell whether we had this nick on any connection."""
        return casefold(nick) in self._had

    def begin(self) -> str:
        """Return the nick for a new connection."""
        self._ask_again_at = None
        self._error_replies = 0
        self.current = self.wanted
        return self.wanted

    def refused(self) -> str | None:
        """Return the next nick to register with: the last one is in use, or is invalid here.

        None after REFUSALS_LIMIT of them: then the nick is not the reason.
        """
        self._error_replies += 1
        if self._error_replies > REFUSALS_LIMIT:
            return None
        self.current = suggest_nick(self.wanted[:20], "_" + self._new_suffix())
        return self.current

    def registered(self, nick: str, now: float) -> None:
        """Note the nick that the server gave us. A nick that was ours before is requested again."""
        self.current = nick
        self._had.add(casefold(nick))
        if self.is_mine(self.wanted):
            self.was_ours = True
        elif self.was_ours:
            self._ask_again_at = now + ASK_AGAIN_S
            self._give_up_at = now + GIVE_UP_AFTER_S
        else:
            self.wanted = nick

    def typed(self, nick: str) -> None:
        """Note the nick that the user requests."""
        self._typed = nick

    def due(self, now: float) -> str | None:
        """Return the nick to request now, None if it is not time."""
        if self._ask_again_at is None or now < self._ask_again_at:
            return None
        self._ask_again_at = now + ASK_AGAIN_S
        return self.wanted

    def still_taken(self, now: float) -> bool:
        """Note that the nick is still in use; True if it is now given up for the present one."""
        if self._ask_again_at is None or now < self._give_up_at:
            return False
        self._ask_again_at = None
        self.was_ours = False
        self.wanted = self.current
        return True

    def renamed(self, nick: str) -> None:
        """Note our new nick, requested or forced by the network."""
        self.current = nick
        self._had.add(casefold(nick))
        if casefold(nick) in (casefold(self.wanted), casefold(self._typed)):
            self.wanted = nick
            self.was_ours = True
            self._ask_again_at = None
