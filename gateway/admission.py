"""Limits for one address on this gateway: the number of its connections, and rates of any action.

Any thread.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

ONE_SITE_BITS = 64
"""The IPv6 prefix length of a site (RFC 6177): its addresses count as one."""
RECENT_LIMIT = 65_536
"""The number of addresses with a stored rate; above it the least recently used ones are dropped."""


class RateLimit:
    """A token bucket for each address. Callers do not apply it to local connections, which have no limit.

    Attributes without underscore may be changed at any time; a rate of 0 means no limit.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """``rate``: tokens a second in the long run, ``burst`` at once."""
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._recent: dict[str, tuple[float, float]] = {}  # site -> (tokens left, time), the latest last
        self._lock = threading.Lock()

    def take(self, address: str) -> bool:
        """Take a token of the address's bucket; return False if there is none."""
        if not self.rate:
            return True
        with self._lock:
            return self._take(site(address))

    def _take(self, site: str) -> bool:
        """Take a token of the site's bucket; a refusal costs none."""
        now = self._clock()
        tokens = self._tokens(*self._recent.pop(site, (self.burst, now)), now)
        has_one = tokens >= 1
        self._recent[site] = (tokens - 1 if has_one else tokens), now
        self._forget(now)
        return has_one

    def _tokens(self, tokens: float, at: float, now: float) -> float:
        return min(self.burst, tokens + (now - at) * self.rate)

    def _forget(self, now: float) -> None:
        """Drop up to two of the oldest buckets: those that are full again, and any above the limit."""
        for _ in range(2):
            oldest = next(iter(self._recent))
            if len(self._recent) <= RECENT_LIMIT and self._tokens(*self._recent[oldest], now) < self.burst:
                return
            del self._recent[oldest]


class Admission(RateLimit):
    """A rate limit that also counts the connections of each address.

    Attributes without underscore may be changed at any time; 0 means no limit.
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
        """Count a connection: +1 adds one, and returns False if a limit refuses it; -1 removes one."""
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
    """Return whether a connection comes from this machine: loopback or a Unix socket. These have no limit."""
    try:
        return _parsed(peer).is_loopback
    except ValueError:
        return True  # a Unix socket


def site(address: str) -> str:
    """Return the unit that the limits count: the IPv4 address, or the IPv6 network of a site."""
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
