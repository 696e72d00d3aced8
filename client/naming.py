"""Which name to ask for, and when to ask for it again.

After a crash of its gateway a client's own dead session holds its name until the gateway's lease ends. So a
name that was ours is asked for again and again, under another one meanwhile; any other one that is taken is
given up for a similar one.
Knows no clock: `now` comes in, in seconds. Pure; whoever holds the session.
"""

from collections.abc import Callable
from typing import Final

from gateway.wire.casefold import fold
from gateway.wire.names import suggest_nick

ASK_AGAIN_S: Final = 3.0
GIVE_UP_AFTER_S: Final = 90.0  # a lease and its reaping take 20 to 60 s

REFUSALS_LIMIT: Final = 5


class Naming:
    """The name a person wants, and the one they have."""

    def __init__(self, wanted: str, new_suffix: Callable[[], str]) -> None:
        self.wanted = wanted
        self.current = wanted
        self.user = wanted
        """The user name on all connections: by it and the host a gateway knows who sends a message again."""
        self._new_suffix = new_suffix
        self.was_ours = False  # on this network, on any connection
        self._ask_again_at: float | None = None
        self._give_up_at = 0.0
        self._error_replies = 0  # on this connection
        self._had: set[str] = set()
        self._typed = ""

    @property
    def is_reclaiming(self) -> bool:
        """Whether the name is about to be asked for again."""
        return self._ask_again_at is not None

    def is_mine(self, nick: str) -> bool:
        return fold(nick) == fold(self.current)

    def was_mine(self, nick: str) -> bool:
        """Tell whether we had this name on any connection."""
        return fold(nick) in self._had

    def begin(self) -> str:
        """Give the name to register with on a new connection."""
        self._ask_again_at = None
        self._error_replies = 0
        self.current = self.wanted
        return self.wanted

    def refused(self) -> str | None:
        """Give the next name to register with: the last one is taken, or cannot be a name here.

        None after some of them: then it is not the name that the gateway does not like.
        """
        self._error_replies += 1
        if self._error_replies > REFUSALS_LIMIT:
            return None
        self.current = suggest_nick(self.wanted[:20], "_" + self._new_suffix())
        return self.current

    def registered(self, nick: str, now: float) -> None:
        """Note the name that the gateway gave; a name that was ours before is worth waiting for."""
        self.current = nick
        self._had.add(fold(nick))
        if self.is_mine(self.wanted):
            self.was_ours = True
        elif self.was_ours:
            self._ask_again_at = now + ASK_AGAIN_S
            self._give_up_at = now + GIVE_UP_AFTER_S
        else:
            self.wanted = nick

    def typed(self, nick: str) -> None:
        """Note the name that the person asks for now."""
        self._typed = nick

    def due(self, now: float) -> str | None:
        """Give the name to ask for now, if it is time to."""
        if self._ask_again_at is None or now < self._ask_again_at:
            return None
        self._ask_again_at = now + ASK_AGAIN_S
        return self.wanted

    def still_taken(self, now: float) -> bool:
        """Note that the name is still held; True once it is given up for the present one."""
        if self._ask_again_at is None or now < self._give_up_at:
            return False
        self._ask_again_at = None
        self.was_ours = False
        self.wanted = self.current
        return True

    def renamed(self, nick: str) -> None:
        """Note that the network calls us `nick` from now on: as we wished, or because it had to."""
        self.current = nick
        self._had.add(fold(nick))
        if fold(nick) in (fold(self.wanted), fold(self._typed)):
            self.wanted = nick
            self.was_ours = True
            self._ask_again_at = None
