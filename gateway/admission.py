"""What one address may do on this gateway: how many connections it has, how fast it makes them, or anything else.

Any thread.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

ONE_SITE_BITS = 64
"""What a site is given of IPv6 at least (RFC 6177): its addresses count as one."""
RECENT_LIMIT = 65_536
"""Addresses whose rate is remembered; of more, those that have not connected for the longest time are forgotten."""


class RateLimit:
    """Gives each address a bucket of tokens. It is not asked about connections that are local: they have no limit.

    Attributes without underscore may be changed at any time; a rate of 0 is no limit.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """``rate``: tokens a second in the long run, ``burst`` at once."""
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._recent: dict[str, tuple[float, float]] = {}  # site -> (tokens left, when), the latest last
        self._lock = threading.Lock()

    def take(self, address: str) -> bool:
        """Takes a token of the address's bucket; False where there is none."""
        if not self.rate:
            return True
        with self._lock:
            return self._take(site(address))

    def _take(self, site: str) -> bool:
        """Takes a token of the site's bucket; one that is refused costs none."""
        now = self._clock()
        tokens = self._tokens(*self._recent.pop(site, (self.burst, now)), now)
        has_one = tokens >= 1
        self._recent[site] = (tokens - 1 if has_one else tokens), now
        self._forget(now)
        return has_one

    def _tokens(self, tokens: float, at: float, now: float) -> float:
        return min(self.burst, tokens + (now - at) * self.rate)

    def _forget(self, now: float) -> None:
        """The oldest buckets go as soon as they are full again: as many as come, and one more."""
        for _ in range(2):
            oldest = next(iter(self._recent))
            if len(self._recent) <= RECENT_LIMIT and self._tokens(*self._recent[oldest], now) < self.burst:
                return
            del self._recent[oldest]


class Admission(RateLimit):
    """Counts connections by address as well.

    Attributes without underscore may be changed at any time; 0 is no limit.
    """

    def __init__(
        self, limit: int, rate: float = 0.0, burst: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``limit``: connections at once; ``rate``: connections a second in the long run, ``burst`` at once."""
        super().__init__(rate, burst, clock)
        self.limit = limit
        self.refused_many = 0
        self.refused_fast = 0
        self._counts: Counter[str] = Counter()

    def __call__(self, address: str, change: int) -> bool:
        """+1: counts one more, unless the address has as many as it may or is too fast (False); -1: one less."""
        counted = site(address)
        with self._lock:
            if change > 0:
                if self.limit and self._counts[counted] >= self.limit:
                    self.refused_many += 1
                    return False
                if self.rate and not self._take(counted):
                    self.refused_fast += 1
                    return False
            self._counts[counted] += change
            if not self._counts[counted]:
                del self._counts[counted]
        return True


def is_local(peer: str) -> bool:
    """Whether a connection comes from this machine: loopback, or a Unix socket. Such connections have no limit."""
    try:
        return _parsed(peer).is_loopback
    except ValueError:
        return True  # a Unix socket


def site(address: str) -> str:
    """Return the unit that the limits count: the IPv4 address itself, or the IPv6 network of a site."""
    try:
        parsed = _parsed(address)
    except ValueError:
        return "unix"
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, ONE_SITE_BITS), strict=False))
    return str(parsed)


def _parsed(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address.partition("%")[0])
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
