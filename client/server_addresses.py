"""Addresses of servers: which to try next, and how long to wait before.

After a loss the next server is tried at once, each of them once. If there is only one, it is tried after a moment.
After that the pauses grow. Their length is random, so that a thousand clients of a dead gateway do not return in the
same moment. Pure; on the receiving thread.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_BARE_IPV6 = re.compile(r"[0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*", re.IGNORECASE)

DEFAULT_PORT: Final = 6667
DEFAULT_TLS_PORT: Final = 6697
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
STEADY_AFTER_S: Final = 10.0  # a shorter connection counts as a failure


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The address of a gateway or another IRC server."""

    host: str
    port: int
    uses_tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str, *, uses_tls: bool = False) -> ServerAddress:
    """Parse HOST, HOST:PORT, [IPv6]:PORT or an irc:// or ircs:// URL; ValueError says what is wrong."""
    if "://" not in text:
        text = f"//[{text}]" if _BARE_IPV6.fullmatch(text) else f"//{text}"
    url = urlsplit(text)
    if url.scheme not in ("", "irc", "ircs"):
        raise ValueError(f"{url.scheme}:// is neither irc:// nor ircs://")
    if not url.hostname:
        raise ValueError("it has no host")
    uses_tls = uses_tls or url.scheme == "ircs"
    return ServerAddress(url.hostname, url.port or (DEFAULT_TLS_PORT if uses_tls else DEFAULT_PORT), uses_tls)


class Route:
    """The addresses, one after the other."""

    def __init__(self, addresses: Sequence[ServerAddress], random: Callable[[], float]) -> None:
        """`random` returns a number from 0 to 1."""
        self._addresses = addresses
        self._random = random
        self._next = 0
        self._failures = 0  # in a row

    @property
    def length(self) -> int:
        return len(self._addresses)

    def advance(self) -> tuple[ServerAddress, float]:
        """Return the address to try next, and the seconds to wait before."""
        address = self._addresses[self._next % len(self._addresses)]
        self._next += 1
        rounds = self._failures // len(self._addresses)
        if rounds == 0:
            is_the_same_again = len(self._addresses) == 1 and self._next > 1
            return address, FIRST_PAUSE_S * self._random() if is_the_same_again else 0.0
        longest_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(rounds - 1, 10))
        return address, longest_s * (0.5 + self._random() / 2)

    def ended(self, lasted_s: float) -> None:
        """Note how long the connection lasted; 0 if there was none."""
        self._failures = 0 if lasted_s >= STEADY_AFTER_S else self._failures + 1
